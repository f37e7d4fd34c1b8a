/** A node's own clock in a simulation: it is ahead or behind, and may go too fast or too slow. */
import type { Clock, TimerHandle } from '../runtime/protocol/Clock.js';

export class SkewedClock implements Clock {
  readonly #clock: Clock;
  readonly #originMs: number;
  #aheadMs = 0;
  #rate = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.monotonicMs();
  }

  /** Sets the wall clock ahead of the true time by so much; negative: behind. Durations are not touched. */
  setAhead(ms: number): void {
    this.#aheadMs = ms;
  }

  /** From now on it runs by this factor: 1.01 gains 10 ms in each second. */
  setRate(rate: number): void {
    const wallMs = this.nowMs();
    this.#rate = rate;
    this.#aheadMs += wallMs - this.nowMs();
  }

  nowMs(): number {
    const elapsedMs = this.#clock.monotonicMs() - this.#originMs;
    return Math.round(this.#clock.nowMs() + elapsedMs * (this.#rate - 1) + this.#aheadMs);
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    return this.#clock.setTimeout(callback, delayMs / this.#rate);
  }

  clearTimeout(handle: TimerHandle): void {
    this.#clock.clearTimeout(handle);
  }
}
