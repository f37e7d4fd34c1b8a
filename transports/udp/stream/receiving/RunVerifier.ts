/**
 * Proof of source, the receiver's side: whether a run was sent by the node that signed the stream's setup, and not by
 * another member who has the group's key as well. One signature stands for several runs, and is checked once.
 */
import type { KeyObject } from 'node:crypto';
import { signatureBytes, verifySignature } from '../../../../runtime/protocol/identity.js';
import { hashBytes, leafHash, pathLength, rootOf } from '../MerkleTree.js';
import { proofMessage } from '../proofMessage.js';
import { dataHeader, proofRunsMax, readU16, runProof, streamTagBytes } from '../streamDatagrams.js';

export class RunVerifier {
  readonly #key: KeyObject;
  readonly #session: Buffer;
  readonly #slotBytes: number;
  /** The root that was proven last, and by which signature. */
  #root: Buffer = Buffer.alloc(0);
  #signature: Buffer = Buffer.alloc(0);

  constructor(key: KeyObject, session: Buffer, slotBytes: number) {
    this.#key = key;
    this.#session = session;
    this.#slotBytes = slotBytes;
  }

  /** @param run of that many slots, whose lengths are sound, in order and in one piece */
  isProven(run: Buffer, count: number): boolean {
    const last = (count - 1) * this.#slotBytes;
    const proofAt = last + readU16(run, last + dataHeader.usedBytes);
    const proof = run.subarray(proofAt);
    if (proof.length < runProof.path) return false;
    const index = proof[runProof.index] as number;
    const runs = proof[runProof.runs] as number;
    if (runs > proofRunsMax || index >= runs) return false;
    if (proof.length !== runProof.path + pathLength(index, runs) * hashBytes) return false;
    const tagAt = last + dataHeader.tag;
    const leaf = leafHash(run.subarray(0, tagAt), run.subarray(tagAt + streamTagBytes, proofAt));
    const root = rootOf(leaf, index, runs, proof.subarray(runProof.path));
    return this.#isSigned(root, proof.subarray(runProof.signature, runProof.signature + signatureBytes));
  }

  #isSigned(root: Buffer, signature: Buffer): boolean {
    if (root.equals(this.#root) && signature.equals(this.#signature)) return true;
    if (!verifySignature(this.#key, proofMessage(this.#session, root), signature)) return false;
    this.#root = root;
    this.#signature = Buffer.from(signature);
    return true;
  }
}
