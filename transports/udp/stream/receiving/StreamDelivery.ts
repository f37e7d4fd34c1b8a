/**
 * What of a stream is delivered, and when. A run that is next and whole is checked and read where the network put it;
 * all else waits in the window until what is missing was sent again. Nothing is delivered before its run was checked,
 * and nothing twice.
 *
 * ```
 *   delivered, or lost │ missing │ held │ missing │ held │ not known to exist
 *                      next                              horizon
 * ```
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import type { StreamClass } from '../../../../runtime/protocol/streams.js';
import { dataHeader, readU48 } from '../streamDatagrams.js';
import type { RoundTrip } from './RoundTrip.js';
import type { RunReader } from './RunReader.js';
import type { ReceivedCounters } from './receivedCounters.js';
import type { SlotWindow } from './SlotWindow.js';
import type { SourceCheck } from './SourceCheck.js';

export interface StreamDeliveryParts {
  readonly streamClass: StreamClass;
  readonly reader: RunReader;
  readonly check: SourceCheck;
  readonly window: SlotWindow;
  readonly roundTrip: RoundTrip;
  readonly counters: ReceivedCounters;
  readonly clock: Clock;
  /** Where it goes on; 0 for a stream that is new. */
  readonly next: number;
}

export class StreamDelivery {
  readonly #class: StreamClass;
  readonly #reader: RunReader;
  readonly #check: SourceCheck;
  readonly #window: SlotWindow;
  readonly #roundTrip: RoundTrip;
  readonly #counters: ReceivedCounters;
  readonly #clock: Clock;
  #next: number;
  #horizon = 0;
  /** Where it stood when it was retried last. */
  #nextBefore = -1;

  constructor(parts: StreamDeliveryParts) {
    this.#class = parts.streamClass;
    this.#reader = parts.reader;
    this.#check = parts.check;
    this.#window = parts.window;
    this.#roundTrip = parts.roundTrip;
    this.#counters = parts.counters;
    this.#clock = parts.clock;
    this.#next = parts.next;
  }

  /** All before it was delivered (or is lost). */
  get next(): number {
    return this.#next;
  }

  /** The first slot that is not known to exist. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Whether something is missing that will be sent again. */
  get isBehind(): boolean {
    return this.#class !== 'lossy' && this.#horizon > this.#next;
  }

  /** Begins with that slot, which is its first. */
  beginAt(start: number): void {
    this.#next = start;
    this.exists(start);
  }

  /** Goes on, at that slot if it is further: what lies between is gone from the publisher's ring. */
  goOnAt(start: number): void {
    if (start > this.#next) this.#skipTo(start);
    this.exists(this.#next);
  }

  /** All before `end` has been sent. */
  exists(end: number): void {
    this.#horizon = Math.max(this.#horizon, Math.min(end, this.#next + this.#window.slots));
  }

  /** It ends here, and what is missing before `end` will not come. */
  giveUp(end: number): void {
    if (this.#class !== 'lossy') this.#counters.lost += Math.max(0, end - this.#next);
  }

  /**
   * Takes the datagram from `at` to `after`, and the rest of its run if that follows in one piece before `end`.
   * @returns where what was not taken begins
   */
  receive(bytes: Buffer, at: number, after: number, end: number): number {
    const runEnd = this.#class === 'lossy' ? 0 : this.#reader.wholeRunEnd(bytes, at, end);
    if (runEnd > 0 && this.#receiveRun(bytes, at, runEnd)) return runEnd;
    this.#receiveSlot(bytes, at, after);
    return after;
  }

  /** By the clock: delivers what could not be checked in its time, and doubts what has not moved since. */
  retry(): void {
    this.#tryHeld();
    if (this.isBehind && this.#next === this.#nextBefore) this.#doubtHead();
    this.#nextBefore = this.#next;
  }

  /**
   * A run in one piece: if its turn has come it is checked and read where it is, else it waits whole.
   * @returns false when its slots are to be taken one by one
   */
  #receiveRun(bytes: Buffer, at: number, end: number): boolean {
    const first = readU48(bytes, at + dataHeader.sequence);
    const count = bytes[at + dataHeader.count] as number;
    const window = this.#window;
    if (first < this.#next || first + count > this.#next + window.slots || !window.isFree(first, count)) return false;
    if (first === this.#next || this.#class === 'unordered') {
      if (!this.#check.mayCheck() || !this.#check.isRun(bytes.subarray(at, end), count, first)) return true;
      this.#reader.deliver(bytes, at, count);
      this.#passed(first, count);
      if (window.held > 0) this.#drain();
      return true;
    }
    window.putRun(first, count, bytes, at, end);
    this.#counters.bytesCopied += end - at;
    this.#horizon = Math.max(this.#horizon, first + count);
    return true;
  }

  /** A run was delivered: goes on behind it, or remembers it when its turn comes later. */
  #passed(first: number, count: number): void {
    this.#horizon = Math.max(this.#horizon, first + count);
    const window = this.#window;
    if (first > this.#next) {
      for (let index = 0; index < count; index++) window.deliveredEarly(first + index);
      return;
    }
    for (let index = 0; index < count; index++) window.drop(first + index);
    this.#next = first + count;
    while (window.isDelivered(this.#next)) {
      window.drop(this.#next);
      this.#next += 1;
    }
  }

  #receiveSlot(bytes: Buffer, at: number, end: number): void {
    const sequence = readU48(bytes, at + dataHeader.sequence);
    if (this.#class === 'lossy') return this.#receiveLossy(bytes, at, end, sequence);
    if (sequence < this.#next || this.#window.has(sequence)) {
      this.#counters.duplicates += 1;
      return;
    }
    if (sequence >= this.#next + this.#window.slots) {
      this.#counters.tooFarAhead += 1;
      return;
    }
    const askedMs = this.#window.askedAtMs(sequence);
    if (!Number.isNaN(askedMs)) this.#repaired(sequence, askedMs);
    this.#window.put(sequence, bytes, at, end);
    this.#counters.bytesCopied += end - at;
    if (sequence >= this.#horizon) this.#horizon = sequence + 1;
    if (this.#class === 'ordered') this.#drain();
    else this.#tryRun(Math.max(this.#next, sequence - (bytes[at + dataHeader.index] as number)));
  }

  /** The newest wins; what comes late is passed over. */
  #receiveLossy(bytes: Buffer, at: number, end: number, sequence: number): void {
    if (sequence < this.#next) {
      this.#counters.duplicates += 1;
      return;
    }
    if (!this.#check.mayCheck() || !this.#check.isRun(bytes.subarray(at, end), 1, sequence)) return;
    this.#counters.lost += sequence - this.#next;
    this.#next = sequence + 1;
    this.#horizon = this.#next;
    this.#reader.deliver(bytes, at, 1);
  }

  #repaired(sequence: number, askedMs: number): void {
    this.#counters.repaired += 1;
    if (!this.#window.wasAskedAgain(sequence)) this.#roundTrip.took(this.#clock.monotonicMs() - askedMs);
  }

  /** Delivers the complete runs that are next. */
  #drain(): void {
    while (this.#window.isHeld(this.#next) && this.#tryRun(this.#next)) {
      // The next one may be complete as well.
    }
  }

  /** Runs that were complete when no more of them could be checked. */
  #tryHeld(): void {
    if (this.#window.held === 0) return;
    if (this.#class === 'ordered') this.#drain();
    else for (let sequence = this.#next; sequence < this.#horizon; sequence++) this.#tryHead(sequence);
  }

  #tryHead(sequence: number): void {
    const window = this.#window;
    if (window.isHeld(sequence) && window.datagramOf(sequence)[dataHeader.index] === 0) this.#tryRun(sequence);
  }

  /** Delivers the run that begins with that slot, if all of it is here. @returns whether */
  #tryRun(first: number): boolean {
    const window = this.#window;
    if (!window.isHeld(first)) return false;
    const head = window.datagramOf(first);
    const count = head[dataHeader.count] as number;
    if (head[dataHeader.index] !== 0) return this.#discard(first, 1);
    for (let index = 1; index < count; index++) if (!window.isHeld(first + index)) return false;
    if (!this.#check.mayCheck()) return false;
    const run = window.runOf(first, count);
    const isWhole = this.#reader.wholeRunEnd(run, 0, run.length) === run.length;
    if (!isWhole || !this.#check.isRun(run, count, first)) return this.#discard(first, count);
    this.#reader.deliver(run, 0, count);
    this.#passed(first, count);
    return true;
  }

  /** These slots do not fit their tag: somebody has forged one, so all of them are asked for again. */
  #discard(first: number, count: number): false {
    for (let index = 0; index < count; index++) this.#window.drop(first + index);
    return false;
  }

  #skipTo(start: number): void {
    const end = Math.min(start, this.#next + this.#window.slots);
    let missed = start - end;
    for (let sequence = this.#next; sequence < end; sequence++) {
      if (!this.#window.isDelivered(sequence)) missed += 1;
      this.#window.drop(sequence);
    }
    if (this.#class !== 'lossy') this.#counters.lost += missed;
    this.#next = start;
  }

  /**
   * Nothing is missing of all that is known to exist, and still the first run is not whole: its first slot tells of more
   * than there is, so it is not the publisher's. It is asked for again, with what came behind it.
   */
  #doubtHead(): void {
    const window = this.#window;
    if (!window.isHeld(this.#next)) return;
    for (let sequence = this.#next; sequence < this.#horizon; sequence++) if (!window.has(sequence)) return;
    const count = window.datagramOf(this.#next)[dataHeader.count] as number;
    this.#discard(this.#next, Math.min(count, this.#horizon - this.#next));
  }
}
