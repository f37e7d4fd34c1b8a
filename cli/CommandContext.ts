import type { ExitCode } from './exitCodes.js';
import type { Output } from './Output.js';

/** What a command is handed: where it speaks, and the exit code that it may set where it fails without an error. */
export interface CommandContext {
  readonly output: Output;
  exitCode: ExitCode;
}
