/**
 * The message that gives ids their numbers in a stream: the MessagePack array [0, first number, id, id, …], each id
 * with the number after that of the one before it. No event has the id 0, and the 0 is one byte where an event has
 * three, so that a definition is never taken for an event.
 */
import { isUtf8 } from 'node:buffer';
import { limits } from '../limits.js';

/** dc n n, 00, cd f f */
export const definitionsHeadBytes = 7;
const textHeadBytes = 3;
/** Holds the longest id there is. */
export const definitionsBytesMin = 1_024;

export function definitionBytes(id: string): number {
  return textHeadBytes + Buffer.byteLength(id);
}

export function writeDefinitionsHead(target: Buffer, offset: number, first: number, count: number): void {
  target[offset] = 0xdc;
  target.writeUInt16BE(count + 2, offset + 1);
  target[offset + 3] = 0x00;
  target[offset + 4] = 0xcd;
  target.writeUInt16BE(first, offset + 5);
}

/** @returns the offset behind the id, whose room the caller has checked */
export function writeDefinition(target: Buffer, offset: number, id: string): number {
  const bytes = target.write(id, offset + textHeadBytes, 'utf8');
  target[offset] = 0xda;
  target.writeUInt16BE(bytes, offset + 1);
  return offset + textHeadBytes + bytes;
}

/**
 * A message with as many ids from number `first` on as are there and fit, at least one.
 * @returns the number after the last of them
 */
export function definitionsMessage(
  ids: readonly (string | undefined)[],
  first: number,
  bytesMax: number,
): { readonly bytes: Buffer; readonly next: number } {
  const target = Buffer.allocUnsafe(Math.max(bytesMax, definitionsBytesMin));
  let at = definitionsHeadBytes;
  let next = first;
  for (let id = ids[next]; id !== undefined && at + definitionBytes(id) <= target.length; id = ids[next]) {
    at = writeDefinition(target, at, id);
    next++;
  }
  writeDefinitionsHead(target, 0, first, next - first);
  return { bytes: target.subarray(0, at), next };
}

/** Whether what begins here can only be a message of definitions. */
export function isDefinitions(source: Buffer, offset: number): boolean {
  return source[offset] === 0xdc && source[offset + 3] === 0x00;
}

/** @returns undefined for bytes that are not exactly one such message */
export function readDefinitions(
  source: Buffer,
  offset: number,
  end: number,
): { readonly first: number; readonly ids: readonly string[] } | undefined {
  if (!(offset >= 0 && end <= source.length && offset + definitionsHeadBytes <= end)) return undefined;
  if (!isDefinitions(source, offset) || source[offset + 4] !== 0xcd) return undefined;
  const count = source.readUInt16BE(offset + 1) - 2;
  const first = source.readUInt16BE(offset + 5);
  if (count < 1 || first + count > limits.dictionaryIdsMax) return undefined;
  const ids: string[] = [];
  let at = offset + definitionsHeadBytes;
  while (ids.length < count) {
    if (at + textHeadBytes > end || source[at] !== 0xda) return undefined;
    const from = at + textHeadBytes;
    at = from + source.readUInt16BE(at + 1);
    if (at > end) return undefined;
    const bytes = source.subarray(from, at);
    if (!isUtf8(bytes)) return undefined;
    const id = bytes.toString('utf8');
    if (id.length < 1 || id.length > limits.idCharactersMax) return undefined;
    ids.push(id);
  }
  return at === end ? { first, ids } : undefined;
}
