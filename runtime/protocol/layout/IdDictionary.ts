/**
 * Numbers for ids that repeat within one stream: the writer's side. An id gets its number when it is first
 * encountered, and the number may be used once its definition stands in the stream before it. Owned by one publisher
 * and never shrinks: when it is full, further ids travel as text.
 */
import { limits } from '../limits.js';
import {
  definitionBytes,
  definitionsHeadBytes,
  definitionsMessage,
  writeDefinition,
  writeDefinitionsHead,
} from './definitions.js';
import { doesNotFit, needsDefinitions } from './encodeResults.js';

/** What numberOf returns for an id that travels as text; its length is added by the layout. */
export const inlineId = 0x8000;

/** A power of two. */
const recentIds = 1_024;

/** By its length and last three characters, in which ids of one kind mostly differ; NaN counts as 0. */
function recentPlaceOf(id: string): number {
  const { length } = id;
  const last = id.charCodeAt(length - 1) + 11 * id.charCodeAt(length - 2) + 131 * id.charCodeAt(length - 3);
  return (last + 37 * length) & (recentIds - 1);
}

export class IdDictionary {
  readonly #ids: string[] = [];
  // A record and not a Map: looking up a text that has been looked up before compares pointers, because V8 interns
  // the keys of records. Publishers hold the same few texts for long: 12 ns against 40 in the midst of encoding. For a
  // text never seen before it costs 40 ns more than a Map.
  readonly #numbers: Record<string, number> = Object.create(null);
  /** Ids that were asked for lately, each at its place: equal texts are mostly the same object, and found by pointer. */
  readonly #recentIds: (string | null)[] = new Array<string | null>(recentIds).fill(null);
  readonly #recentNumbers = new Uint16Array(recentIds);
  readonly #idsMax: number;
  #announced = 0;

  /** @param idsMax ids that get a number, at most limits.dictionaryIdsMax */
  constructor(idsMax: number = limits.dictionaryIdsMax) {
    this.#idsMax = Math.min(idsMax, limits.dictionaryIdsMax);
  }

  /** Ids that have a number. */
  get size(): number {
    return this.#ids.length;
  }

  /** Ids whose definition has been written: numbers below this may be used. */
  get announced(): number {
    return this.#announced;
  }

  /**
   * The number of an id, or inlineId when it has none and gets none, or needsDefinitions (-1) when its definition has
   * to be written first.
   */
  numberOf(id: string): number {
    // What is no id by its schema is left to the layout to refuse.
    if (typeof id !== 'string') return inlineId;
    const recent = recentPlaceOf(id);
    if (this.#recentIds[recent] === id) return this.#recentNumbers[recent] as number;
    const number = this.#numbers[id] ?? this.#add(id);
    if (number >= this.#announced) return number === inlineId ? inlineId : needsDefinitions;
    this.#recentIds[recent] = id;
    this.#recentNumbers[recent] = number;
    return number;
  }

  /**
   * Writes a message with as many of the pending definitions as fit, which then count as announced. Call it until
   * `announced` is `size`.
   * @returns the offset behind the message, `offset` when nothing is pending, doesNotFit (-2) when none fits
   */
  writeDefinitions(target: Buffer, offset: number, limit: number): number {
    if (this.#announced === this.size) return offset;
    const { end, next } = this.#write(this.#announced, this.size, target, offset, Math.min(limit, target.length));
    if (next === this.#announced) return doesNotFit;
    this.#announced = next;
    return end;
  }

  /**
   * Messages that define again what was announced, from number `first` on: for a reader that joined late.
   * @param bytesMax of each message; at least 1024, which the longest definition needs
   */
  definitionsFrom(first: number, bytesMax: number = limits.datagramBytesMax): Buffer[] {
    const messages: Buffer[] = [];
    const announced = this.#ids.slice(0, this.#announced);
    for (let from = first; from < announced.length; ) {
      const { bytes, next } = definitionsMessage(announced, from, bytesMax);
      messages.push(bytes);
      from = next;
    }
    return messages;
  }

  #add(id: string): number {
    const valid = id.length > 0 && id.length <= limits.idCharactersMax;
    if (!valid || this.size >= this.#idsMax) return inlineId;
    this.#numbers[id] = this.size;
    return this.#ids.push(id) - 1;
  }

  #write(first: number, end: number, target: Buffer, offset: number, limit: number): { end: number; next: number } {
    let at = offset + definitionsHeadBytes;
    let next = first;
    while (next < end && at + definitionBytes(this.#ids[next] as string) <= limit) {
      at = writeDefinition(target, at, this.#ids[next] as string);
      next++;
    }
    if (next > first) writeDefinitionsHead(target, offset, first, next - first);
    return { end: at, next };
  }
}
