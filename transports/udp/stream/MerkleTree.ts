/**
 * Hash trees as in RFC 9162, section 2.1, over SHA-256: one root stands for all leaves, and a leaf with its path shows
 * that it belongs to a root. Leaves and inner nodes are hashed apart, so that neither passes for the other.
 */
import { createHash } from 'node:crypto';

export const hashBytes = 32;

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export interface MerkleTree {
  readonly root: Buffer;
  /** Of each leaf, the hashes beside its way to the root, from below. */
  readonly paths: readonly (readonly Buffer[])[];
}

/** @param parts of one leaf, in order; where one ends and the next begins makes no difference */
export function leafHash(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(leafPrefix);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** @param leaves at least one */
export function merkleTree(leaves: readonly Buffer[]): MerkleTree {
  const paths: Buffer[][] = leaves.map(() => []);
  let level = leaves;
  for (let depth = 0; level.length > 1; depth++) {
    for (const [leaf, path] of paths.entries()) {
      const sibling = level[(leaf >> depth) ^ 1];
      if (sibling) path.push(sibling);
    }
    level = parentsOf(level);
  }
  return { root: level[0] as Buffer, paths };
}

/** Hashes in the path of a leaf. */
export function pathLength(leaf: number, leaves: number): number {
  let length = 0;
  for (let index = leaf, width = leaves; width > 1; index >>= 1, width = (width + 1) >> 1) {
    if ((index ^ 1) < width) length += 1;
  }
  return length;
}

/** The root that the tree has if the leaf and its path are its own. @param path `pathLength` hashes, back to back */
export function rootOf(leaf: Buffer, index: number, leaves: number, path: Buffer): Buffer {
  let hash = leaf;
  let at = 0;
  for (let place = index, width = leaves; width > 1; place >>= 1, width = (width + 1) >> 1) {
    if ((place ^ 1) >= width) continue;
    const sibling = path.subarray(at, at + hashBytes);
    hash = place & 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    at += hashBytes;
  }
  return hash;
}

/** A last node without a neighbour moves up as it is. */
function parentsOf(level: readonly Buffer[]): readonly Buffer[] {
  const parents: Buffer[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = [level[index] as Buffer, level[index + 1]];
    parents.push(right ? nodeHash(left, right) : left);
  }
  return parents;
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(nodePrefix).update(left).update(right).digest();
}
