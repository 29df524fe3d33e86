/** What the user has set, and which of it the server is told. */

import { workspace, type WorkspaceConfiguration } from 'vscode';

export const SECTION = 'asynclint';

/** These settings are for this extension alone; all others are keys of asynclint's configuration. */
export const OWN: readonly string[] = ['path', 'interpreter', 'trace'];

/** The keys the user has set, in the names of the settings. A default is not told: a configuration file may say else. */
export function toldSettings(): Record<string, unknown> {
  const configuration = workspace.getConfiguration(SECTION);
  const names = Object.keys(configuration).filter((name) => configuration.has(name) && !OWN.includes(name));
  return Object.fromEntries(names.filter((name) => isSet(configuration, name)).map((name) => [name, configuration.get(name)]));
}

function isSet(configuration: WorkspaceConfiguration, name: string): boolean {
  const found = configuration.inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some((value) => value !== undefined);
}
