/**
 * The writing end of a ring, of which there is one at a time. Frames are written one behind the other and become
 * visible together, by one flush(), which wakes the reader once and only if it sleeps. A full ring says so at once:
 * nothing is overwritten, and nobody is kept waiting.
 *
 * ```ts
 * if (!writer.write(kind, bytes)) await writer.sleep();   // or queue it, or refuse it
 * writer.flush();
 * ```
 */
import { AcademyError } from '../../protocol/errors.js';
import {
  corruptRing,
  distance,
  frameHeaderBytes,
  frameKindMax,
  frameSize,
  paddingKind,
  type Ring,
  ringPlaces,
} from './Ring.js';

export class RingWriter {
  readonly ring: Ring;
  /** After claim(): bytes that the frame may have, at least as many as were asked for. */
  room = 0;
  readonly #mask: number;
  /** The reader's head when it was last looked at. */
  #head: number;
  #tail: number;
  #end: number;
  #place = 0;
  #padding = 0;

  /** @throws AcademyError ERR_ACADEMY_INTERNAL when the positions in the ring cannot be */
  constructor(ring: Ring) {
    this.ring = ring;
    this.#mask = ring.capacity - 1;
    this.#head = Atomics.load(ring.control, ringPlaces.head);
    this.#tail = Atomics.load(ring.control, ringPlaces.tail);
    this.#end = this.#tail;
    if (distance(this.#head, this.#tail) > ring.capacity || ((this.#head | this.#tail) & 7) !== 0) {
      throw corruptRing(`head ${this.#head}, tail ${this.#tail}`);
    }
    // An earlier writer may have died between showing frames and waking the reader.
    Atomics.notify(ring.control, ringPlaces.tail);
  }

  /**
   * Finds a place for a frame of `length` bytes or a few more, see `room`. Nothing is taken before commit().
   * @returns where in `ring.bytes` its bytes go, or -1 when the ring is too full
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for more than a frame may have
   */
  claim(length: number): number {
    const { capacity, frameBytesMax } = this.ring;
    if (!(length >= 0 && length <= frameBytesMax)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a frame has 0 to ${frameBytesMax} bytes, not ${length}`);
    }
    const size = frameSize(length);
    let place = this.#end & this.#mask;
    let padding = 0;
    if (capacity - place < size) {
      padding = capacity - place;
      place = 0;
    }
    let free = capacity - distance(this.#head, this.#end) - padding;
    if (free < size) {
      this.#head = Atomics.load(this.ring.control, ringPlaces.head);
      free = capacity - distance(this.#head, this.#end) - padding;
      if (free < size) return -1;
    }
    this.#place = place;
    this.#padding = padding;
    this.room = Math.min(free - frameHeaderBytes, capacity - place - frameHeaderBytes, frameBytesMax);
    return place + frameHeaderBytes;
  }

  /** Ends the frame that was claimed; flush() shows it to the reader. @param length of its bytes, at most `room` */
  commit(kind: number, length: number): void {
    if (!(kind > paddingKind && kind <= frameKindMax) || !(length <= this.room)) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `a frame of kind ${kind} with ${length} bytes was not claimed`,
      );
    }
    const { words } = this.ring;
    if (this.#padding > 0) {
      const at = (this.#end & this.#mask) >>> 2;
      words[at] = this.#padding - frameHeaderBytes;
      words[at + 1] = paddingKind;
    }
    const at = this.#place >>> 2;
    words[at] = length;
    words[at + 1] = kind;
    this.#end = (this.#end + this.#padding + frameSize(length)) | 0;
    this.room = 0;
  }

  /** @returns false when the ring is too full for the frame, which then is not written */
  write(kind: number, bytes: Uint8Array): boolean {
    const place = this.claim(bytes.length);
    if (place < 0) return false;
    this.ring.bytes.set(bytes, place);
    this.commit(kind, bytes.length);
    return true;
  }

  /** Shows all frames to the reader, and wakes it if it sleeps, by `wakeReader` if it dozes. @returns whether there were any */
  flush(wakeReader?: () => void): boolean {
    if (this.#end === this.#tail) return false;
    const { control } = this.ring;
    this.#tail = this.#end;
    Atomics.store(control, ringPlaces.tail, this.#tail);
    // The reader says that it sleeps before it looks at the tail a last time, so one of the two sees the other.
    if (Atomics.load(control, ringPlaces.readerSleeps) === 1) {
      Atomics.store(control, ringPlaces.readerSleeps, 0);
      if (wakeReader) wakeReader();
      else Atomics.notify(control, ringPlaces.tail);
    }
    return true;
  }

  /** Resolves when the reader has made room since claim() last said -1. @returns null when it has already */
  sleep(): Promise<unknown> | null {
    const { control } = this.ring;
    Atomics.store(control, ringPlaces.writerSleeps, 1);
    const waiting = Atomics.waitAsync(control, ringPlaces.head, this.#head);
    if (waiting.async) return waiting.value;
    Atomics.store(control, ringPlaces.writerSleeps, 0);
    return null;
  }

  /** Ends a sleep() of this writer, for one that is not used any more. */
  wake(): void {
    Atomics.notify(this.ring.control, ringPlaces.head);
  }
}
