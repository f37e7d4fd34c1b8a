/**
 * Timers of a shard's machines in one hierarchical wheel, on one timer of the Clock: to set or to cancel one costs the
 * same however many there are. Timers fire in the order of their deadlines, and those with the same deadline (a
 * millisecond) in the order in which they were set; never early.
 *
 * ```
 * level 0   32 slots of 1 ms          a timer stands at the level of the highest digit (to base 32) in which its
 * level 1   32 slots of 32 ms         deadline differs from now; when now enters its slot, it moves down. So all
 * level 2   32 slots of 1024 ms …     timers of one deadline are always in one slot, in order.
 * ```
 */
import type { Clock, TimerHandle } from '../../protocol/Clock.js';

const bitsPerLevel = 5;
const slotsPerLevel = 1 << bitsPerLevel;
/** 32^7 ms are about a year. What is due in a later one waits in a slot of its own until that begins. */
const levels = 7;
const farPlace = levels * slotsPerLevel;
const horizonTicks = slotsPerLevel ** levels;
/** Longest delay that Node's timers keep. */
const clockDelayMsMax = 0x7fffffff;

export interface WheelTimer<T> {
  readonly value: T;
  /** Milliseconds since the wheel was made. */
  readonly dueTick: number;
  /** Number of its slot; -1 when it has fired or was cancelled. */
  place: number;
  before: WheelTimer<T> | null;
  after: WheelTimer<T> | null;
}

export class TimerWheel<T> {
  readonly #clock: Clock;
  readonly #fire: (value: T) => void;
  readonly #firesAtOnceMax: number;
  readonly #originMs: number;
  /** First and last timer of each slot. */
  readonly #first: (WheelTimer<T> | null)[] = new Array(farPlace + 1).fill(null);
  readonly #last: (WheelTimer<T> | null)[] = new Array(farPlace + 1).fill(null);
  /** A bit for each slot of a level that holds timers. */
  readonly #occupied = new Int32Array(levels + 1);
  /** Up to here all timers have fired. */
  #tick = 0;
  #size = 0;
  #handle: TimerHandle | null = null;
  #wakesAtTick = Number.POSITIVE_INFINITY;

  /** @param firesAtOnceMax timers that fire before I/O gets its turn */
  constructor(clock: Clock, fire: (value: T) => void, firesAtOnceMax: number) {
    this.#clock = clock;
    this.#fire = fire;
    this.#firesAtOnceMax = firesAtOnceMax;
    this.#originMs = clock.monotonicMs();
  }

  /** Timers that are set. */
  get size(): number {
    return this.#size;
  }

  set(value: T, delayMs: number): WheelTimer<T> {
    const sinceMs = this.#clock.monotonicMs() - this.#originMs;
    if (this.#size === 0) this.#tick = Math.floor(sinceMs);
    const dueTick = Math.max(this.#tick, Math.ceil(sinceMs + Math.max(0, delayMs)));
    const timer: WheelTimer<T> = { value, dueTick, place: -1, before: null, after: null };
    this.#insert(timer);
    this.#size++;
    if (dueTick < this.#wakesAtTick) this.#wakeAt(dueTick, sinceMs);
    return timer;
  }

  /** Passes over one that has fired. */
  cancel(timer: WheelTimer<T>): void {
    if (timer.place < 0) return;
    this.#remove(timer);
    if (--this.#size === 0) this.#sleep();
  }

  /** Until it fires; negative when it is late. */
  remainingMs(timer: WheelTimer<T>): number {
    return timer.dueTick - (this.#clock.monotonicMs() - this.#originMs);
  }

  close(): void {
    this.#first.fill(null);
    this.#last.fill(null);
    this.#occupied.fill(0);
    this.#size = 0;
    this.#sleep();
  }

  #sleep(): void {
    if (this.#handle !== null) this.#clock.clearTimeout(this.#handle);
    this.#handle = null;
    this.#wakesAtTick = Number.POSITIVE_INFINITY;
  }

  #wakeAt(tick: number, sinceMs: number): void {
    if (this.#handle !== null) this.#clock.clearTimeout(this.#handle);
    this.#wakesAtTick = tick;
    this.#handle = this.#clock.setTimeout(this.#wake, Math.min(clockDelayMsMax, Math.max(0, tick - sinceMs)));
  }

  readonly #wake = (): void => {
    this.#handle = null;
    this.#wakesAtTick = Number.POSITIVE_INFINITY;
    const nowTick = Math.floor(this.#clock.monotonicMs() - this.#originMs);
    try {
      this.#advance(nowTick);
    } finally {
      const next = this.#nextTick();
      const sinceMs = this.#clock.monotonicMs() - this.#originMs;
      if (next < this.#wakesAtTick) this.#wakeAt(next, sinceMs);
    }
  };

  /** Moves on from one occupied slot to the next, up to now. */
  #advance(nowTick: number): void {
    let left = this.#firesAtOnceMax;
    for (let next = this.#nextTick(); next <= nowTick; next = this.#nextTick()) {
      if (next > this.#tick) this.#enter(next);
      for (let timer = this.#first[next % slotsPerLevel]; timer; timer = this.#first[next % slotsPerLevel]) {
        if (left-- === 0) return;
        this.#remove(timer);
        this.#size--;
        this.#fire(timer.value);
      }
    }
    if (nowTick > this.#tick && this.#size > 0) this.#enter(nowTick);
  }

  /** Now is `tick`: the timers of every slot that begins here move down, the highest level first. */
  #enter(tick: number): void {
    this.#tick = tick;
    if (tick % horizonTicks === 0) this.#moveDown(farPlace);
    for (let level = levels - 1; level > 0; level--) this.#moveDown(placeOf(level, tick));
  }

  #moveDown(place: number): void {
    let timer = this.#first[place] ?? null;
    if (timer === null) return;
    this.#first[place] = null;
    this.#last[place] = null;
    this.#vacate(place);
    while (timer) {
      const { after }: WheelTimer<T> = timer;
      this.#insert(timer);
      timer = after;
    }
  }

  /** When something is to be done next: the deadline of a slot at level 0, or the beginning of one above. */
  #nextTick(): number {
    for (let level = 0; level < levels; level++) {
      const width = slotsPerLevel ** level;
      const digit = Math.floor(this.#tick / width) % slotsPerLevel;
      // At level 0 what is due now counts too; above it, the slot in which now lies is empty.
      const from = level === 0 ? digit : digit + 1;
      const ahead = from === slotsPerLevel ? 0 : (this.#occupied[level] as number) & (-1 << from);
      if (ahead === 0) continue;
      const slot = 31 - Math.clz32(ahead & -ahead);
      return (Math.floor(this.#tick / width) - digit + slot) * width;
    }
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    // Only the far ones are left.
    return (Math.floor(this.#tick / horizonTicks) + 1) * horizonTicks;
  }

  #insert(timer: WheelTimer<T>): void {
    const level = this.#levelOf(timer.dueTick);
    const place = level < levels ? placeOf(level, timer.dueTick) : farPlace;
    const last = this.#last[place] ?? null;
    timer.place = place;
    timer.before = last;
    timer.after = null;
    if (last) last.after = timer;
    else this.#first[place] = timer;
    this.#last[place] = timer;
    const at = Math.floor(place / slotsPerLevel);
    this.#occupied[at] = (this.#occupied[at] as number) | (1 << (place % slotsPerLevel));
  }

  #levelOf(tick: number): number {
    let level = 0;
    let due = Math.floor(tick / slotsPerLevel);
    let now = Math.floor(this.#tick / slotsPerLevel);
    while (due !== now && level < levels) {
      level++;
      due = Math.floor(due / slotsPerLevel);
      now = Math.floor(now / slotsPerLevel);
    }
    return level;
  }

  #remove(timer: WheelTimer<T>): void {
    const { place, before, after } = timer;
    timer.place = -1;
    if (before) before.after = after;
    else this.#first[place] = after;
    if (after) after.before = before;
    else this.#last[place] = before;
    timer.before = null;
    timer.after = null;
    if (this.#first[place] === null) this.#vacate(place);
  }

  #vacate(place: number): void {
    const level = Math.floor(place / slotsPerLevel);
    this.#occupied[level] = (this.#occupied[level] as number) & ~(1 << (place % slotsPerLevel));
  }
}

function placeOf(level: number, tick: number): number {
  return level * slotsPerLevel + (Math.floor(tick / slotsPerLevel ** level) % slotsPerLevel);
}
