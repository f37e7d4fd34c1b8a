/**
 * A publisher's memory: fixed slots in one buffer, in which frames are encoded, from which runs are sent and from which
 * repairs are served. A slot is filled once for each sequence number and overwritten a ring later, so what is kept for
 * repair is always the last `slots` of the stream.
 *
 * ```
 *   sequence    oldest                   sent          open
 *                 │ kept for repair        │  to be sent │
 *   ring  ┌───────┴──────┬──────┬──────┬──┴───┬──────┬──┴───┬──────┐
 *         │ 4096 (or …)  │ slot │ slot │ slot │ slot │ slot │ next │   slot = datagram = slotBytes
 *         └──────────────┴──────┴──────┴──────┴──────┴──────┴──────┘
 * ```
 */
import {
  datagramKinds,
  dataHeader,
  frameHeader,
  readU16,
  readU48,
  writePrefix,
  writeU16,
  writeU48,
} from '../streamDatagrams.js';

export class TermRing {
  readonly bytes: Buffer;
  readonly slots: number;
  readonly slotBytes: number;
  readonly #session: Buffer;
  /** The slot that is being filled, or is filled next. */
  #sequence = 0;
  #sent = 0;
  #isOpen = false;
  #position = 0;
  #base = 0;
  #writeAt = 0;
  #end = 0;
  #frames = 0;

  /** @param slots a power of two */
  constructor(session: Buffer, slots: number, slotBytes: number) {
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.#session = session;
    this.bytes = Buffer.alloc(slots * slotBytes);
  }

  /** The sequence that the open slot has, or the next one will have. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The first slot that has not left yet. */
  get sent(): number {
    return this.#sent;
  }

  get oldest(): number {
    return Math.max(0, this.#sequence + (this.#isOpen ? 1 : 0) - this.slots);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Frames written so far. */
  get position(): number {
    return this.#position;
  }

  get isEmpty(): boolean {
    return this.#frames === 0;
  }

  /** Where the payload of the next frame begins in `bytes`. */
  get payloadAt(): number {
    return this.#writeAt + frameHeader.bytes;
  }

  /** Where the room for frames of the open slot ends in `bytes`. */
  get slotEnd(): number {
    return this.#end;
  }

  /** Whether frames leave a part of the open slot free. */
  get isReserved(): boolean {
    return this.#end < this.#base + this.slotBytes;
  }

  /** Bytes of a closed slot behind what is used. */
  unusedBytes(sequence: number): number {
    return this.slotBytes - readU16(this.bytes, this.offsetOf(sequence) + dataHeader.usedBytes);
  }

  /** Payload bytes of the largest frame. */
  get payloadBytesMax(): number {
    return this.slotBytes - dataHeader.bytes - frameHeader.bytes;
  }

  /** Where the slot of a sequence lies in `bytes`. */
  offsetOf(sequence: number): number {
    return (sequence % this.slots) * this.slotBytes;
  }

  /** @param reserved bytes at its end that frames leave free */
  openSlot(reserved = 0): void {
    const { bytes } = this;
    this.#base = this.offsetOf(this.#sequence);
    this.#writeAt = this.#base + dataHeader.bytes;
    this.#end = this.#base + this.slotBytes - reserved;
    this.#frames = 0;
    this.#isOpen = true;
    writePrefix(bytes, this.#base, datagramKinds.data, this.#session);
    writeU48(bytes, this.#sequence, this.#base + dataHeader.sequence);
    writeU48(bytes, this.#position, this.#base + dataHeader.position);
  }

  /** The frame whose payload was written from `payloadAt` to `end` counts from now on. */
  commit(kind: number, end: number): void {
    const { bytes } = this;
    const at = this.#writeAt;
    writeU16(bytes, end - at - frameHeader.bytes, at + frameHeader.payloadBytes);
    bytes[at + frameHeader.kind] = kind;
    bytes[at + frameHeader.kind + 1] = 0;
    this.#writeAt = end;
    this.#frames += 1;
    this.#position += 1;
  }

  closeSlot(): void {
    const { bytes } = this;
    const base = this.#base;
    writeU16(bytes, this.#writeAt - base, base + dataHeader.usedBytes);
    writeU16(bytes, this.#frames, base + dataHeader.frames);
    this.#sequence += 1;
    this.#isOpen = false;
  }

  /**
   * Makes closed slots one run. All are sent whole, but the last only as far as it is used.
   * @param proofBytes that the caller writes behind what is used of the last
   * @returns the run's bytes, in one piece: a run does not cross the end of the ring
   */
  makeRun(first: number, count: number, proofBytes = 0): Buffer {
    const { bytes, slotBytes } = this;
    const start = this.offsetOf(first);
    for (let index = 0; index < count; index++) {
      const base = start + index * slotBytes;
      const isLast = index === count - 1;
      writeU16(
        bytes,
        isLast ? readU16(bytes, base + dataHeader.usedBytes) + proofBytes : slotBytes,
        base + dataHeader.datagramBytes,
      );
      bytes[base + dataHeader.index] = index;
      bytes[base + dataHeader.count] = count;
    }
    const last = start + (count - 1) * slotBytes;
    return bytes.subarray(start, last + readU16(bytes, last + dataHeader.datagramBytes));
  }

  /** All slots before `end` have left. */
  markSent(end: number): void {
    this.#sent = end;
  }

  /** The datagram of a kept slot, as it was sent. */
  datagramOf(sequence: number): Buffer {
    const base = this.offsetOf(sequence);
    return this.bytes.subarray(base, base + readU16(this.bytes, base + dataHeader.datagramBytes));
  }

  /** The first slot, from `sequence` on, at which a run begins; both must be kept. */
  runStartFrom(sequence: number): number {
    const base = this.offsetOf(sequence);
    const index = this.bytes[base + dataHeader.index] as number;
    if (index === 0) return sequence;
    const start = sequence - index;
    return start >= this.oldest ? start : start + (this.bytes[base + dataHeader.count] as number);
  }

  /** Whether the slot still holds that sequence. */
  holds(sequence: number): boolean {
    return (
      sequence >= this.oldest &&
      sequence < this.#sequence &&
      readU48(this.bytes, this.offsetOf(sequence) + dataHeader.sequence) === sequence
    );
  }

  get session(): Buffer {
    return this.#session;
  }
}
