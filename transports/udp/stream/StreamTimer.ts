/**
 * The one timer of a stream: it is set to the earliest of what is to be done, and whoever is called sets it again. It
 * tells when this process itself stood still, so that nobody else is blamed for the silence.
 */
import type { Clock, TimerHandle } from '../../../runtime/protocol/Clock.js';

/** A timer that is later than that shows that this process stood still, not that the others did. */
const standstillMs = 1_000;

export class StreamTimer {
  readonly #clock: Clock;
  readonly #onDue: (nowMs: number, stoodStill: boolean) => void;
  #timer: TimerHandle | null = null;
  #dueMs = 0;
  #isStopped = false;

  constructor(clock: Clock, onDue: (nowMs: number, stoodStill: boolean) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** In place of what was set before. */
  set(delayMs: number): void {
    this.#clear();
    if (this.#isStopped) return;
    this.#dueMs = this.#clock.monotonicMs() + delayMs;
    this.#timer = this.#clock.setTimeout(this.#fire, delayMs);
  }

  /** As `set`, but what is due before stays: else what comes again and again would put the rest off for ever. */
  setBy(delayMs: number): void {
    if (this.#timer === null || this.#dueMs > this.#clock.monotonicMs() + delayMs) this.set(delayMs);
  }

  /** For good: who is called and stops the stream sets nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #fire = (): void => {
    this.#timer = null;
    const nowMs = this.#clock.monotonicMs();
    this.#onDue(nowMs, nowMs - this.#dueMs > standstillMs);
  };
}
