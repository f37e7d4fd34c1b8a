import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { FEATURE_BUCKETS } from '../../../actors/learning/featureHash.js';
import type { SparseVector } from '../../../actors/learning/features.js';
import { TrainableLayer } from '../../../actors/learning/TrainableLayer.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';

const answers = 3;
const gradient = Float32Array.of(0.5, -0.5, 0);
const phiOf = (...indices: number[]): SparseVector => ({
  indices: Uint32Array.from(indices),
  values: new Float32Array(indices.length).fill(1 / Math.sqrt(indices.length)),
});
const newLayer = () => new TrainableLayer(4, answers, seededRandom(1));

function scoresOf(layer: TrainableLayer, phi: SparseVector): Float32Array {
  const scores = new Float32Array(answers);
  layer.addScores(phi, scores);
  return scores;
}

t.test('before its first step a layer adds nothing', (t) => {
  const layer = newLayer();
  t.equal(layer.isTrained, false);
  t.strictSame(scoresOf(layer, phiOf(1, 2)), new Float32Array(answers));
  t.end();
});

t.test('a step moves each score against its gradient, and leaves an answer without one alone', (t) => {
  const layer = newLayer();
  const phi = phiOf(1, 2, 65_535);
  for (let n = 0; n < 20; n++) layer.step(phi, gradient);
  const [wrong = 0, right = 0] = scoresOf(layer, phi);
  t.ok(wrong < -0.5 && right > 0.5, `${wrong} ${right}`);
  t.equal(layer.snapshot().bias[2], 0);
  t.equal(layer.columnCount, 3);
  t.end();
});

t.test('what it adds is B A φ + bias, as its numbers say; features never trained on count nothing', (t) => {
  const layer = newLayer();
  layer.step(phiOf(7, 9), gradient);
  layer.step(phiOf(9, 4), gradient);
  const { rank, columns, a, b, bias } = layer.snapshot();
  const phi = phiOf(4, 9, 50_000);
  const expected = Array.from(bias, (start, answer) => {
    let sum = start;
    for (const [slot, bucket] of columns.entries()) {
      const value = phi.values[phi.indices.indexOf(bucket)] ?? 0;
      for (let k = 0; k < rank; k++) sum += (b[answer * rank + k] ?? 0) * (a[slot * rank + k] ?? 0) * value;
    }
    return sum;
  });
  for (const [answer, score] of scoresOf(layer, phi).entries()) {
    t.ok(Math.abs(score - (expected[answer] ?? Number.NaN)) < 1e-5, `answer ${answer}`);
  }
  t.strictSame(scoresOf(layer, phiOf(50_000)), bias, 'a text of strange features gets the bias');
  t.end();
});

t.test('it keeps what it knows while it grows to a column for every feature there is', (t) => {
  const layer = newLayer();
  const first = phiOf(3);
  for (let n = 0; n < 10; n++) layer.step(first, gradient);
  const before = scoresOf(layer, first);
  const nothing = new Float32Array(answers);
  for (let from = 0; from < FEATURE_BUCKETS; from += 512) {
    layer.step(phiOf(...Array.from({ length: 512 }, (_, i) => from + i)), nothing);
  }
  t.equal(layer.columnCount, FEATURE_BUCKETS);
  t.strictSame(scoresOf(layer, first), before);
  t.end();
});

t.test('any gradients within ±1 leave only finite numbers', (t) => {
  const anyStep = fc.tuple(
    fc.uniqueArray(fc.nat({ max: 20 }), { minLength: 1, maxLength: 8 }),
    fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: answers, maxLength: answers }),
  );
  const property = fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
    const layer = newLayer();
    for (const [indices, slopes] of steps) layer.step(phiOf(...indices), Float32Array.from(slopes));
    const { a, b, bias, energy } = layer.snapshot();
    return [a, b, bias, energy].every((numbers) => numbers.every(Number.isFinite));
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 50 }));
  t.end();
});

t.test('a snapshot is a copy that comes back the same and learns the same', (t) => {
  const layer = newLayer();
  layer.step(phiOf(1, 2), gradient);
  const state = layer.snapshot();
  const restored = TrainableLayer.restore(structuredClone(state), seededRandom(9));
  t.ok(isDeepStrictEqual(restored.snapshot(), state));
  layer.step(phiOf(1), gradient);
  t.notOk(isDeepStrictEqual(layer.snapshot(), state), 'later steps change the layer');
  t.ok(isDeepStrictEqual(restored.snapshot(), state), 'and not the copy');
  restored.step(phiOf(1), gradient);
  t.ok(isDeepStrictEqual(restored.snapshot(), layer.snapshot()), 'no new column, so no chance: the same step');
  t.end();
});
