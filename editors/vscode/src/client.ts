/** A language client that leaves it to its caller to say why the server did not start. */

import type { Readable } from 'node:stream';

import type { LogOutputChannel } from 'vscode';
import { CloseAction, LanguageClient, RevealOutputChannelOn, type ErrorHandler } from 'vscode-languageclient/node';

import type { Command } from './command';
import { SECTION, toldSettings } from './settings';

const KEPT = 10_000; // characters

export class Client extends LanguageClient {
  private readonly errors: Errors;

  constructor(command: Command, output: LogOutputChannel) {
    const errors = new Errors(output);
    const options = { env: { ...process.env, ...command.variables } };
    super(
      SECTION,
      SECTION,
      { command: command.program, args: command.args, options }, // no transport: it would add an option
      {
        documentSelector: ['file', 'untitled'].map((scheme) => ({ scheme, language: 'python' })),
        outputChannel: output,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: toldSettings,
        initializationFailedHandler: () => false,
        middleware: {
          workspace: {
            configuration: ({ items }) => items.map(({ section }) => (section === SECTION ? toldSettings() : null)),
          },
        },
        stdioOptions: { stdout: () => undefined, stderr: (input) => errors.read(input) },
      },
    );
    this.errors = errors;
  }

  /** The last line that the server wrote to stderr, once it has ended. */
  lastWords(): Promise<string> {
    return this.errors.lastLine();
  }

  override createDefaultErrorHandler(maxRestartCount?: number): ErrorHandler {
    const usual = super.createDefaultErrorHandler(maxRestartCount);
    return {
      error: (error, message, count) => usual.error(error, message, count),
      closed: () => (this.hasRun() ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
    };
  }

  override error(message: string, data?: unknown, showNotification?: boolean | 'force'): void {
    super.error(message, data, this.hasRun() && showNotification);
  }

  private hasRun(): boolean {
    return this.initializeResult !== undefined;
  }
}

/** What a server writes to stderr. */
class Errors {
  private text = '';
  private ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly output: LogOutputChannel) {}

  read(input: Readable): void {
    this.text = '';
    this.ended = new Promise((resolve) => input.once('close', resolve));
    input.setEncoding('utf8').on('data', (text: string) => {
      this.text = (this.text + text).slice(-KEPT);
      this.output.error(text.trimEnd());
    });
  }

  async lastLine(): Promise<string> {
    await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
    return this.text.trim().split('\n').at(-1) ?? '';
  }
}
