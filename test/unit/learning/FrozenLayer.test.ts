import fc from 'fast-check';
import t from 'tap';
import { FrozenLayer } from '../../../actors/learning/FrozenLayer.js';
import type { SparseVector } from '../../../actors/learning/features.js';
import { KnowledgePack } from '../../../actors/learning/KnowledgePack.js';
import type { Genome } from '../../../runtime/protocol/genome/Genome.js';
import { anyGenome, handmadeGenome } from '../genome/handmadeGenome.js';

const packOf = (...ids: string[]) => new KnowledgePack(ids.map((id) => ({ id, title: id, answer: id })));

/** The sum that Genome.ts states, term by term. */
function statedScore({ manifest, layer }: Genome, answerId: string, { indices, values }: SparseVector): number {
  const answer = manifest.answers.indexOf(answerId);
  if (answer < 0) return 0;
  const { rank, columns, loraA, loraB, scales, bias } = layer;
  let sum = bias[answer] ?? 0;
  for (const [j, bucket] of columns.entries()) {
    const phi = values[indices.indexOf(bucket)] ?? 0;
    for (let k = 0; k < rank; k++) {
      sum += (loraB[answer * rank + k] ?? 0) * (loraA[k * columns.length + j] ?? 0) * (scales[j] ?? 0) * phi;
    }
  }
  return sum;
}

function added(layer: FrozenLayer, phi: SparseVector, answers: number): Float32Array {
  const scores = new Float32Array(answers);
  layer.addScores(phi, scores);
  return scores;
}

t.test("it adds what the genome's numbers say to the answers of its ids, in any pack", (t) => {
  const ids = ['answer-9', 'answer-0', 'strange', 'answer-2', 'answer-1'];
  const anyPhi = fc.uniqueArray(fc.nat({ max: 60 }), { minLength: 1, maxLength: 20 }).map((indices) => ({
    indices: Uint32Array.from(indices),
    values: Float32Array.from(indices, (i) => (i + 1) / 61),
  }));
  const property = fc.property(anyGenome, anyPhi, fc.constantFrom(1, 0.25), (genome, phi, scale) => {
    const scores = added(new FrozenLayer(genome, packOf(...ids), scale), phi, ids.length);
    return ids.every((id, row) => {
      const expected = scale * statedScore(genome, id, phi);
      return Math.abs((scores[row] ?? Number.NaN) - expected) <= 1e-4 * (1 + Math.abs(expected));
    });
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }));
  t.end();
});

t.test('answers that the pack does not have are left out, and counted so', (t) => {
  const genome = handmadeGenome();
  const phi = { indices: genome.layer.columns, values: new Float32Array(genome.layer.columns.length).fill(0.5) };
  const none = new FrozenLayer(genome, packOf('a', 'b'), 1);
  t.equal(none.sharedAnswers, 0);
  t.strictSame(added(none, phi, 2), new Float32Array(2));
  t.equal(new FrozenLayer(genome, packOf('answer-3', 'b', 'answer-0'), 1).sharedAnswers, 2);
  t.end();
});

t.test('it changes neither the genome nor its own mind', (t) => {
  const genome = handmadeGenome();
  const layer = new FrozenLayer(genome, packOf('answer-1'), 1);
  const phi = { indices: Uint32Array.of(genome.layer.columns[0] ?? 0), values: Float32Array.of(1) };
  const first = added(layer, phi, 1);
  t.strictSame(added(layer, phi, 1), first);
  t.strictSame(genome, handmadeGenome());
  t.end();
});
