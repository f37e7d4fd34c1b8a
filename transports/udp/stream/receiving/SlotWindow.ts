/**
 * The slots of one stream that came before their turn: behind a gap, or in a run that is not complete. They are copied
 * here, each in its place, until what they wait for has come; the memory is made with the first gap. Of an unordered
 * stream it also remembers which slots behind a gap were delivered already.
 */
import { dataHeader, readU16 } from '../streamDatagrams.js';

const missing = 0;
const held = 1;
const delivered = 2;

export class SlotWindow {
  readonly slots: number;
  readonly #slotBytes: number;
  readonly #states: Uint8Array;
  /** When each missing slot was asked for last; NaN: not yet. */
  readonly #askedAtMs: Float64Array;
  readonly #askedAgain: Uint8Array;
  #bytes: Buffer | null = null;
  #held = 0;

  constructor(slots: number, slotBytes: number) {
    this.slots = slots;
    this.#slotBytes = slotBytes;
    this.#states = new Uint8Array(slots);
    this.#askedAtMs = new Float64Array(slots).fill(Number.NaN);
    this.#askedAgain = new Uint8Array(slots);
  }

  /** Slots that are here. */
  get held(): number {
    return this.#held;
  }

  /** Whether it has come, and waits or was delivered. */
  has(sequence: number): boolean {
    return this.#states[sequence % this.slots] !== missing;
  }

  isHeld(sequence: number): boolean {
    return this.#states[sequence % this.slots] === held;
  }

  isDelivered(sequence: number): boolean {
    return this.#states[sequence % this.slots] === delivered;
  }

  /** @param end of the datagram that begins at `at` */
  put(sequence: number, bytes: Buffer, at: number, end: number): void {
    this.#bytes ??= Buffer.allocUnsafeSlow(this.slots * this.#slotBytes);
    bytes.copy(this.#bytes, (sequence % this.slots) * this.#slotBytes, at, end);
    this.#states[sequence % this.slots] = held;
    this.#held += 1;
  }

  /** Whether none of these slots has come. */
  isFree(first: number, count: number): boolean {
    for (let index = 0; index < count; index++) if (this.has(first + index)) return false;
    return true;
  }

  /** A whole run, from `at` to `end`, whose slots are all free. */
  putRun(first: number, count: number, bytes: Buffer, at: number, end: number): void {
    if ((first % this.slots) + count > this.slots) {
      for (let index = 0; index < count; index++) {
        const begin = at + index * this.#slotBytes;
        this.put(first + index, bytes, begin, Math.min(end, begin + this.#slotBytes));
      }
      return;
    }
    this.put(first, bytes, at, end);
    for (let index = 1; index < count; index++) this.#states[(first + index) % this.slots] = held;
    this.#held += count - 1;
  }

  /** The datagrams of a run that is here, in one piece: a view where the run does not cross the end of the window. */
  runOf(first: number, count: number): Buffer {
    const last = this.datagramOf(first + count - 1);
    const begin = (first % this.slots) * this.#slotBytes;
    if ((first % this.slots) + count <= this.slots) {
      return (this.#bytes as Buffer).subarray(begin, begin + (count - 1) * this.#slotBytes + last.length);
    }
    const whole = Buffer.alloc((count - 1) * this.#slotBytes + last.length);
    for (let index = 0; index < count; index++) this.datagramOf(first + index).copy(whole, index * this.#slotBytes);
    return whole;
  }

  /** The datagram of a slot that is here: a view, valid until it is dropped. */
  datagramOf(sequence: number): Buffer {
    const bytes = this.#bytes as Buffer;
    const base = (sequence % this.slots) * this.#slotBytes;
    return bytes.subarray(base, base + readU16(bytes, base + dataHeader.datagramBytes));
  }

  drop(sequence: number): void {
    this.#leave(sequence, missing);
  }

  /** It was delivered before its turn: if it comes again, it is known. */
  deliveredEarly(sequence: number): void {
    this.#leave(sequence, delivered);
  }

  #leave(sequence: number, state: number): void {
    const index = sequence % this.slots;
    if (this.#states[index] === held) this.#held -= 1;
    this.#states[index] = state;
    this.#askedAtMs[index] = Number.NaN;
  }

  /** @returns NaN when it was not asked for */
  askedAtMs(sequence: number): number {
    return this.#askedAtMs[sequence % this.slots] as number;
  }

  /** @returns whether it had been asked for before */
  asked(sequence: number, nowMs: number): boolean {
    const index = sequence % this.slots;
    const isAgain = !Number.isNaN(this.#askedAtMs[index]);
    this.#askedAtMs[index] = nowMs;
    this.#askedAgain[index] = isAgain ? 1 : 0;
    return isAgain;
  }

  wasAskedAgain(sequence: number): boolean {
    return this.#askedAgain[sequence % this.slots] === 1;
  }

  /** Forgets all, and gives its memory back. */
  free(): void {
    this.#states.fill(missing);
    this.#askedAtMs.fill(Number.NaN);
    this.#held = 0;
    this.#bytes = null;
  }
}
