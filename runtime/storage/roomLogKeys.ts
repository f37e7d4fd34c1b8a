/**
 * The keys of the room log. All are compared as bytes, so numbers are big-endian and of fixed width, and sorting by
 * key is sorting by what the key says. Rooms and authors have a number each that is given on first use and never
 * given again, so that a key of the chain is 16 bytes whatever the ids.
 *
 * ```
 * room     u32 room                                                    -> RoomRecord
 * author   u32 room, u32 author                                        -> author's id
 * chain    u32 room, u32 author, u64 sequence                          -> RoomLogEntry
 * order    u32 room, u64 ms, u32 counter, author in UTF-16, u64 sequence  -> chain key
 * message  u32 room, message id in UTF-8                               -> chain key
 * ```
 */
import { AcademyError } from '../protocol/errors.js';
import type { RoomLogEntry } from '../protocol/roomLog.js';

export const highestNumber = 0xffff_ffff;

export function roomKey(room: number): Uint8Array {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(room, 0);
  return key;
}

export function authorKey(room: number, author: number): Uint8Array {
  const key = Buffer.alloc(8);
  key.writeUInt32BE(room, 0);
  key.writeUInt32BE(author, 4);
  return key;
}

export function chainKey(room: number, author: number, sequence: number): Uint8Array {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(room, 0);
  key.writeUInt32BE(author, 4);
  key.writeBigUInt64BE(BigInt(sequence), 8);
  return key;
}

export function messageKey(room: number, messageId: string): Uint8Array {
  return Buffer.concat([roomKey(room), Buffer.from(messageId, 'utf8')]);
}

/** The place of an entry in the common order, the same on every node: what a cursor says. */
export function orderPlace({ seal }: RoomLogEntry): Uint8Array {
  const time = Buffer.alloc(12);
  time.writeBigUInt64BE(BigInt(seal.hybridTime.ms), 0);
  time.writeUInt32BE(seal.hybridTime.counter, 8);
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64BE(BigInt(seal.sequence), 0);
  return Buffer.concat([time, sortableText(seal.author), sequence]);
}

export function orderKey(room: number, place: Uint8Array): Uint8Array {
  return Buffer.concat([roomKey(room), place]);
}

/**
 * Text that sorts as bytes as it does in compareEntries(): by UTF-16 code units, a prefix before what it begins. The
 * unit 0 is followed by a 1 and the end is two zeros, so that what comes after the text cannot be taken for a part of it.
 */
function sortableText(text: string): Buffer {
  const units: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    units.push(unit);
    if (unit === 0) units.push(1);
  }
  units.push(0, 0);
  const bytes = Buffer.alloc(units.length * 2);
  units.forEach((unit, index) => {
    bytes.writeUInt16BE(unit, index * 2);
  });
  return bytes;
}

export function formatCursor(place: Uint8Array): string {
  return Buffer.from(place).toString('base64url');
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for what no page has returned */
export function parseCursor(cursor: string): Uint8Array {
  const place = Buffer.from(cursor, 'base64url');
  const shortest = 12 + 4 + 8;
  const longest = 12 + 4 * 161 + 4 + 8;
  if (place.length < shortest || place.length > longest || place.toString('base64url') !== cursor) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'the cursor is not one that a page of history has returned', {
      remedy: 'ask without a cursor for the newest page',
    });
  }
  return place;
}
