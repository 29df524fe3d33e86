/** Which program is the server. */

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, normalize } from 'node:path';

/** What the user has chosen; an empty text is no choice. */
export interface Choice {
  /** The setting `asynclint.path`. */
  path: string;
  /** The setting `asynclint.interpreter`. */
  interpreter: string;
  /** The Python that is selected in the Python extension. */
  selected: string;
  /** The folder that is open, for paths that are relative to it. */
  folder: string;
}

export interface Command {
  program: string;
  args: string[];
  /** What the server's environment has besides ours. */
  variables: Record<string, string>;
}

const NAME = process.platform === 'win32' ? 'asynclint.exe' : 'asynclint';

/**
 * The command that starts the server: the path that is set, the interpreter that is set, the asynclint beside the
 * selected Python, the asynclint on PATH, whichever comes first.
 */
export function serverCommand(choice: Choice): Command {
  const variables = activation(choice.selected);
  if (choice.path) {
    return { program: located(choice.path, choice.folder), args: ['server'], variables };
  }
  if (choice.interpreter) {
    // -P: what lies in the open folder is never imported
    return { program: located(choice.interpreter, choice.folder), args: ['-P', '-m', 'asynclint', 'server'], variables };
  }
  const beside = choice.selected && join(dirname(choice.selected), NAME);
  return { program: beside && existsSync(beside) ? beside : 'asynclint', args: ['server'], variables };
}

/** A path as a user writes it; a bare name is left to PATH. */
function located(path: string, folder: string): string {
  const full = path.replaceAll('${workspaceFolder}', folder).replace(/^~(?=[/\\])/, homedir());
  const isName = !/[/\\]/.test(full);
  return isName || isAbsolute(full) || !folder ? full : normalize(join(folder, full));
}

/** The selected Python's environment is the active one for the server, which looks there for installed packages. */
function activation(python: string): Record<string, string> {
  const environment = dirname(dirname(python));
  return python && existsSync(join(environment, 'pyvenv.cfg')) ? { VIRTUAL_ENV: environment } : {};
}
