/**
 * How a node says who it is: discovery and announce carry its public key and are signed by it, so that nobody can
 * introduce somebody else, however often the words are passed on. An introduction fits a datagram, since it is what
 * those hear who know nobody yet.
 */
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../protocol/canonicalJson.js';
import {
  importPublicKey,
  type NodeId,
  type NodeIdentity,
  nodeIdOf,
  signatureBytes,
  verifySignature,
} from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import { packetHeaderBytes } from '../protocol/packet.js';
import type { NodeAnnounce, NodeDiscovery } from '../protocol/schemas/node.js';

export type NodeIntroduction = NodeDiscovery | NodeAnnounce;
type Unsigned<T extends NodeIntroduction> = Omit<T, 'signature'>;

const payloadBytesMax = limits.datagramBytesMax - packetHeaderBytes;

/**
 * Signs what a node says of itself. Where it is too long for a datagram the longest lists are cut; who needs to know
 * more asks (academy.capability.query).
 */
export function introduce<T extends NodeIntroduction>(
  identity: NodeIdentity,
  about: Unsigned<T>,
  codec: MessageCodec,
): T {
  let fitting: Unsigned<NodeIntroduction> = withLists(about, (list) => list.slice(0, limits.listItemsMax));
  while (encodedBytes(fitting, codec) > payloadBytesMax) {
    const longest = Math.max(...lists(fitting).map((list) => list.length));
    if (longest === 0) break;
    fitting = withLists(fitting, (list) => (list.length === longest ? list.slice(0, longest >> 1) : list));
  }
  return { ...fitting, signature: identity.sign(signedBytes(fitting)) } as T;
}

/** Importing a key costs as much as a verification, and the same peers speak again and again. */
const importedKeys = new LRUCache<NodeId, KeyObject>({ max: limits.peersMax });

/** Whether the node whose id it names has signed it, and its id is the hash of its key. */
export function isAuthentic(introduction: NodeIntroduction): boolean {
  const nodeId = introduction.nodeId as NodeId;
  try {
    let key = importedKeys.get(nodeId);
    if (!key) {
      if (nodeIdOf(introduction.publicKey) !== nodeId) return false;
      key = importPublicKey(introduction.publicKey);
      importedKeys.set(nodeId, key);
    }
    return verifySignature(key, signedBytes(introduction), introduction.signature);
  } catch {
    return false;
  }
}

function signedBytes(introduction: Unsigned<NodeIntroduction>): Buffer {
  return Buffer.from(canonicalJson({ ...introduction, signature: undefined }));
}

function encodedBytes(about: Unsigned<NodeIntroduction>, codec: MessageCodec): number {
  return codec.encode({ ...about, signature: new Uint8Array(signatureBytes) }).length;
}

function lists({ rooms, capabilities }: Unsigned<NodeIntroduction>): string[][] {
  return [rooms, ...Object.values(capabilities)];
}

function withLists(about: Unsigned<NodeIntroduction>, cut: (list: string[]) => string[]): Unsigned<NodeIntroduction> {
  const { training, genomes, personas, specializations } = about.capabilities;
  return {
    ...about,
    rooms: cut(about.rooms),
    capabilities: {
      training: cut(training),
      genomes: cut(genomes),
      personas: cut(personas),
      specializations: cut(specializations),
    },
  };
}
