import fc from 'fast-check';
import t from 'tap';
import {
  asNodeId,
  deriveKey,
  identityFromSeed,
  importPublicKey,
  isNodeId,
  nodeIdOf,
  proofOf,
  proofsEqual,
  verifySignature,
} from '../../../runtime/protocol/identity.js';

const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 });

t.test('an identity grows from its seed alone, and its id from its key', (t) => {
  const property = fc.property(anySeed, fc.uint8Array(), (seed, bytes) => {
    const identity = identityFromSeed(seed);
    const again = identityFromSeed(new Uint8Array(seed));
    return (
      identity.nodeId === again.nodeId &&
      identity.nodeId === nodeIdOf(identity.publicKey) &&
      isNodeId(identity.nodeId) &&
      verifySignature(importPublicKey(again.publicKey), bytes, identity.sign(bytes))
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }));
  t.end();
});

t.test('keys and signatures are those of RFC 8032', (t) => {
  // Section 7.1, test 2.
  const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
  const identity = identityFromSeed(seed);
  t.equal(
    Buffer.from(identity.publicKey).toString('hex'),
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  );
  t.equal(
    Buffer.from(identity.sign(Uint8Array.of(0x72))).toString('hex'),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  t.end();
});

t.test('a signature holds for its bytes and its key only', (t) => {
  const [ann, bob] = [identityFromSeed(new Uint8Array(32).fill(1)), identityFromSeed(new Uint8Array(32).fill(2))];
  const bytes = Buffer.from('what was said');
  const signature = ann.sign(bytes);
  const key = importPublicKey(ann.publicKey);
  t.ok(verifySignature(key, bytes, signature));
  t.notOk(verifySignature(key, Buffer.from('what was not'), signature));
  t.notOk(verifySignature(importPublicKey(bob.publicKey), bytes, signature));
  t.notOk(verifySignature(key, bytes, signature.subarray(1)));
  t.notOk(verifySignature(key, bytes, new Uint8Array()));
  t.end();
});

t.test('a seed or id of another form is a coded error', (t) => {
  for (const length of [0, 31, 33]) {
    t.throws(() => identityFromSeed(new Uint8Array(length)), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  for (const id of ['', 'a'.repeat(31), 'a'.repeat(33), 'A'.repeat(32), 'g'.repeat(32), `${'a'.repeat(32)}\n`]) {
    t.notOk(isNodeId(id));
    t.throws(() => asNodeId(id), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  t.equal(asNodeId('a'.repeat(32)), 'a'.repeat(32));
  t.end();
});

t.test('keys of an academy differ by secret, academy and purpose', (t) => {
  const secrets = [new Uint8Array(32), new Uint8Array(32).fill(1)];
  const keys = secrets.flatMap((secret) =>
    ['home', 'work'].flatMap((academyId) =>
      (['datagram', 'connection'] as const).map((purpose) => deriveKey(secret, academyId, purpose)),
    ),
  );
  t.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 8);
  t.ok(keys.every((key) => key.length === 32));
  t.strictSame(deriveKey(secrets[0] as Uint8Array, 'home', 'datagram'), keys[0]);
  t.end();
});

t.test('a proof cannot be had by shifting bytes between its parts', (t) => {
  const key = new Uint8Array(32).fill(4);
  const property = fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 1 }), (left, right) => {
    const proof = proofOf(key, left, right);
    const shifted = proofOf(key, Buffer.concat([left, right.subarray(0, 1)]), right.subarray(1));
    const joined = proofOf(key, Buffer.concat([left, right]));
    return proofsEqual(proof, proofOf(key, left, right)) && !proofsEqual(proof, shifted) && !proofsEqual(proof, joined);
  });
  t.doesNotThrow(() => fc.assert(property));
  t.notOk(proofsEqual(Uint8Array.of(1), Uint8Array.of(1, 2)));
  t.end();
});
