/**
 * Writes plain values (what JSON has, and undefined, every number, byte arrays) straight into a ring, for PlainReader.
 * A value that is more than that, or that does not fit, is refused as a whole, and then takes another way: so that
 * what arrives is always what a structured clone would have been. Names of properties cross once and are numbers
 * after that, which both sides count in the same order; so every frame that was committed must be read.
 */

import { Audiences } from './Audiences.js';
import { type PlainShape, PlainShapes } from './PlainShape.js';

/** The first byte of a value. */
export const plainTags = {
  null: 0,
  true: 1,
  false: 2,
  undefined: 3,
  /** i32 */
  int: 4,
  /** f64 */
  number: 5,
  /** length u8, that many ASCII characters */
  shortText: 6,
  /** length u32, that many ASCII characters */
  ascii: 7,
  /** bytes u32, that much UTF-8 */
  text: 8,
  /** length u32, that many values */
  array: 9,
  /** properties u32, that many words and values */
  object: 10,
  /** length u32, that many bytes */
  bytes: 11,
  /** names u32, that many words: the next shape; then the first object of it */
  newShape: 12,
  /** number u16 of a shape, then its values */
  shaped: 13,
} as const;

/** Instead of the number of a word: the word follows, once and for all, or for this time only. */
export const newWord = 0xffff;
export const wordOnce = 0xfffe;

/** How the places of many actors are laid: for this time only, to be kept under a number u8, or as kept under it. */
export const placesTags = { once: 0, kept: 1, known: 2 } as const;

/** Slot and generation of an actor. */
export const placeBytes = 4 + 8;

/** Words that have a number: those of a program's own types are hundreds, and ids that serve as names are not kept. */
const wordsMax = 4_096;
const wordCharactersMax = 64;
/** Deeper values, cyclic ones above all, take the other way. */
const depthMax = 32;
/** Up to here it is faster to copy character by character than to call into the runtime. */
const shortTextMax = 24;

export class PlainWriter {
  /** Where the next value goes. */
  at = 0;
  /** After a refusal: whether it was for want of room, and not for what the value is. */
  isFull = false;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #end = 0;
  readonly #numbers = new Map<string, number>();
  readonly #words: string[] = [];
  #wordsBefore = 0;
  readonly #shapes = new PlainShapes();
  readonly #audiences = new Audiences();
  #shapesBefore = 0;
  readonly #value = (value: unknown, depth: number): boolean => this.value(value, depth);

  constructor(bytes: Buffer, view: DataView) {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Begins a frame that may take `room` bytes from `at` on. */
  begin(at: number, room: number): void {
    this.at = at;
    this.#end = at + room;
    this.isFull = false;
    this.#wordsBefore = this.#words.length;
    this.#shapesBefore = this.#shapes.size;
    this.#audiences.settle(false);
  }

  /** Forgets the words, shapes and audiences that the frame has brought, since it will not be read. */
  abandon(): void {
    this.#audiences.settle(true);
    this.#shapes.shrinkTo(this.#shapesBefore);
    while (this.#words.length > this.#wordsBefore) this.#numbers.delete(this.#words.pop() as string);
  }

  u8(value: number): boolean {
    if (!this.#has(1)) return false;
    this.#bytes[this.at++] = value;
    return true;
  }

  /** @returns false also for what is no whole number from 0 to 2^32 - 1 */
  u32(value: number): boolean {
    if (value >>> 0 !== value || !this.#has(4)) return false;
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
    return true;
  }

  f64(value: number): boolean {
    if (!this.#has(8)) return false;
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
    return true;
  }

  /** Of a thousand actors that are told the same: slot, generation, slot, generation …; not to be changed after it. */
  places(places: readonly number[]): boolean {
    const audience = this.#audiences.find(places);
    if (audience?.isKnown) return this.u8(placesTags.known) && this.u8(audience.number);
    if (!this.u8(audience ? placesTags.kept : placesTags.once) || (audience && !this.u8(audience.number))) return false;
    const count = places.length / 2;
    if (!this.#has(4 + count * placeBytes)) return false;
    const view = this.#view;
    let { at } = this;
    view.setUint32(at, count, true);
    at += 4;
    for (let index = 0; index < places.length; index += 2) {
      view.setUint32(at, places[index] as number, true);
      view.setFloat64(at + 4, places[index + 1] as number, true);
      at += placeBytes;
    }
    this.at = at;
    if (audience) this.#audiences.keep(audience.number, places);
    return true;
  }

  /** Bytes without their number: they are the last of their frame. */
  raw(bytes: Buffer, start: number, end: number): boolean {
    if (!this.#has(end - start)) return false;
    bytes.copy(this.#bytes, this.at, start, end);
    this.at += end - start;
    return true;
  }

  /** A text that comes again and again, such as the name of a property. */
  word(word: string): boolean {
    const number = this.#numbers.get(word);
    if (number !== undefined) return this.#u16(number);
    if (word.length > wordCharactersMax || this.#words.length === wordsMax) {
      return this.#u16(wordOnce) && this.#text(word);
    }
    this.#numbers.set(word, this.#words.length);
    this.#words.push(word);
    return this.#u16(newWord) && this.#text(word);
  }

  /** @returns false when it does not fit (see isFull) or is no plain value */
  value(value: unknown, depth = 0): boolean {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return this.u8(value ? plainTags.true : plainTags.false);
      case 'undefined':
        return this.u8(plainTags.undefined);
      case 'object':
        if (value === null) return this.u8(plainTags.null);
        if (depth === depthMax) return false;
        if (Array.isArray(value)) return this.#array(value, depth);
        if (value instanceof Uint8Array) return this.#byteArray(value);
        return this.#object(value as Record<string, unknown>, depth);
      default:
        return false;
    }
  }

  #number(value: number): boolean {
    if ((value | 0) === value && !Object.is(value, -0)) {
      if (!this.#has(5)) return false;
      this.#bytes[this.at] = plainTags.int;
      this.#view.setInt32(this.at + 1, value, true);
      this.at += 5;
      return true;
    }
    return this.u8(plainTags.number) && this.f64(value);
  }

  #text(text: string): boolean {
    const { length } = text;
    const bytes = this.#bytes;
    if (length <= shortTextMax) {
      if (!this.#has(2 + length)) return false;
      const start = this.at + 2;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        bytes[start + index] = code;
      }
      if (index === length) {
        bytes[this.at] = plainTags.shortText;
        bytes[this.at + 1] = length;
        this.at = start + length;
        return true;
      }
    }
    // Measured only near the end of the room, where a text could be cut off in the middle.
    if (this.at + 5 + 3 * length > this.#end && !this.#has(5 + Buffer.byteLength(text))) return false;
    const written = bytes.write(text, this.at + 5, 'utf8');
    // Half a pair of surrogates has no UTF-8; a structured clone keeps it.
    if (written !== length && !isWellFormed(text)) return false;
    bytes[this.at] = written === length ? plainTags.ascii : plainTags.text;
    this.#view.setUint32(this.at + 1, written, true);
    this.at += 5 + written;
    return true;
  }

  #array(array: readonly unknown[], depth: number): boolean {
    if (!this.u8(plainTags.array) || !this.u32(array.length)) return false;
    for (let index = 0; index < array.length; index++) {
      const item = array[index];
      if (item === undefined && !(index in array)) return false;
      if (!this.value(item, depth + 1)) return false;
    }
    return true;
  }

  #object(object: Readonly<Record<string, unknown>>, depth: number): boolean {
    const prototype = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) return false;
    const names = Object.keys(object);
    const shape = this.#shapes.of(names);
    if (shape !== null && (shape.number >= 0 || this.#introduce(shape, names))) {
      return (
        this.u8(plainTags.shaped) && this.#u16(shape.number) && shape.writeValues(names, object, depth + 1, this.#value)
      );
    }
    if (this.isFull || !this.u8(plainTags.object) || !this.u32(names.length)) return false;
    for (const name of names) {
      if (!this.#name(name) || !this.value(object[name], depth + 1)) return false;
    }
    return true;
  }

  /** @returns false for a shape that has no number, or when it does not fit */
  #introduce(shape: PlainShape, names: readonly string[]): boolean {
    if (names.includes('__proto__') || !this.#shapes.number(shape)) return false;
    return this.u8(plainTags.newShape) && this.u32(names.length) && names.every((name) => this.#name(name));
  }

  /** Set by its name `__proto__` would not become a property. */
  #name(name: string): boolean {
    return name !== '__proto__' && this.word(name);
  }

  #byteArray(bytes: Uint8Array): boolean {
    const prototype = Object.getPrototypeOf(bytes);
    // Shared memory stays shared in a structured clone.
    const isPlain = prototype === Uint8Array.prototype || prototype === Buffer.prototype;
    if (!isPlain || !(bytes.buffer instanceof ArrayBuffer)) return false;
    if (!this.u8(plainTags.bytes) || !this.u32(bytes.length) || !this.#has(bytes.length)) return false;
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
    return true;
  }

  #u16(value: number): boolean {
    if (!this.#has(2)) return false;
    this.#view.setUint16(this.at, value, true);
    this.at += 2;
    return true;
  }

  #has(bytes: number): boolean {
    if (this.at + bytes <= this.#end) return true;
    this.isFull = true;
    return false;
  }
}

/** The method is newer than the language level that the project is compiled for. */
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
