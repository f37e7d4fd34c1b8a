/**
 * Reads what a PlainWriter has written, where it lies in the ring. What it returns is made anew and keeps nothing of
 * the ring, but for what it lends. It counts what it makes, so that a benchmark can say what a frame costs.
 */

import { PlainShapeReader } from './PlainShape.js';
import { newWord, placeBytes, placesTags, plainTags, wordOnce } from './PlainWriter.js';
import { corruptRing } from './Ring.js';

/** Up to here it is faster to join characters than to call into the runtime. */
const joinedMax = 12;

export class PlainReader {
  at = 0;
  /** Objects, arrays, texts and byte arrays that were made. */
  made = 0;
  /** Bytes of texts and byte arrays that were copied out of the ring. */
  bytesCopied = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #words: string[] = [];
  readonly #shapes: PlainShapeReader[] = [];
  /** Lists of places, as the writer has numbered them. */
  readonly #audiences: (readonly number[] | undefined)[] = [];
  readonly #value = (): unknown => this.value();
  #end = 0;

  constructor(bytes: Buffer, view: DataView) {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Begins a frame of `length` bytes at `at`. */
  begin(at: number, length: number): void {
    this.at = at;
    this.#end = at + length;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** As the writer's places() has laid them; the same list may come again. */
  places(): readonly number[] {
    const tag = this.u8();
    if (tag > placesTags.known) throw corruptRing(`places of kind ${tag}`);
    const audience = tag === placesTags.once ? null : this.u8();
    if (audience === null) return this.#newPlaces();
    if (tag === placesTags.kept) this.#audiences[audience] = this.#newPlaces();
    const places = this.#audiences[audience];
    if (places === undefined) throw corruptRing(`an audience ${audience} that was never there`);
    return places;
  }

  #newPlaces(): readonly number[] {
    const count = this.u32();
    if (count > (this.#end - this.at) / placeBytes)
      throw corruptRing(`${count} places in ${this.#end - this.at} bytes`);
    const view = this.#view;
    let at = this.#take(count * placeBytes);
    const places: number[] = [];
    for (let index = 0; index < count; index++) {
      places.push(view.getUint32(at, true), view.getFloat64(at + 4, true));
      at += placeBytes;
    }
    return places;
  }

  /** Goes to the frame's end, for whoever reads the rest where it lies. @returns where that is */
  skipRest(): number {
    this.at = this.#end;
    return this.#end;
  }

  word(): string {
    const number = this.#view.getUint16(this.#take(2), true);
    if (number < this.#words.length) return this.#words[number] as string;
    if (number !== newWord && number !== wordOnce) throw corruptRing(`a word ${number} that was never said`);
    const word = this.value();
    if (typeof word !== 'string') throw corruptRing('a word that is no text');
    if (number === newWord) this.#words.push(word);
    return word;
  }

  /** @throws AcademyError ERR_ACADEMY_INTERNAL for bytes that no PlainWriter writes */
  value(): unknown {
    const tag = this.u8();
    switch (tag) {
      case plainTags.null:
        return null;
      case plainTags.true:
        return true;
      case plainTags.false:
        return false;
      case plainTags.undefined:
        return undefined;
      case plainTags.int:
        return this.#view.getInt32(this.#take(4), true);
      case plainTags.number:
        return this.f64();
      case plainTags.shortText:
        return this.#ascii(this.u8());
      case plainTags.ascii:
        return this.#ascii(this.u32());
      case plainTags.text:
        return this.#text(this.u32());
      case plainTags.array:
        return this.#array(this.u32());
      case plainTags.object:
        return this.#object(this.u32());
      case plainTags.bytes:
        return this.#byteArray(this.u32());
      case plainTags.shaped:
        return this.#shaped(this.#view.getUint16(this.#take(2), true));
      case plainTags.newShape:
        this.#learnShape(this.u32());
        if (this.u8() !== plainTags.shaped) throw corruptRing('a shape without an object');
        return this.#shaped(this.#view.getUint16(this.#take(2), true));
      default:
        throw corruptRing(`a value of kind ${tag}`);
    }
  }

  #ascii(length: number): string {
    const start = this.#take(length);
    this.made++;
    this.bytesCopied += length;
    if (length > joinedMax) return this.#bytes.toString('latin1', start, start + length);
    let text = '';
    for (let index = start; index < start + length; index++) text += String.fromCharCode(this.#bytes[index] as number);
    return text;
  }

  #text(length: number): string {
    const start = this.#take(length);
    this.made++;
    this.bytesCopied += length;
    return this.#bytes.toString('utf8', start, start + length);
  }

  #array(length: number): unknown[] {
    // Each value has at least one byte, so a length that cannot be is seen before anything is made.
    if (length > this.#end - this.at) throw corruptRing(`an array of ${length} values`);
    this.made++;
    const array: unknown[] = [];
    for (let index = 0; index < length; index++) array.push(this.value());
    return array;
  }

  #object(properties: number): Record<string, unknown> {
    this.made++;
    const object: Record<string, unknown> = {};
    for (let index = 0; index < properties; index++) object[this.word()] = this.value();
    return object;
  }

  #shaped(number: number): Record<string, unknown> {
    const shape = this.#shapes[number];
    if (shape === undefined || shape.size > this.#end - this.at) throw corruptRing(`a shape ${number}`);
    this.made++;
    return shape.read(this.#value);
  }

  #learnShape(count: number): void {
    if (count > this.#end - this.at) throw corruptRing(`a shape of ${count} names`);
    this.#shapes.push(new PlainShapeReader(Array.from({ length: count }, () => this.word())));
  }

  #byteArray(length: number): Uint8Array {
    const start = this.#take(length);
    this.made++;
    this.bytesCopied += length;
    const copy = new Uint8Array(length);
    copy.set(this.#bytes.subarray(start, start + length));
    return copy;
  }

  #take(length: number): number {
    const start = this.at;
    if (length > this.#end - start) throw corruptRing('a frame that ends in the middle of a value');
    this.at = start + length;
    return start;
  }
}
