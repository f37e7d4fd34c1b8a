/** Genomes for tests of the format: any numbers within the bounds, learnt from nothing. */
import fc from 'fast-check';
import type { Genome, GenomeLayer, UnidentifiedManifest } from '../../../runtime/protocol/genome/Genome.js';
import { identifyGenome } from '../../../runtime/protocol/genome/genomeIdOf.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';

export interface Sizes {
  readonly rank: number;
  readonly columns: number;
  readonly answers: number;
}

/** Numbers as training leaves them: columns of A are int8 times a scale, all the rest is within ±2. */
export function layerOf({ rank, columns, answers }: Sizes, seed: number): GenomeLayer {
  const random = seededRandom(seed);
  const floats = (length: number) => Float32Array.from({ length }, () => random.next() * 4 - 2);
  let bucket = -1;
  return {
    rank,
    columns: Uint32Array.from({ length: columns }, () => (bucket += 1 + Math.floor(random.next() * 5))),
    loraA: Int8Array.from({ length: rank * columns }, () => Math.floor(random.next() * 255) - 127),
    scales: Float32Array.from({ length: columns }, () => random.next() / 1_000),
    loraB: floats(answers * rank),
    bias: floats(answers),
  };
}

export function manifestOf(answers: number): UnidentifiedManifest {
  return {
    formatVersion: 1,
    name: 'handmade',
    description: 'numbers for tests',
    capabilities: ['testing'],
    compatibilityVector: Array.from({ length: 512 }, (_, i) => (i < 4 ? 0.5 : 0)),
    baseModel: { id: 'base', sha256: 'b'.repeat(64) },
    answers: Array.from({ length: answers }, (_, row) => `answer-${row}`),
    metrics: {
      signals: 10,
      averageScore: 0.75,
      averageScoreItems: 8,
      testsPassed: 1,
      humanSatisfactionRate: null,
      collaborationSuccess: null,
    },
    parents: ['c'.repeat(64)],
    createdAtMs: 1_700_000_000_000,
    author: { nodeId: 'node', personaId: 'persona' },
  };
}

export function handmadeGenome(sizes: Sizes = { rank: 3, columns: 7, answers: 4 }, seed = 1): Genome {
  return identifyGenome(manifestOf(sizes.answers), layerOf(sizes, seed));
}

export const anyGenome: fc.Arbitrary<Genome> = fc
  .record({
    sizes: fc.record({
      rank: fc.integer({ min: 1, max: 256 }),
      columns: fc.integer({ min: 1, max: 40 }),
      answers: fc.integer({ min: 1, max: 12 }),
    }),
    seed: fc.integer(),
    // Any code units, lone halves of surrogate pairs among them.
    name: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 30 }),
    createdAtMs: fc.integer({ min: 0, max: 8.64e15 }),
  })
  .map(({ sizes, seed, name, createdAtMs }) =>
    identifyGenome(
      { ...manifestOf(sizes.answers), name: String.fromCharCode(...name), createdAtMs },
      layerOf(sizes, seed),
    ),
  );
