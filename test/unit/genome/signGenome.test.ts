import t from 'tap';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { encodeGenome } from '../../../runtime/protocol/genome/encodeGenome.js';
import type { Genome } from '../../../runtime/protocol/genome/Genome.js';
import { signGenome, verifyGenome } from '../../../runtime/protocol/genome/signGenome.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { handmadeGenome } from './handmadeGenome.js';

const alice = identityFromSeed(new Uint8Array(32).fill(1));
const mallory = identityFromSeed(new Uint8Array(32).fill(2));
const genome = handmadeGenome();
const signed = signGenome(genome, alice);

const withSignature = (signature: Genome['manifest']['signature'] & object): Genome => ({
  ...signed,
  manifest: { ...signed.manifest, signature },
});

t.test('a signature names the node that made it, keeps the id, and survives the folder', (t) => {
  t.equal(verifyGenome(signed), alice.nodeId);
  t.equal(signed.manifest.id, genome.manifest.id);
  t.equal(verifyGenome(decodeGenome(encodeGenome(signed))), alice.nodeId);
  t.equal(verifyGenome(genome), null, 'an unsigned genome has no one who vouches for it');
  t.equal(verifyGenome(signGenome(signed, mallory)), mallory.nodeId, 'who signs again takes the place of the first');
  t.end();
});

t.test('a signature is of one key and one genome only', (t) => {
  const { signature } = signed.manifest;
  const other = signGenome(handmadeGenome(undefined, 2), alice).manifest.signature;
  const malloryKey = signGenome(genome, mallory).manifest.signature?.publicKey;
  if (signature === undefined || other === undefined || malloryKey === undefined) throw new Error('nothing was signed');
  const bare = Buffer.from(alice.sign(Buffer.from(genome.manifest.id))).toString('base64url');
  const wrong: Record<string, typeof signature> = {
    'another key': { ...signature, publicKey: malloryKey },
    'of another genome': other,
    'for another purpose': { ...signature, signature: bare },
    'of zeros': { ...signature, signature: 'A'.repeat(86) },
    'by a key that is no point': { ...signature, publicKey: '_'.repeat(43) },
  };
  for (const [name, signature] of Object.entries(wrong)) {
    t.throws(() => verifyGenome(withSignature(signature)), { code: 'ERR_ACADEMY_GENOME_INVALID' }, name);
  }
  t.end();
});

t.test('content that is not what the id says is not vouched for by anybody', (t) => {
  const { manifest, layer } = signed;
  const code = { code: 'ERR_ACADEMY_GENOME_INVALID' };
  t.throws(() => verifyGenome({ manifest, layer: { ...layer, bias: layer.bias.map((b) => b + 1) } }), code);
  t.throws(() => verifyGenome({ manifest: { ...manifest, name: 'better' }, layer }), code);
  t.end();
});
