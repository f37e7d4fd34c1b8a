/**
 * Proof of source, the publisher's side. Runs wait here until there are several or the stream is flushed; then the root
 * of a hash tree over them is signed with the node's key, and each gets the signature and its path into its last slot.
 * So a run is proven by itself, the signature is kept with it for repairs, and costs each run a share only.
 */
import type { NodeIdentity } from '../../../../runtime/protocol/identity.js';
import { hashBytes, leafHash, merkleTree, pathLength } from '../MerkleTree.js';
import { proofMessage } from '../proofMessage.js';
import { dataHeader, proofRunsMax, runProof, streamTagBytes } from '../streamDatagrams.js';
import type { TermRing } from './TermRing.js';

interface WaitingRun {
  readonly first: number;
  readonly count: number;
}

export class RunProver {
  readonly #ring: TermRing;
  readonly #identity: NodeIdentity;
  readonly #runsMax: number;
  #waiting: WaitingRun[] = [];

  /** @param runSlotsMax of one run */
  constructor(ring: TermRing, identity: NodeIdentity, runSlotsMax: number) {
    this.#ring = ring;
    this.#identity = identity;
    // What waits is not to fill a small ring.
    this.#runsMax = Math.max(1, Math.min(proofRunsMax, Math.floor(ring.slots / 4 / runSlotsMax)));
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#runsMax;
  }

  /** Its slots are closed, and the last one has room for a proof. */
  add(first: number, count: number): void {
    this.#waiting.push({ first, count });
  }

  /** Signs what waits. @returns the first slot and the bytes of each run, still without its tag */
  prove(): readonly { readonly first: number; readonly count: number; readonly bytes: Buffer }[] {
    const waiting = this.#waiting;
    if (waiting.length === 0) return [];
    this.#waiting = [];
    const { slotBytes } = this.#ring;
    const runs = waiting.map(({ first, count }, index) => {
      const proofBytes = runProof.path + pathLength(index, waiting.length) * hashBytes;
      const bytes = this.#ring.makeRun(first, count, proofBytes);
      return { first, count, bytes, proofAt: bytes.length - proofBytes };
    });
    const { root, paths } = merkleTree(
      runs.map(({ bytes, count, proofAt }) => {
        const tagAt = (count - 1) * slotBytes + dataHeader.tag;
        return leafHash(bytes.subarray(0, tagAt), bytes.subarray(tagAt + streamTagBytes, proofAt));
      }),
    );
    const signature = this.#identity.sign(proofMessage(this.#ring.session, root));
    for (const [index, { bytes, proofAt }] of runs.entries()) {
      bytes[proofAt + runProof.index] = index;
      bytes[proofAt + runProof.runs] = runs.length;
      bytes.set(signature, proofAt + runProof.signature);
      const path = paths[index] as readonly Buffer[];
      for (const [step, hash] of path.entries()) hash.copy(bytes, proofAt + runProof.path + step * hashBytes);
    }
    return runs;
  }
}
