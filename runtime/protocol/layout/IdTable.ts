/**
 * Numbers for ids that repeat within one stream: the reader's side. A number once defined keeps its id for the life
 * of the stream, so a peer that defines it otherwise cannot change what was, or will be, read.
 */
import { limits } from '../limits.js';
import { definitionsMessage, readDefinitions } from './definitions.js';

export class IdTable {
  // Full from the start, so that a look-up of any number of 12 bits stays within it.
  readonly #ids: (string | undefined)[] = new Array<string | undefined>(limits.dictionaryIdsMax).fill(undefined);

  #known = 0;

  /** Every number below this has been defined. */
  get known(): number {
    return this.#known;
  }

  /**
   * Takes in a message of definitions, wholly or not at all. To hear what is known already changes nothing; numbers
   * may come in any order.
   * @returns false for bytes that are not exactly such a message, and for a number that has another id
   */
  define(source: Buffer, offset: number, end: number): boolean {
    const definitions = readDefinitions(source, offset, end);
    if (!definitions) return false;
    const { first, ids } = definitions;
    for (const [index, id] of ids.entries()) {
      const known = this.#ids[first + index];
      if (known !== undefined && known !== id) return false;
    }
    for (const [index, id] of ids.entries()) this.#ids[first + index] = id;
    while (this.#ids[this.#known] !== undefined) this.#known++;
    return true;
  }

  /** All that is known, as messages of definitions for another table. @param bytesMax of each; at least 1024 */
  definitions(bytesMax: number): Buffer[] {
    const messages: Buffer[] = [];
    for (let first = 0; first < this.#ids.length; ) {
      const message = this.#ids[first] === undefined ? null : definitionsMessage(this.#ids, first, bytesMax);
      if (message) messages.push(message.bytes);
      first = message?.next ?? first + 1;
    }
    return messages;
  }

  /** @returns undefined for a number that has not been defined */
  idOf(number: number): string | undefined {
    return this.#ids[number];
  }
}
