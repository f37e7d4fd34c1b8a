/** Reads a setup: whose stream it is, and what kind of one. Its tag is checked by the caller, its signature here. */
import type { KeyObject } from 'node:crypto';
import {
  importPublicKey,
  type NodeId,
  nodeIdOf,
  publicKeyBytes,
  signatureBytes,
  verifySignature,
} from '../../../../runtime/protocol/identity.js';
import { type StreamAddress, type StreamSource, streamClasses } from '../../../../runtime/protocol/streams.js';
import { controlBytes, sessionAt, sessionBytes, setupFlags } from '../streamDatagrams.js';

export interface Publisher {
  readonly source: StreamSource;
  readonly publicKey: KeyObject;
}

/** Whose stream it is, if the setup is the node's own. */
export function publisherOf(setup: Buffer, address: StreamAddress): Publisher | undefined {
  const signedBytes = controlBytes.setup - signatureBytes;
  const keyBytes = setup.subarray(28, 28 + publicKeyBytes);
  const streamClass = streamClasses[setup[60] as number];
  const nodeId = setup.toString('hex', 12, 28) as NodeId;
  if (!streamClass || nodeIdOf(keyBytes) !== nodeId) return undefined;
  const publicKey = keyFrom(keyBytes);
  const isSigned = publicKey && verifySignature(publicKey, setup.subarray(0, signedBytes), setup.subarray(signedBytes));
  if (!isSigned) return undefined;
  const session = setup.toString('hex', sessionAt, sessionAt + sessionBytes);
  const isProven = ((setup[61] as number) & setupFlags.proven) !== 0;
  const source = { session, nodeId, streamClass, isProven, layoutHash: setup.readUInt32BE(72), address };
  return { source, publicKey };
}

/** Not every 32 bytes are a point of the curve. */
function keyFrom(publicKey: Buffer): KeyObject | undefined {
  try {
    return importPublicKey(publicKey);
  } catch {
    return undefined;
  }
}
