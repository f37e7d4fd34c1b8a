/** A clock for the wheel, to the letter: a timer without a delay is due now, and its callback may move time on. */
import type { Clock, TimerHandle } from '../../../runtime/protocol/Clock.js';

export class FakeClock implements Clock {
  #nowMs = 1_000_000;
  #timers: { readonly atMs: number; readonly callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  /** Delays until the timers that are set, in the order in which they were set. */
  get delays(): number[] {
    return this.#timers.map(({ atMs }) => atMs - this.#nowMs);
  }

  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.clearTimeout(due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }
}
