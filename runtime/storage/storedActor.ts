/** The entry of an actor in the store, written and read: what was damaged on the disk is told from what was not. */
import { deserialize, serialize } from 'node:v8';
import type { StoredActor } from '../hosting/persistence/ActorStorage.js';
import { persistKinds } from '../protocol/persistence.js';

export function encodeStoredActor(actor: StoredActor): Uint8Array {
  return serialize(actor);
}

/** @returns null for what is no actor of that id */
export function decodeStoredActor(id: number, bytes: Uint8Array): StoredActor | null {
  let actor: Partial<StoredActor> | null;
  try {
    actor = deserialize(bytes) as Partial<StoredActor> | null;
  } catch {
    return null;
  }
  if (typeof actor !== 'object' || actor === null) return null;
  const { kind, spec } = actor;
  const isWhole =
    actor.id === id &&
    kind !== undefined &&
    persistKinds.includes(kind) &&
    typeof spec === 'object' &&
    spec !== null &&
    [spec.name, spec.module, spec.exportName].every((text) => typeof text === 'string');
  return isWhole ? (actor as StoredActor) : null;
}

/** The name in an entry that cannot be read, if that at least is whole: a key and a short text as V8 writes them. */
export function nameInDamaged(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const key = '"\x04name"';
  const place = text.indexOf(key);
  if (place < 0) return undefined;
  const start = place + key.length + 1;
  const length = text.charCodeAt(start - 1);
  const name = text.slice(start, start + length);
  const isWhole = length > 0 && length < 0x80 && name.length === length && /^[\x20-\x7e]+$/.test(name);
  return isWhole ? name : undefined;
}
