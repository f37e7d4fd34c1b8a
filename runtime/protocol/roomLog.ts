/**
 * The log of a room: for each author a chain of entries, each with a sequence, the hash of the one before, a hybrid
 * time and a signature of the author's node. Who has the entries can check them without asking anybody; all nodes
 * put them in the same order. Moderation is written to the same log, under its own kinds.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from './canonicalJson.js';
import type { DropReason } from './dropReasons.js';
import { importPublicKey, type NodeId, type NodeIdentity, nodeIdOf, verifySignature } from './identity.js';
import { limits } from './limits.js';
import type { ChatMessage, EntrySeal, HybridTime, MessageBody } from './schemas/chat.js';

export const entryKinds = ['message', 'redaction', 'ban', 'role'] as const;
export type EntryKind = (typeof entryKinds)[number];

/** The shape in which an entry is stored and repaired; it does not change when further kinds are added. */
export interface RoomLogEntry {
  readonly roomId: string;
  readonly kind: EntryKind;
  readonly body: Readonly<Record<string, unknown>>;
  readonly seal: EntrySeal;
}

export const firstPreviousHash = new Uint8Array(32);

/** `participant@node`: participants of the same name on two nodes are two authors. */
export function authorOf(participantId: string, nodeId: NodeId): string {
  return `${participantId}@${nodeId}`;
}

export function nodeOfAuthor(author: string): string {
  return author.slice(author.lastIndexOf('@') + 1);
}

function signedBytes(roomId: string, kind: EntryKind, body: unknown, seal: Omit<EntrySeal, 'signature'>): Buffer {
  const { author, sequence, previousHash, hybridTime } = seal;
  return Buffer.from(canonicalJson({ roomId, kind, body, author, sequence, previousHash, hybridTime }));
}

/** Hashes of entries that were sealed or checked by this thread: the bytes that are signed are spelt once, not twice. */
const knownHashes = new WeakMap<RoomLogEntry, Uint8Array>();

function hashOf(signed: Buffer): Uint8Array {
  return new Uint8Array(createHash('sha256').update(signed).digest());
}

/** SHA-256 over everything that the signature covers; the next entry of the author names it. */
export function entryHash(entry: RoomLogEntry): Uint8Array {
  return knownHashes.get(entry) ?? hashOf(signedBytes(entry.roomId, entry.kind, entry.body, entry.seal));
}

export interface ChainHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

export const emptyChain: ChainHead = { sequence: 0, hash: firstPreviousHash };

/** Appends to the chain of a participant of this node. */
export function sealEntry(
  identity: NodeIdentity,
  participantId: string,
  head: ChainHead,
  hybridTime: HybridTime,
  entry: Pick<RoomLogEntry, 'roomId' | 'kind' | 'body'>,
): RoomLogEntry {
  const unsigned = {
    author: authorOf(participantId, identity.nodeId),
    sequence: head.sequence + 1,
    previousHash: head.hash,
    hybridTime,
    publicKey: identity.publicKey,
  };
  const signed = signedBytes(entry.roomId, entry.kind, entry.body, unsigned);
  const sealed: RoomLogEntry = { ...entry, seal: { ...unsigned, signature: identity.sign(signed) } };
  knownHashes.set(sealed, hashOf(signed));
  return sealed;
}

/** Importing a key costs more than a verification, and a room hears the same few nodes again and again. */
const importedKeys = new LRUCache<string, { key: KeyObject; publicKey: Uint8Array }>({ max: limits.peersMax });

/** Whether the entry was signed by the node that its author names. Its place in the chain is checked by follows(). */
export function isAuthentic(entry: RoomLogEntry): boolean {
  const { seal } = entry;
  const nodeId = nodeOfAuthor(seal.author);
  let known = importedKeys.get(nodeId);
  if (!known) {
    if (nodeIdOf(seal.publicKey) !== nodeId) return false;
    try {
      known = { key: importPublicKey(seal.publicKey), publicKey: Uint8Array.from(seal.publicKey) };
    } catch {
      return false;
    }
    importedKeys.set(nodeId, known);
  }
  // The key is not among what is signed: another one in its place would be stored and refused by the next node.
  if (Buffer.compare(known.publicKey, seal.publicKey) !== 0) return false;
  const signed = signedBytes(entry.roomId, entry.kind, entry.body, seal);
  if (!verifySignature(known.key, signed, seal.signature)) return false;
  knownHashes.set(entry, hashOf(signed));
  return true;
}

/** Whether the entry is the next one after `head`; a fork (right number, other hash) is 'bad-chain'. */
export function follows(
  head: ChainHead,
  entry: RoomLogEntry,
): true | 'gap' | 'known' | Extract<DropReason, 'bad-chain'> {
  if (entry.seal.sequence <= head.sequence) return 'known';
  if (entry.seal.sequence > head.sequence + 1) return 'gap';
  return Buffer.compare(entry.seal.previousHash, head.hash) === 0 ? true : 'bad-chain';
}

/** The order that is the same on every node: hybrid time, then author, then sequence. */
export function compareEntries(left: RoomLogEntry, right: RoomLogEntry): number {
  return (
    left.seal.hybridTime.ms - right.seal.hybridTime.ms ||
    left.seal.hybridTime.counter - right.seal.hybridTime.counter ||
    (left.seal.author < right.seal.author ? -1 : left.seal.author > right.seal.author ? 1 : 0) ||
    left.seal.sequence - right.seal.sequence
  );
}

/** The next hybrid time of this node: later than `last`, and than `heard` where another node's entry is given. */
export function tickHybridTime(nowMs: number, last: HybridTime, heard?: HybridTime): HybridTime {
  const ms = Math.max(nowMs, last.ms, heard?.ms ?? 0);
  const counters = [last, heard].filter((time) => time?.ms === ms).map((time) => (time as HybridTime).counter);
  return { ms, counter: counters.length === 0 ? 0 : Math.max(...counters) + 1 };
}

export function entryOfMessage(message: ChatMessage): RoomLogEntry {
  const { entry: seal, ...body } = message;
  return { roomId: message.roomId, kind: 'message', body, seal };
}

/** The event of a stored entry; undefined for kinds that are not messages. */
export function messageOfEntry(entry: RoomLogEntry): ChatMessage | undefined {
  if (entry.kind !== 'message') return undefined;
  return { ...(entry.body as MessageBody), entry: entry.seal };
}
