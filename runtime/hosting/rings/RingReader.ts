/**
 * The reading end of a ring, of which there is one at a time. A frame is read where it lies: its bytes are those of
 * the ring, and stay what they are until release() gives them back to the writer. Whatever the memory holds, nothing
 * outside of the flushed part is read: a header that cannot be is an error.
 *
 * ```ts
 * while (reader.next()) handle(reader.kind, reader.frame());
 * reader.release();
 * await reader.sleep();
 * ```
 */
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

export class RingReader {
  readonly ring: Ring;
  /** Of the frame that next() found: its kind, and where in `ring.bytes` it lies. */
  kind = 0;
  offset = 0;
  length = 0;
  readonly #mask: number;
  #head: number;
  #position: number;
  /** The writer's tail when it was last looked at. */
  #tail: number;

  /**
   * Begins at the frame after the last one that was released.
   * @throws AcademyError ERR_ACADEMY_INTERNAL when the head in the ring cannot be
   */
  constructor(ring: Ring) {
    this.ring = ring;
    this.#mask = ring.capacity - 1;
    this.#head = Atomics.load(ring.control, ringPlaces.head);
    this.#position = this.#head;
    this.#tail = this.#head;
    if ((this.#head & 7) !== 0) throw corruptRing(`head ${this.#head}`);
    // An earlier reader may have died between giving room back and saying so.
    Atomics.notify(ring.control, ringPlaces.head);
  }

  /**
   * Goes on to the next frame.
   * @returns false when there is none
   * @throws AcademyError ERR_ACADEMY_INTERNAL when the ring is damaged; it stays where it is then
   */
  next(): boolean {
    const { words, capacity, frameBytesMax } = this.ring;
    for (;;) {
      if (this.#position === this.#tail && !this.#look()) return false;
      const place = this.#position & this.#mask;
      const length = words[place >>> 2] as number;
      const kind = words[(place >>> 2) + 1] as number;
      const size = frameSize(length);
      if (
        size > distance(this.#position, this.#tail) ||
        size > capacity - place ||
        kind > frameKindMax ||
        (kind !== paddingKind && length > frameBytesMax)
      ) {
        throw corruptRing(`a frame of kind ${kind} with ${length} bytes at ${place}`);
      }
      this.#position = (this.#position + size) | 0;
      if (kind === paddingKind) continue;
      this.kind = kind;
      this.offset = place + frameHeaderBytes;
      this.length = length;
      return true;
    }
  }

  /** The bytes of the frame as a view, valid until release(). */
  frame(): Uint8Array {
    return this.ring.bytes.subarray(this.offset, this.offset + this.length);
  }

  /** Gives all frames that were read, the present one included, back to the writer, and wakes it if it waits for room. */
  release(): void {
    if (this.#position === this.#head) return;
    const { control } = this.ring;
    this.#head = this.#position;
    Atomics.store(control, ringPlaces.head, this.#head);
    if (Atomics.load(control, ringPlaces.writerSleeps) === 1) {
      Atomics.store(control, ringPlaces.writerSleeps, 0);
      Atomics.notify(control, ringPlaces.head);
    }
  }

  /** Resolves when there are frames; the thread's event loop goes on meanwhile. @returns null when there are already */
  sleep(): Promise<unknown> | null {
    if (this.#position !== this.#tail) return null;
    const { control } = this.ring;
    Atomics.store(control, ringPlaces.readerSleeps, 1);
    const waiting = Atomics.waitAsync(control, ringPlaces.tail, this.#tail);
    if (waiting.async) return waiting.value;
    Atomics.store(control, ringPlaces.readerSleeps, 0);
    return null;
  }

  /** For a reader that its writer wakes by other means. @returns false when there are frames already */
  doze(): boolean {
    const { control } = this.ring;
    if (this.#position !== this.#tail) return false;
    Atomics.store(control, ringPlaces.readerSleeps, 1);
    if (Atomics.load(control, ringPlaces.tail) === this.#tail) return true;
    Atomics.store(control, ringPlaces.readerSleeps, 0);
    return false;
  }

  /** Ends a sleep() of this reader, for one that is not used any more. */
  wake(): void {
    Atomics.notify(this.ring.control, ringPlaces.tail);
  }

  #look(): boolean {
    const tail = Atomics.load(this.ring.control, ringPlaces.tail);
    const freeBytes = this.ring.capacity - distance(this.#head, this.#position);
    if (distance(this.#position, tail) > freeBytes || (tail & 7) !== 0) {
      throw corruptRing(`head ${this.#head}, tail ${tail}`);
    }
    this.#tail = tail;
    return tail !== this.#position;
  }
}
