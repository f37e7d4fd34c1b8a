/**
 * How two nodes prove to each other who they are and that they belong to the academy, before anything else is read.
 * Both say hello at once; each then signs both hellos with its node key and, in an academy with a secret, adds a proof
 * under the key derived from it. The role is part of what is signed, so that a proof cannot be sent back to its maker,
 * and both nonces are, so that it cannot be used again. It authenticates; it does not encrypt.
 *
 * ```
 * hello: 0 u16 magic 0xACAC  2 u8 version  3 u8 flags (bit 0: keyed)  4 16 bytes node  20 32 bytes public key
 *        52 32 bytes nonce   84 8 bytes academy   92 8 bytes instance (one life of the node)
 * proof: 0 64 bytes Ed25519 signature   64 32 bytes HMAC-SHA-256, zeros in an open academy
 * ```
 */
import {
  importPublicKey,
  type NodeId,
  type NodeIdentity,
  nodeIdOf,
  proofOf,
  proofsEqual,
  publicKeyBytes,
  signatureBytes,
  verifySignature,
} from '../../runtime/protocol/identity.js';

/** Why a connection was not accepted; each is counted. */
export const refusals = [
  'malformed',
  'version',
  'academy',
  'identity',
  'self',
  'signature',
  'secret',
  'deadline',
  'too-many',
] as const;
export type Refusal = (typeof refusals)[number];

/** Who opened the connection, and who accepted it. */
export type Role = 'dialler' | 'listener';

export interface Hello {
  readonly nodeId: NodeId;
  readonly publicKey: Uint8Array;
  /** Tells one life of a node from the next, in hexadecimal. */
  readonly instance: string;
  /** As it was sent, for what is signed. */
  readonly bytes: Buffer;
}

/** What a node brings into every handshake. */
export interface Credentials {
  readonly identity: NodeIdentity;
  /** Of the academy: academyTag(). */
  readonly academy: Uint8Array;
  /** Derived from the academy's secret; null in an open academy. */
  readonly connectionKey: Uint8Array | null;
  /** 8 random bytes, new at each start. */
  readonly instance: Uint8Array;
}

const magic = 0xacac;
const version = 1;
const keyedFlag = 0x01;
const helloBytes = 100;
const macBytes = 32;
export const nonceBytes = 32;
export const instanceBytes = 8;
/** Nothing longer is read from a peer that has not proved itself. */
export const handshakeBodyBytesMax = 128;

const encoder = new TextEncoder();

/** @param nonce 32 fresh random bytes */
export function sayHello(credentials: Credentials, nonce: Uint8Array): Hello {
  const { identity, academy, connectionKey, instance } = credentials;
  const bytes = Buffer.alloc(helloBytes);
  bytes.writeUInt16BE(magic, 0);
  bytes[2] = version;
  bytes[3] = connectionKey ? keyedFlag : 0;
  bytes.write(identity.nodeId, 4, 16, 'hex');
  bytes.set(identity.publicKey, 20);
  bytes.set(nonce, 52);
  bytes.set(academy, 84);
  bytes.set(instance, 92);
  const { nodeId, publicKey } = identity;
  return { nodeId, publicKey, instance: Buffer.from(instance).toString('hex'), bytes };
}

/** Checks of a peer's hello what needs no proof. Never throws. */
export function hearHello(bytes: Buffer, credentials: Credentials): Hello | Refusal {
  if (bytes.length !== helloBytes || bytes.readUInt16BE(0) !== magic) return 'malformed';
  if (bytes[2] !== version) return 'version';
  if (!Buffer.from(credentials.academy).equals(bytes.subarray(84, 92))) return 'academy';
  if (((bytes.readUInt8(3) & keyedFlag) !== 0) !== (credentials.connectionKey !== null)) return 'secret';
  const publicKey = bytes.subarray(20, 20 + publicKeyBytes);
  const nodeId = nodeIdOf(publicKey);
  if (bytes.toString('hex', 4, 20) !== nodeId) return 'identity';
  if (nodeId === credentials.identity.nodeId) return 'self';
  return { nodeId, publicKey, instance: bytes.toString('hex', 92, 100), bytes };
}

/** @param role of who proves */
export function makeProof(credentials: Credentials, role: Role, own: Hello, peer: Hello): Uint8Array {
  const signature = credentials.identity.sign(signedBytes(role, own, peer));
  return Buffer.concat([signature, membershipProof(credentials.connectionKey, role, own, peer, signature)]);
}

/**
 * @param role of the peer, who has proved
 * @returns null when it holds
 */
export function checkProof(
  proof: Buffer,
  credentials: Credentials,
  role: Role,
  own: Hello,
  peer: Hello,
): Refusal | null {
  if (proof.length !== signatureBytes + macBytes) return 'malformed';
  const signature = proof.subarray(0, signatureBytes);
  const expected = membershipProof(credentials.connectionKey, role, peer, own, signature);
  if (!proofsEqual(proof.subarray(signatureBytes), expected)) return 'secret';
  return isSigned(signature, signedBytes(role, peer, own), peer) ? null : 'signature';
}

function isSigned(signature: Uint8Array, bytes: Uint8Array, peer: Hello): boolean {
  try {
    return verifySignature(importPublicKey(peer.publicKey), bytes, signature);
  } catch {
    // 32 bytes that are no point of the curve.
    return false;
  }
}

/** The prover's hello first; its role says which of the two that is. */
function signedBytes(role: Role, prover: Hello, verifier: Hello): Uint8Array {
  return Buffer.concat([encoder.encode(`academy-mesh/1/${role}\n`), prover.bytes, verifier.bytes]);
}

function membershipProof(
  key: Uint8Array | null,
  role: Role,
  prover: Hello,
  verifier: Hello,
  signature: Uint8Array,
): Uint8Array {
  if (!key) return new Uint8Array(macBytes);
  return proofOf(key, encoder.encode(role), prover.bytes, verifier.bytes, signature);
}
