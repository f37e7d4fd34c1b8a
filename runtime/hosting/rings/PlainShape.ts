/**
 * Objects with the same properties in the same order, which is what a program's messages are. The writer numbers such a
 * shape when it sees it again; after that an object is its number and its values. Both sides work on it with a function
 * that was generated for its names, so that the engine knows what it makes and what it reads.
 */

/** Names beyond so many are a dictionary's. */
const namesMax = 32;
/** Shapes are kept, so nobody's long texts may be: longer names are a dictionary's as well. */
const nameCharactersMax = 64;
/** Shapes that are told apart and those that have a number; a program has some hundreds. */
const nodesMax = 8_192;
const shapesMax = 2_048;
/** Objects of a shape before a function is worth its making. */
const usesBefore = 50;

type Writes = (value: unknown, depth: number) => boolean;

export class PlainShape {
  /** -1 as long as it has none. */
  number = -1;
  #hasBeenSeen = false;
  readonly #next = new Map<string, PlainShape>();
  /** The shape that was asked for last, with one name more. */
  #lastName = '';
  #last: PlainShape | null = null;
  #uses = 0;
  #write: ((object: object, depth: number, value: Writes) => boolean) | null = null;

  /** @returns whether it was seen before */
  see(): boolean {
    const hasBeenSeen = this.#hasBeenSeen;
    this.#hasBeenSeen = true;
    return hasBeenSeen;
  }

  child(name: string, make: (name: string) => PlainShape | null): PlainShape | null {
    if (this.#last !== null && this.#lastName === name) return this.#last;
    let child = this.#next.get(name) ?? null;
    if (child === null) {
      child = make(name);
      if (child === null) return null;
      this.#next.set(name, child);
    }
    this.#lastName = name;
    this.#last = child;
    return child;
  }

  /** Writes the values of an object that has these names. */
  writeValues(
    names: readonly string[],
    object: Readonly<Record<string, unknown>>,
    depth: number,
    value: Writes,
  ): boolean {
    if (this.#write !== null) return this.#write(object, depth, value);
    if (++this.#uses === usesBefore) this.#write = writerOf(names);
    for (const name of names) if (!value(object[name], depth)) return false;
    return true;
  }
}

/** The shapes that one writer has seen. */
export class PlainShapes {
  readonly #root = new PlainShape();
  /** Those with a number. */
  readonly #numbered: PlainShape[] = [];
  #nodes = 0;
  readonly #make = (name: string): PlainShape | null =>
    name.length <= nameCharactersMax && this.#nodes++ < nodesMax ? new PlainShape() : null;

  get size(): number {
    return this.#numbered.length;
  }

  /** @returns null for names that are not worth it */
  of(names: readonly string[]): PlainShape | null {
    if (names.length === 0 || names.length > namesMax) return null;
    let shape: PlainShape | null = this.#root;
    for (const name of names) {
      shape = shape.child(name, this.#make);
      if (shape === null) return null;
    }
    return shape;
  }

  /** Gives a shape that comes again its number, unless there are too many. @returns whether it has one now */
  number(shape: PlainShape): boolean {
    if (!shape.see() || this.#numbered.length === shapesMax) return false;
    shape.number = this.#numbered.push(shape) - 1;
    return true;
  }

  /** The frame that has told of the latest will not be read. */
  shrinkTo(size: number): void {
    while (this.#numbered.length > size) (this.#numbered.pop() as PlainShape).number = -1;
  }
}

/** Makes objects of one shape of the values that `value` reads one after the other. */
export class PlainShapeReader {
  readonly #names: readonly string[];
  #uses = 0;
  #read: ((value: () => unknown) => Record<string, unknown>) | null = null;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  get size(): number {
    return this.#names.length;
  }

  read(value: () => unknown): Record<string, unknown> {
    if (this.#read !== null) return this.#read(value);
    if (++this.#uses === usesBefore) this.#read = readerOf(this.#names);
    const object: Record<string, unknown> = {};
    for (const name of this.#names) object[name] = value();
    return object;
  }
}

/** Null where generating code is forbidden. */
function writerOf(names: readonly string[]): ((object: object, depth: number, value: Writes) => boolean) | null {
  const writes = names.map((name) => `value(object[${JSON.stringify(name)}], depth)`);
  return generated(`(object, depth, value) => ${writes.join(' && ')}`);
}

function readerOf(names: readonly string[]): ((value: () => unknown) => Record<string, unknown>) | null {
  const reads = names.map((name) => `${JSON.stringify(name)}: value()`);
  return generated(`(value) => ({ ${reads.join(', ')} })`);
}

function generated<F>(source: string): F | null {
  try {
    return new Function(`'use strict'; return ${source};`)() as F;
  } catch {
    return null;
  }
}
