/**
 * The memory of a queue of frames from one thread to another: one RingWriter puts frames in, one RingReader takes
 * them out, and neither ever waits for the other. Both may be made anew over the same memory when their thread has
 * died: all they share are two positions, and what the dead writer had not flushed was never there.
 *
 * ```
 *  byte 0    magic u32 | capacity u32                     written once
 *       64   head i32  | 1 while the reader sleeps        head: up to here frames are free again
 *      128   tail i32  | 1 while the writer sleeps        tail: up to here frames may be read
 *      192   data, `capacity` bytes
 *
 *              head                  tail         the writer's own end
 *                v                     v               v
 *       ── free ─┬───────┬─────┬───────┬───────┬───────┬─ free ──
 *                │ frame │ ... │ frame │ not flushed   │
 *       ─────────┴───────┴─────┴───────┴───────┴───────┴─────────
 *
 *  frame     length u32 | kind u32 (1 to 65535) | length bytes | up to 7 bytes, so that the next begins at 8·n
 *  padding   the rest of the data behind its own 8 bytes as length, kind 0: the next frame begins at 0
 * ```
 * A position counts all bytes since the beginning modulo 2^32; its place is the position modulo the capacity. Each of
 * head and tail has a cache line of its own, since two cores write them.
 */
import { AcademyError } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';

/** Places in `Ring.control`. */
export const ringPlaces = { head: 16, readerSleeps: 17, tail: 32, writerSleeps: 33 } as const;

export const frameHeaderBytes = 8;
export const frameKindMax = 0xffff;
/** The kind of padding; a writer's own begin at 1. */
export const paddingKind = 0;

const magic = 0x52_49_4e_47;
const dataStart = 192;
const capacityMin = 256;
const capacityMax = 2 ** 30;

export class Ring {
  readonly memory: SharedArrayBuffer;
  readonly capacity: number;
  /** The most bytes of one frame: so few that a frame never has to wait until the whole ring is read. */
  readonly frameBytesMax: number;
  readonly control: Int32Array;
  /** The data as bytes, as numbers at any place, and as the words of the frames' headers. */
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly words: Uint32Array;

  /**
   * @param capacityBytes a power of two, 256 to 2^30
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT
   */
  static allocate(capacityBytes: number = limits.ringBytes): Ring {
    if (!isCapacity(capacityBytes)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a ring cannot have ${capacityBytes} bytes`, {
        remedy: `give a power of two from ${capacityMin} to ${capacityMax}`,
      });
    }
    const memory = new SharedArrayBuffer(dataStart + capacityBytes);
    new Uint32Array(memory, 0, 2).set([magic, capacityBytes]);
    return new Ring(memory);
  }

  /**
   * @param memory of a ring that was allocated, by whichever thread
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for memory that is no ring
   */
  constructor(memory: SharedArrayBuffer) {
    const [mark, capacity = 0] = memory.byteLength < dataStart ? [] : new Uint32Array(memory, 0, 2);
    if (mark !== magic || !isCapacity(capacity) || memory.byteLength !== dataStart + capacity) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'this memory holds no ring');
    }
    this.memory = memory;
    this.capacity = capacity;
    this.frameBytesMax = capacity / 4 - frameHeaderBytes;
    this.control = new Int32Array(memory, 0, dataStart / Int32Array.BYTES_PER_ELEMENT);
    this.bytes = Buffer.from(memory, dataStart, capacity);
    this.view = new DataView(memory, dataStart, capacity);
    this.words = new Uint32Array(memory, dataStart, capacity / Uint32Array.BYTES_PER_ELEMENT);
  }
}

/** Bytes that a frame takes in the ring. */
export function frameSize(length: number): number {
  return frameHeaderBytes + Math.ceil(length / 8) * 8;
}

/** Bytes from one position to a later one. */
export function distance(from: number, to: number): number {
  return (to - from) >>> 0;
}

export function corruptRing(what: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_INTERNAL', `a ring between two threads is damaged: ${what}`);
}

function isCapacity(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= capacityMin && bytes <= capacityMax && (bytes & (bytes - 1)) === 0;
}
