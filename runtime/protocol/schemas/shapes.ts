/** The building blocks that all event schemas share: bounded ids, texts, ratios, times and binary fields. */

import { limits } from '../limits.js';
import Type, { type TSchema } from '../typebox.js';

export const Id = Type.String({ minLength: 1, maxLength: limits.idCharactersMax });
export const Phrase = Type.String({ minLength: 1, maxLength: limits.phraseCharactersMax });
export const SignalText = Type.String({ maxLength: limits.signalTextCharactersMax });
/** 0 to 1. */
export const Ratio = Type.Number({ minimum: 0, maximum: 1 });
/** A measured 0 to 1; null means not measured, which is not the same as 0 (settlement C30). */
export const Score = Type.Union([Ratio, Type.Null()]);
/** Milliseconds since the Unix epoch; the bound is that of ECMAScript's Date. */
export const TimestampMs = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
export const DurationMs = Type.Number({ minimum: 0, maximum: 31_536_000_000 });
export const Ids = Type.Array(Id, { maxItems: limits.listItemsMax });
export const Phrases = Type.Array(Phrase, { maxItems: limits.listItemsMax });

/** `minLength` to `maxLength` bytes; they travel as MessagePack bin. */
export function Bytes(minLength: number, maxLength: number = minLength) {
  return Type.Refine(
    Type.Unsafe<Uint8Array>({ description: `bytes, ${minLength} to ${maxLength}` }),
    (value: unknown) => value instanceof Uint8Array && value.length >= minLength && value.length <= maxLength,
    () => `must be ${minLength === maxLength ? maxLength : `${minLength} to ${maxLength}`} bytes`,
  );
}

/** One of the given words. */
export function Words<const T extends string[]>(...words: T) {
  return Type.Enum<T>([...words]);
}

/** An object that refuses fields it does not know, so that nothing unvalidated passes. */
export function Fields<T extends Record<string, TSchema>>(fields: T) {
  return Type.Object(fields, { additionalProperties: false });
}
