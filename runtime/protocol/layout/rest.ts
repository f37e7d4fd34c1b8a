/** The last element of a message: the loose fields that are there, as any MessagePack encoder writes them. */
import { MessageCodec } from '../MessageCodec.js';
import { doesNotFit, notEncodable } from './encodeResults.js';

const codec = new MessageCodec();

/** @returns the offset behind the list, doesNotFit (-2), or notEncodable (-3) for what MessagePack cannot hold */
export function writeRest(target: Buffer, offset: number, limit: number, values: readonly unknown[]): number {
  let bytes: Uint8Array;
  try {
    bytes = codec.encode(values.filter((value) => value !== undefined));
  } catch {
    return notEncodable;
  }
  if (offset + bytes.length > limit) return doesNotFit;
  target.set(bytes, offset);
  return offset + bytes.length;
}

/** @returns undefined for bytes that are not exactly a list of which each item passes its check */
export function readRest(
  source: Buffer,
  offset: number,
  end: number,
  checks: readonly ((value: unknown) => boolean)[],
): readonly unknown[] | undefined {
  const values = codec.decode(source.subarray(offset, end));
  if (!Array.isArray(values) || values.length !== checks.length) return undefined;
  return checks.every((check, index) => check(values[index])) ? values : undefined;
}
