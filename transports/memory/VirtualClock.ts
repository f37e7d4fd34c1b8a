/**
 * A clock that stands still until it is told to move. Timers run in the order of their time, then of their setting,
 * so that a whole mesh repeats itself exactly; hours pass in milliseconds.
 *
 * `advance` runs timers back to back; `advanceTo` and `run` let promises and setImmediate callbacks settle between
 * them, as they would between real timers.
 */
import type { Clock, TimerHandle } from '../../runtime/protocol/Clock.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** 1 January 2026: an ordinary time, so that packets made under this clock are valid anywhere. */
const defaultStartMs = 1_767_225_600_000;
/** Turns of the event loop that an asynchronous step lets pass. */
const settleTurns = 3;

export class VirtualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #order = 0;
  /** Binary heap, the next timer first. */
  readonly #heap: Timer[] = [];
  #pending = 0;

  /** @param startMs wall time at which it starts, in milliseconds since the Unix epoch */
  constructor(startMs: number = defaultStartMs) {
    this.#startMs = startMs;
  }

  /** In whole milliseconds, as a machine's clock tells them; timers may fall between them. */
  nowMs(): number {
    return Math.floor(this.#startMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Timers that are set and neither run nor cleared. */
  get pendingTimers(): number {
    return this.#pending;
  }

  /** When the next timer falls due, in monotonic milliseconds; null when none is set. */
  get nextTimerMs(): number | null {
    while (this.#heap[0]?.cancelled) this.#pop();
    return this.#heap[0]?.atMs ?? null;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    this.#order += 1;
    // As Node has it: 1 ms at least, so that a timer which sets itself again does not stop time.
    const atMs = this.#elapsedMs + (delayMs >= 1 ? delayMs : 1);
    const timer: Timer = { atMs, order: this.#order, callback, cancelled: false };
    this.#pending += 1;
    this.#push(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    const timer = handle as Timer | null | undefined;
    if (!timer || timer.cancelled) return;
    timer.cancelled = true;
    this.#pending -= 1;
  }

  /** Moves on by `ms` and runs what falls due, timers that are set meanwhile included. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms;
    while (this.#runNext(untilMs));
    this.#elapsedMs = untilMs;
  }

  /** Moves to `elapsedMs` after the start; between the moments at which timers ran, promises settle. */
  async advanceTo(elapsedMs: number): Promise<void> {
    await settle();
    while (this.#runMoment(elapsedMs)) await settle();
    this.#elapsedMs = Math.max(this.#elapsedMs, elapsedMs);
  }

  /** Moves on by `ms`, or, without it, until no timer is set: only where all timers come to an end. */
  async run(ms: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (Number.isFinite(ms)) return this.advanceTo(this.#elapsedMs + ms);
    await settle();
    while (this.#runMoment(Number.POSITIVE_INFINITY)) await settle();
  }

  /** Runs all timers of the next moment that has any. */
  #runMoment(untilMs: number): boolean {
    if (!this.#runNext(untilMs)) return false;
    while (this.#runNext(this.#elapsedMs));
    return true;
  }

  #runNext(untilMs: number): boolean {
    for (;;) {
      const timer = this.#heap[0];
      if (!timer || timer.atMs > untilMs) return false;
      this.#pop();
      if (timer.cancelled) continue;
      // A handle that has run can be cleared without effect.
      timer.cancelled = true;
      this.#pending -= 1;
      this.#elapsedMs = timer.atMs;
      timer.callback();
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!isBefore(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Timer;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!isBefore(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

/** Promises that wait on promises, and what they put off to the next turn of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
