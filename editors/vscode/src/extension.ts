/** The extension: when the server starts, restarts and stops. */

import { PVSC_EXTENSION_ID, PythonExtension } from '@vscode/python-extension';
import { commands, extensions, window, workspace, type ExtensionContext } from 'vscode';

import { Server } from './server';
import { SECTION } from './settings';

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const output = window.createOutputChannel(SECTION, { log: true });
  const python = await pythonExtension().catch((error: unknown) => {
    output.warn(`the Python extension does not answer: ${String(error)}`);
    return undefined;
  });
  const started = new Server(output, () => selectedPython(python));
  server = started;
  context.subscriptions.push(
    output,
    commands.registerCommand('asynclint.restart', () => started.restart()),
    workspace.onDidChangeConfiguration((change) => {
      if (['path', 'interpreter'].some((name) => change.affectsConfiguration(`${SECTION}.${name}`))) {
        void started.restart();
      } // the server asks to be told of all others
    }),
  );
  if (python) {
    context.subscriptions.push(python.environments.onDidChangeActiveEnvironmentPath(() => void started.restart()));
  }
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

async function pythonExtension(): Promise<PythonExtension | undefined> {
  return extensions.getExtension(PVSC_EXTENSION_ID) && PythonExtension.api();
}

/** The path of the Python that is selected in the Python extension, empty when there is none. */
async function selectedPython(python: PythonExtension | undefined): Promise<string> {
  if (!python) {
    return '';
  }
  const { environments } = python;
  const found = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]));
  return found?.executable.uri?.fsPath ?? '';
}
