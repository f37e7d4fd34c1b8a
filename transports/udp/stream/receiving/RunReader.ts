/**
 * Reads data of one session where it lies: finds the datagrams, sees whether a run is whole and in one piece, and takes
 * the frames out. It trusts no length that a datagram states; whether the publisher has sent it is SourceCheck's to say.
 */
import type { StreamConsumer } from '../../../../runtime/protocol/streams.js';
import {
  datagramKinds,
  dataHeader,
  frameHeader,
  isStreamDatagram,
  readU16,
  readU48,
  sessionAt,
  slotsPerRunMax,
} from '../streamDatagrams.js';
import type { ReceivedCounters } from './receivedCounters.js';

export class RunReader {
  readonly #sessionHigh: number;
  readonly #sessionLow: number;
  readonly #slotBytes: number;
  readonly #consumer: StreamConsumer;
  readonly #counters: ReceivedCounters;

  constructor(session: Buffer, slotBytes: number, consumer: StreamConsumer, counters: ReceivedCounters) {
    this.#sessionHigh = session.readUInt32BE(0);
    this.#sessionLow = session.readUInt32BE(4);
    this.#slotBytes = slotBytes;
    this.#consumer = consumer;
    this.#counters = counters;
  }

  /** Bytes of the data datagram at `at`; 0 when there is none of this session. */
  datagramAt(bytes: Buffer, at: number, end: number): number {
    if (!isStreamDatagram(bytes, at, end) || bytes[at + 3] !== datagramKinds.data || !this.#isOurs(bytes, at)) return 0;
    if (end - at < dataHeader.bytes) return this.#malformed();
    const size = readU16(bytes, at + dataHeader.datagramBytes);
    const used = readU16(bytes, at + dataHeader.usedBytes);
    const index = bytes[at + dataHeader.index] as number;
    const count = bytes[at + dataHeader.count] as number;
    const isRun = index < count && count <= slotsPerRunMax;
    const isSound = isRun && size <= this.#slotBytes && at + size <= end && used >= dataHeader.bytes && used <= size;
    return isSound ? size : this.#malformed();
  }

  /** Where the run that begins at `at` ends, if all of it is there in one piece and belongs together; else 0. */
  wholeRunEnd(bytes: Buffer, at: number, end: number): number {
    if (bytes[at + dataHeader.index] !== 0) return 0;
    const first = readU48(bytes, at + dataHeader.sequence);
    const count = bytes[at + dataHeader.count] as number;
    const last = at + (count - 1) * this.#slotBytes;
    if (last + dataHeader.bytes > end) return 0;
    for (let index = 0, base = at; index < count; index++, base += this.#slotBytes) {
      if (bytes[base + dataHeader.index] !== index || bytes[base + dataHeader.count] !== count) return 0;
      if (readU48(bytes, base + dataHeader.sequence) !== first + index) return 0;
      const used = readU16(bytes, base + dataHeader.usedBytes);
      if (used < dataHeader.bytes || used > this.#slotBytes) return 0;
    }
    const size = readU16(bytes, last + dataHeader.datagramBytes);
    const isSound = size <= this.#slotBytes && size >= readU16(bytes, last + dataHeader.usedBytes);
    return isSound && last + size <= end ? last + size : 0;
  }

  /** Hands all frames of a run that was checked to the consumer. */
  deliver(bytes: Buffer, at: number, count: number): void {
    for (let index = 0; index < count; index++) this.#deliverSlot(bytes, at + index * this.#slotBytes);
  }

  #deliverSlot(bytes: Buffer, at: number): void {
    const end = at + readU16(bytes, at + dataHeader.usedBytes);
    const counters = this.#counters;
    counters.slots += 1;
    counters.bytes += end - at;
    let frame = at + dataHeader.bytes;
    let position = readU48(bytes, at + dataHeader.position);
    while (frame + frameHeader.bytes <= end) {
      const begin = frame + frameHeader.bytes;
      const after = begin + readU16(bytes, frame);
      if (after > end) {
        counters.malformed += 1;
        return;
      }
      counters.frames += 1;
      this.#consumer.onFrame(bytes[frame + frameHeader.kind] as number, bytes, begin, after, position);
      frame = after;
      position += 1;
    }
  }

  /** Datagrams of several streams of one publisher may have been received together. */
  #isOurs(bytes: Buffer, at: number): boolean {
    const begin = at + sessionAt;
    return bytes.readUInt32BE(begin) === this.#sessionHigh && bytes.readUInt32BE(begin + 4) === this.#sessionLow;
  }

  #malformed(): 0 {
    this.#counters.malformed += 1;
    return 0;
  }
}
