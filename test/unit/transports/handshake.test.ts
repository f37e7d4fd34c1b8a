import fc from 'fast-check';
import t from 'tap';
import { deriveKey, identityFromSeed } from '../../../runtime/protocol/identity.js';
import { academyTag } from '../../../runtime/protocol/packet.js';
import {
  type Credentials,
  checkProof,
  type Hello,
  hearHello,
  makeProof,
  refusals,
  sayHello,
} from '../../../transports/tcp/handshake.js';

const academyId = 'handshake';
const connectionKey = deriveKey(new Uint8Array(32).fill(1), academyId, 'connection');

function credentials(seed: number, changes: Partial<Credentials> = {}): Credentials {
  const identity = identityFromSeed(new Uint8Array(32).fill(seed));
  return {
    identity,
    academy: academyTag(academyId),
    connectionKey,
    instance: new Uint8Array(8).fill(seed),
    ...changes,
  };
}

const left = credentials(1);
const right = credentials(2);
const hello = (from: Credentials, nonce = 1): Hello => sayHello(from, new Uint8Array(32).fill(nonce));

t.test('two members prove themselves to each other', async (test) => {
  const [mine, theirs] = [hello(left, 3), hello(right, 4)];
  const heard = hearHello(theirs.bytes, left);
  test.match(heard, { nodeId: right.identity.nodeId, instance: '0202020202020202' });
  const proof = Buffer.from(makeProof(right, 'listener', theirs, mine));
  test.equal(checkProof(proof, left, 'listener', mine, heard as Hello), null);
});

t.test('a hello is refused for what is wrong with it', async (test) => {
  const changed = (offset: number, value: number): Buffer => {
    const bytes = Buffer.from(hello(right).bytes);
    bytes[offset] = value;
    return bytes;
  };
  test.equal(hearHello(Buffer.from('GET / HTTP/1.1\r\n'), left), 'malformed');
  test.equal(hearHello(changed(0, 0), left), 'malformed');
  test.equal(hearHello(changed(2, 9), left), 'version');
  test.equal(hearHello(changed(4, 0), left), 'identity', 'a node id that is not the hash of the key');
  test.equal(hearHello(changed(20, 0), left), 'identity', 'a key that is not that of the node id');
  test.equal(hearHello(changed(84, 0), left), 'academy');
  test.equal(hearHello(changed(3, 0), left), 'secret', 'an open node in a closed academy');
  test.equal(hearHello(hello(right).bytes, credentials(1, { connectionKey: null })), 'secret');
  test.equal(hearHello(hello(left, 9).bytes, left), 'self');
});

t.test('a proof holds for its maker, its role, its peer and its nonces, and for nothing else', async (test) => {
  const [mine, theirs] = [hello(left, 3), hello(right, 4)];
  const proof = Buffer.from(makeProof(right, 'listener', theirs, mine));
  const check = (given: Buffer, own = mine, peer = theirs): string | null =>
    checkProof(given, left, 'listener', own, peer);
  test.equal(check(proof), null);
  test.equal(checkProof(proof, left, 'dialler', mine, theirs), 'secret', 'another role');
  test.equal(check(proof, hello(left, 5)), 'secret', 'a proof that was recorded');
  test.equal(check(proof, mine, hello(right, 5)), 'secret', 'another hello of the same node');
  test.equal(check(Buffer.from(makeProof(left, 'dialler', mine, theirs))), 'secret', 'my own proof sent back');
  test.equal(check(proof.subarray(1)), 'malformed');
  const stranger = credentials(2, { connectionKey: new Uint8Array(32) });
  test.equal(check(Buffer.from(makeProof(stranger, 'listener', theirs, mine))), 'secret', 'another secret');
});

t.test('who knows the secret but not the key cannot be that node', async (test) => {
  const [mine, theirs] = [hello(left, 3), hello(right, 4)];
  const thief: Credentials = { ...right, identity: { ...right.identity, sign: credentials(7).identity.sign } };
  const proof = Buffer.from(makeProof(thief, 'listener', theirs, mine));
  test.equal(checkProof(proof, left, 'listener', mine, theirs), 'signature');
});

t.test('in an open academy the key alone is proved', async (test) => {
  const [openLeft, openRight] = [credentials(1, { connectionKey: null }), credentials(2, { connectionKey: null })];
  const [mine, theirs] = [hello(openLeft, 3), hello(openRight, 4)];
  const proof = Buffer.from(makeProof(openRight, 'listener', theirs, mine));
  test.equal(checkProof(proof, openLeft, 'listener', mine, theirs), null);
  proof[0] = (proof[0] ?? 0) ^ 1;
  test.equal(checkProof(proof, openLeft, 'listener', mine, theirs), 'signature');
});

t.test('no bytes make a handshake throw or pass', async () => {
  const [mine, theirs] = [hello(left, 3), hello(right, 4)];
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 96, maxLength: 100 }));
  fc.assert(
    fc.property(bytes, (noise) => {
      const heard = hearHello(Buffer.from(noise), left);
      const checked = checkProof(Buffer.from(noise), left, 'listener', mine, theirs);
      return refusals.includes(heard as never) && refusals.includes(checked as never);
    }),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(fc.nat(95), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
      const proof = Buffer.from(makeProof(right, 'listener', theirs, mine));
      proof[offset] = (proof[offset] ?? 0) ^ flip;
      return checkProof(proof, left, 'listener', mine, theirs) !== null;
    }),
  );
});
