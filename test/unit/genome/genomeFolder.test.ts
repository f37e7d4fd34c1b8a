// A genome as a folder of files: what goes in comes out, and its id stands for every byte of its content.

import fc from 'fast-check';
import t from 'tap';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { describeGenome } from '../../../runtime/protocol/genome/describeGenome.js';
import { encodeGenome, GENOME_FILES } from '../../../runtime/protocol/genome/encodeGenome.js';
import type { Genome, GenomeLayer } from '../../../runtime/protocol/genome/Genome.js';
import { genomeIdOf } from '../../../runtime/protocol/genome/genomeIdOf.js';
import { anyGenome, handmadeGenome } from './handmadeGenome.js';

t.test('any genome within the bounds survives its folder, and equal genomes give equal bytes', (t) => {
  const property = fc.property(anyGenome, (genome) => {
    const folder = encodeGenome(genome);
    const read = decodeGenome(folder);
    t.strictSame(read, genome);
    t.strictSame(encodeGenome(read), folder);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }));
  t.end();
});

t.test('files beside those of a genome are left alone', (t) => {
  const genome = handmadeGenome();
  const folder = encodeGenome(genome).set('README.md', Buffer.from('notes'));
  t.strictSame(decodeGenome(folder), genome);
  t.end();
});

t.test('every claim and every number is part of the id', (t) => {
  const { manifest, layer } = handmadeGenome();
  t.equal(genomeIdOf(manifest, layer), manifest.id);
  const claims: Partial<Genome['manifest']>[] = [
    { name: 'other' },
    { description: 'other' },
    { capabilities: ['other'] },
    { compatibilityVector: manifest.compatibilityVector.toReversed() },
    { baseModel: { ...manifest.baseModel, sha256: 'd'.repeat(64) } },
    { answers: manifest.answers.toReversed() },
    { metrics: { ...manifest.metrics, averageScore: 0.76 } },
    { parents: [] },
    { createdAtMs: manifest.createdAtMs + 1 },
    { author: { personaId: 'persona' } },
  ];
  for (const claim of claims) t.not(genomeIdOf({ ...manifest, ...claim }, layer), manifest.id, JSON.stringify(claim));
  for (const field of ['columns', 'loraA', 'scales', 'loraB', 'bias'] as const) {
    const numbers = layer[field].slice();
    numbers[numbers.length - 1] = (numbers.at(-1) ?? 0) + 1;
    t.not(genomeIdOf(manifest, { ...layer, [field]: numbers } as GenomeLayer), manifest.id, field);
  }
  t.end();
});

t.test('no byte of a folder can change without being noticed, but for the spaces of its JSON', (t) => {
  const folder = encodeGenome(handmadeGenome());
  const any = fc.constantFrom(...Object.values(GENOME_FILES)).chain((name) => {
    const length = folder.get(name)?.length ?? 0;
    return fc.record({
      name: fc.constant(name),
      at: fc.nat({ max: length - 1 }),
      flip: fc.integer({ min: 1, max: 255 }),
    });
  });
  const genome = decodeGenome(folder);
  const property = fc.property(any, ({ name, at, flip }) => {
    const bytes = Uint8Array.from(folder.get(name) ?? []);
    bytes[at] = (bytes[at] ?? 0) ^ flip;
    try {
      t.strictSame(decodeGenome(new Map(folder).set(name, bytes)), genome);
    } catch (thrown) {
      t.match(thrown, { code: 'ERR_ACADEMY_GENOME_INVALID' }, `byte ${at} of ${name} xor ${flip}`);
    }
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400 }));
  t.end();
});

t.test('a folder says what tools of peft look for', (t) => {
  const config: unknown = JSON.parse(
    new TextDecoder().decode(encodeGenome(handmadeGenome()).get('adapter_config.json')),
  );
  t.match(config, { peft_type: 'LORA', r: 3, lora_alpha: 3, bias: 'lora_only', base_model_name_or_path: 'base' });
  t.end();
});

t.test('the announcement of a genome tells its claims, its size and what it is made for', (t) => {
  const genome = handmadeGenome();
  const bytes = [...encodeGenome(genome).values()].reduce((sum, { length }) => sum + length, 0);
  t.match(describeGenome(genome, 0.3), {
    id: genome.manifest.id,
    capabilities: ['testing'],
    baseModel: `base@${'b'.repeat(64)}`,
    performanceMetrics: { averageScore: 0.75 },
    layers: [{ capability: 'testing', rank: 3, alpha: 3, performanceGain: 0.3 }],
    bytes,
  });
  t.end();
});
