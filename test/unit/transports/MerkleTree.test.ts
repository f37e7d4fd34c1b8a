import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { hashBytes, leafHash, merkleTree, pathLength, rootOf } from '../../../transports/udp/stream/MerkleTree.js';

const leaves = fc
  .array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 9 })
  .map((values) => values.map((value) => leafHash(value)));

/** RFC 9162, section 2.1.1, word by word. */
function rootByTheBook(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 1) return hashes[0] as Buffer;
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  const [left, right] = [rootByTheBook(hashes.slice(0, split)), rootByTheBook(hashes.slice(split))];
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

t.test('the root is that of RFC 9162, and each leaf leads to it by its path', async () => {
  fc.assert(
    fc.property(leaves, (hashes) => {
      const { root, paths } = merkleTree(hashes);
      return (
        root.equals(rootByTheBook(hashes)) &&
        hashes.every((leaf, index) => {
          const path = Buffer.concat(paths[index] as readonly Buffer[]);
          if (path.length !== pathLength(index, hashes.length) * hashBytes) return false;
          return rootOf(leaf, index, hashes.length, path).equals(root);
        })
      );
    }),
  );
});

t.test('another leaf, or a leaf at another place, leads to another root', async () => {
  fc.assert(
    fc.property(leaves, fc.nat(), fc.nat(), (hashes, from, to) => {
      const { root, paths } = merkleTree(hashes);
      const [index, other] = [from % hashes.length, to % hashes.length];
      const path = Buffer.concat(paths[index] as readonly Buffer[]);
      const forged = leafHash(Buffer.from('forged'), hashes[index] as Buffer);
      if (rootOf(forged, index, hashes.length, path).equals(root)) return false;
      const isPlaced = pathLength(other, hashes.length) === pathLength(index, hashes.length);
      if (index === other || !isPlaced || (hashes[index] as Buffer).equals(hashes[other] as Buffer)) return true;
      return !rootOf(hashes[index] as Buffer, other, hashes.length, path).equals(root);
    }),
  );
});

t.test('a leaf and an inner node of the same bytes have different hashes', async (t) => {
  const [left, right] = [leafHash(Buffer.from('left')), leafHash(Buffer.from('right'))];
  t.notOk(merkleTree([left, right]).root.equals(leafHash(left, right)));
});
