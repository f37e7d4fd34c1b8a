/**
 * One message that wants an answer, from the moment it is asked for until it is settled: by the answer, by an error, by
 * its deadline or by its caller. It settles exactly once, whoever comes first, and leaves its holder when it does.
 */
import type { Clock, TimerHandle } from '../runtime/protocol/Clock.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import type { RequestOptions } from '../runtime/protocol/Transport.js';

/** A request is answered by its handler, a packet by its receipt alone. */
export type ExchangeKind = 'request' | 'packet';

/** Who has the exchange at the moment: a peer before it is written, a connection afterwards. */
export interface ExchangeHolder {
  /** Called when it settles while it is held here. */
  release(exchange: Exchange): void;
  /** Called when it is about to fail because nobody waits any longer; says what was in the way. */
  gaveUp(): string;
}

/** Longest delay that Node's timers take. */
const timerMsMax = 2 ** 31 - 1;

export class Exchange {
  readonly kind: ExchangeKind;
  readonly body: Uint8Array;
  /** The answer's body; empty for a packet that was received. */
  readonly answer: Promise<Uint8Array>;
  holder: ExchangeHolder | null = null;
  /** Its number on the connection; 0 until it is written. */
  correlation = 0;
  settled = false;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#giveUp('the caller gave up', this.#signal?.reason);
  #timer: TimerHandle = null;
  #resolve!: (body: Uint8Array) => void;
  #reject!: (fault: Error) => void;

  constructor(kind: ExchangeKind, body: Uint8Array, options: RequestOptions, clock: Clock) {
    this.kind = kind;
    this.body = body;
    this.#clock = clock;
    this.#signal = options.signal;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { deadlineMs, signal } = options;
    const onDeadline = (): void => this.#giveUp(`no answer within ${deadlineMs} ms`);
    this.#timer = clock.setTimeout(onDeadline, Math.min(Math.max(deadlineMs, 0), timerMsMax));
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  succeed(body: Uint8Array): void {
    if (this.#settle()) this.#resolve(body);
  }

  fail(fault: Error): void {
    if (this.#settle()) this.#reject(fault);
  }

  #giveUp(reason: string, cause?: unknown): void {
    const obstacle = this.holder?.gaveUp();
    const message = obstacle ? `${reason}: ${obstacle}` : reason;
    this.fail(new AcademyError('ERR_ACADEMY_DEADLINE', message, { cause }));
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#clock.clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.holder?.release(this);
    this.holder = null;
    return true;
  }
}
