/**
 * Who a node is, and what makes it a member. A node has an Ed25519 key; its id is the first 16 bytes of the SHA-256
 * of the raw public key, so an id cannot be claimed without the key. An academy has a 32-byte secret; the keys that
 * seal its datagrams and open its connections are derived from it with HKDF (RFC 5869).
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { AcademyError } from './errors.js';

declare const brand: unique symbol;
/** 32 hexadecimal characters. */
export type NodeId = string & { readonly [brand]: 'NodeId' };

export interface NodeIdentity {
  readonly nodeId: NodeId;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

export const publicKeyBytes = 32;
export const signatureBytes = 64;
export const secretBytes = 32;
export const seedBytes = 32;

// DER prefixes of an Ed25519 key (RFC 8410), so that raw 32-byte keys travel and are stored.
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const nodeIdPattern = /^[0-9a-f]{32}$/;

export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && nodeIdPattern.test(value);
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
export function asNodeId(value: string): NodeId {
  if (isNodeId(value)) return value;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${value}" is not a node id (32 hexadecimal characters)`);
}

export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32) as NodeId;
}

/** The identity that grows from a 32-byte seed; the seed is the private key and is kept in a file of mode 0600. */
export function identityFromSeed(seed: Uint8Array): NodeIdentity {
  if (seed.length !== seedBytes) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a node key has ${seedBytes} bytes, this one ${seed.length}`);
  }
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(spkiPrefix.length));
  return {
    nodeId: nodeIdOf(publicKey),
    publicKey,
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}

/** A public key ready to verify many signatures; importing it costs more than one verification. */
export function importPublicKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
}

export function verifySignature(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === signatureBytes && verify(null, bytes, key, signature);
}

/** The keys of an academy. `purpose` keeps datagrams, connections and later uses apart. */
export function deriveKey(secret: Uint8Array, academyId: string, purpose: 'datagram' | 'connection'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, academyId, `academy-mesh/1/${purpose}`, 32));
}

/** Proof that the holder knows `key`, over the given parts; each part is length-prefixed so that none can be shifted. */
export function proofOf(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', key);
  const length = Buffer.alloc(4);
  for (const part of parts) {
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}

export function proofsEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
