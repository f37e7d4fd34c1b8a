/**
 * A fixed binary layout of a hot event, generated from the event's schema and itself valid MessagePack: what every
 * decoder reads, this one reads at fixed offsets. Decoding checks every prefix and every bound of the schema, so no
 * other validation is needed behind it.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonicalJson.js';
import { AcademyError } from '../errors.js';
import { type AcademyEventData, requireEvent } from '../events.js';
import { Compile, type TSchema } from '../typebox.js';
import { type DecodeScope, decodeSource, lazySource, wordTables } from './decodeSource.js';
import { type EncodeScope, encodeSource } from './encodeSource.js';
import { type HotEventName, hotEvents } from './hotEvents.js';
import type { IdDictionary } from './IdDictionary.js';
import type { IdTable } from './IdTable.js';
import { layoutFields } from './layoutFields.js';
import { layoutPlan } from './layoutPlan.js';
import { readRest, writeRest } from './rest.js';
import { hasLength, isAscii, readUtf8, rewriteTexts, splitsPair } from './texts.js';
import { viewOf } from './viewOf.js';

/** Raised whenever the same schema gives other bytes than before. */
const formatVersion = 1;

export interface LayoutDescription {
  /** Number of the event on the wire, 1 to 65535. */
  readonly eventId: number;
  readonly schema: TSchema;
  /** Names of top-level ids that get numbers in a stream; empty for a layout without a dictionary. */
  readonly repeatedIds: readonly string[];
}

/** Reads single fields of a message where they stand. */
export interface LazyReader<T> {
  /**
   * Moves to a message and checks it as decode() does, except that a text of ASCII is looked at only when it is read.
   * @returns false for anything that is not a valid message; the reader then has no value
   */
  at(source: Buffer, offset: number, end: number, ids: IdTable | null): boolean;
  /**
   * A view with a getter for each field; only texts are allocated, each time that they are asked for. It is of the
   * message that `at` last said true to, whose bytes must not have changed since. A text whose bytes turn out not to
   * be UTF-8 is undefined.
   */
  readonly value: T;
}

type Encode<T> = (value: T, target: Buffer, offset: number, limit: number, ids: IdDictionary | null) => number;
type Decode<T> = (source: Buffer, offset: number, end: number, ids: IdTable | null) => T | undefined;

const encodeScope: EncodeScope = { viewOf, rewriteTexts, writeRest };

export class FixedLayout<T> {
  readonly eventId: number;
  /** uint32 over all that decides on the bytes: sides with different hashes must not read each other. */
  readonly hash: number;
  /**
   * Writes a value at `offset`, never beyond `limit`. Lone surrogates become U+FFFD. The value has to be one of the
   * event: another one gives a negative number, a TypeError or a message that decode() refuses.
   * @param ids of the stream; null: every id travels as text
   * @returns the offset behind the message, or needsDefinitions (-1), doesNotFit (-2) or notEncodable (-3)
   */
  readonly encode: Encode<T>;
  /**
   * Never throws.
   * @param ids of the stream; null: only ids that travel as text are known
   * @returns undefined for bytes that are not exactly one valid message
   */
  readonly decode: Decode<T>;
  readonly #Reader: new () => LazyReader<T>;

  /**
   * The layout of a hot event; each is made once.
   * @param options.dictionary false for streams that may lose messages, where a definition could be lost
   * @example
   * const layout = FixedLayout.of('academy.chat.typing', { dictionary: false });
   * const end = layout.encode(typing, buffer, 0, buffer.length, null);
   * const same = layout.decode(buffer, 0, end, null);
   */
  static of<N extends HotEventName>(
    name: N,
    { dictionary = true }: { readonly dictionary?: boolean } = {},
  ): FixedLayout<AcademyEventData[N]> {
    const key = `${name} ${dictionary}`;
    let layout = layouts.get(key);
    if (!layout) {
      const { id, schema } = requireEvent(name);
      const repeatedIds = dictionary ? hotEvents[name].repeatedIds : [];
      layout = FixedLayout.from({ eventId: id, schema, repeatedIds });
      layouts.set(key, layout);
    }
    return layout as FixedLayout<AcademyEventData[N]>;
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a schema that no fixed layout can be made of */
  static from<T>(description: LayoutDescription): FixedLayout<T> {
    return new FixedLayout<T>(description);
  }

  private constructor({ eventId, schema, repeatedIds }: LayoutDescription) {
    if (!Number.isInteger(eventId) || eventId < 1 || eventId > 0xffff) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `an event's number is from 1 to 65535, not ${eventId}`);
    }
    const plan = layoutPlan(eventId, layoutFields(schema, repeatedIds));
    const decodeScope: DecodeScope = {
      viewOf,
      readUtf8,
      isAscii,
      splitsPair,
      hasLength,
      readRest,
      looseChecks: plan.loose.map(({ schema: loose }) => {
        const validator = Compile(loose);
        return (value: unknown) => validator.Check(value);
      }),
    };
    const tables = wordTables(plan);
    this.eventId = eventId;
    this.hash = hashOf({ formatVersion, eventId, schema, repeatedIds });
    this.encode = generate(encodeScope, ['value', 'target', 'offset', 'limit', 'ids'], encodeSource(plan), '');
    this.decode = generate(decodeScope, ['source', 'offset', 'end', 'ids'], decodeSource(plan), tables);
    this.#Reader = generate<() => new () => LazyReader<T>>(decodeScope, [], lazySource(plan), tables)();
  }

  /** A reader of its own; it is for one message after another, not for several at a time. */
  lazy(): LazyReader<T> {
    return new this.#Reader();
  }
}

const layouts = new Map<string, unknown>();

/** Makes a function of source text, as TypeBox does with validators; the text comes from schemas, never from a peer. */
function generate<F>(scope: EncodeScope | DecodeScope, parameters: readonly string[], body: string, before: string): F {
  return new Function('scope', `'use strict'; ${before} return function (${parameters.join(', ')}) {${body}\n}`)(
    scope,
  ) as F;
}

function hashOf(description: unknown): number {
  // The order of properties is part of the layout, and canonical JSON sorts it away.
  const text = canonicalJson(description) + JSON.stringify(description);
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
