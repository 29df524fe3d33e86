/** The server's life: started, restarted, stopped, and what is said when it does not start. */

import { commands, window, workspace, type LogOutputChannel } from 'vscode';

import { Client } from './client';
import { serverCommand, type Command } from './command';
import { SECTION } from './settings';

const INSTALL = "pip install 'asynclint[lsp]'";
const SHOW_OUTPUT = 'Show Output';
const OPEN_SETTINGS = 'Open Settings';

export class Server {
  private client: Client | undefined;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly output: LogOutputChannel,
    private readonly selectedPython: () => Promise<string>,
  ) {}

  /** Starts the server with the settings as they are now; one that runs is stopped first. */
  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.stopClient();
      await this.startClient();
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopClient());
  }

  private inTurn(job: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(job).catch((error: unknown) => this.output.error(String(error)));
    return this.turn;
  }

  private async startClient(): Promise<void> {
    const configuration = workspace.getConfiguration(SECTION);
    const command = serverCommand({
      path: configuration.get('path', ''),
      interpreter: configuration.get('interpreter', ''),
      selected: await this.selectedPython(),
      folder: workspace.workspaceFolders?.[0]?.uri.fsPath ?? '',
    });
    this.output.info(`starting ${[command.program, ...command.args].join(' ')}`);
    const client = new Client(command, this.output);
    try {
      await client.start();
      this.client = client;
    } catch (error) {
      void this.complain(reason(command, String(error), await client.lastWords()));
    }
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch((error: unknown) => this.output.warn(String(error)));
  }

  private async complain(message: string): Promise<void> {
    const answer = await window.showErrorMessage(message, SHOW_OUTPUT, OPEN_SETTINGS);
    if (answer === SHOW_OUTPUT) {
      this.output.show();
    } else if (answer === OPEN_SETTINGS) {
      await commands.executeCommand('workbench.action.openSettings', `${SECTION}.path`);
    }
  }
}

/** Why the server did not start, and what to do. */
function reason(command: Command, error: string, lastWords: string): string {
  if (lastWords) {
    return `asynclint: the server did not start: ${lastWords.replace(/^asynclint: /, '')}`;
  }
  if (error.includes('ENOENT')) {
    return `asynclint: there is no \`${command.program}\`. Install it (${INSTALL}) or set asynclint.path, then restart it.`;
  }
  return `asynclint: the server did not start: ${error}`;
}
