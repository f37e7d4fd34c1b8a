/**
 * Ctrl-C and its kin, while somebody listens: the first asks for a clean end, the second ends the process at once.
 */
import { type ExitCode, exitCodes } from './exitCodes.js';

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Watched = (typeof watched)[number];

export class Interruption {
  readonly #controller = new AbortController();
  #cause: Watched | undefined;

  constructor() {
    for (const signal of watched) process.on(signal, this.#onSignal);
  }

  /** Fires with the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first signal that came. */
  get cause(): Watched | undefined {
    return this.#cause;
  }

  /** For work that was given up. */
  get exitCode(): ExitCode {
    return this.#cause === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated;
  }

  /** As if a signal had come: somebody asked for the end by another way. */
  end(): void {
    this.#controller.abort();
  }

  dispose(): void {
    for (const signal of watched) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: Watched): void => {
    if (this.#cause) process.exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
    this.#cause = signal;
    this.#controller.abort();
  };
}
