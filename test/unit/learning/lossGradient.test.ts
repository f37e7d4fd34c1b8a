import fc from 'fast-check';
import t from 'tap';
import { lossGradient } from '../../../actors/learning/lossGradient.js';
import type { Lesson } from '../../../actors/learning/ReplayBuffer.js';

const phi = { indices: new Uint32Array(), values: new Float32Array() };
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** The loss as its definition says, in plain double precision. */
function lossOf(lesson: Lesson, scores: readonly number[]): number {
  if (lesson.kind === 'expected') {
    return scores.reduce((sum, z, a) => sum - Math.log(a === lesson.row ? sigmoid(z) : 1 - sigmoid(z)), 0);
  }
  const total = scores.reduce((sum, z) => sum + Math.exp(z), 0);
  const p = Math.exp(scores[lesson.row] as number) / total;
  return Math.abs(lesson.value) * -Math.log(lesson.value > 0 ? p : 1 - p);
}

const scoresOf = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 8 });

function checkAgainstDifferences(lesson: Lesson, scores: readonly number[]): void {
  const gradient = new Float32Array(scores.length);
  lossGradient(lesson, Float32Array.from(scores), gradient);
  for (const [a, slope] of gradient.entries()) {
    const moved = (by: number) =>
      lossOf(
        lesson,
        scores.map((z, i) => (i === a ? z + by : z)),
      );
    const expected = (moved(1e-4) - moved(-1e-4)) / 2e-4;
    if (Math.abs(slope - expected) > 1e-3 * (1 + Math.abs(expected))) {
      throw new Error(`answer ${a}: ${slope}, by differences ${expected}`);
    }
  }
}

t.test('gradients are the slopes of the losses', async (t) => {
  const row = fc.integer({ min: 0, max: 2 });
  const value = fc.constantFrom(-1, -0.3, 0.4, 1);
  const check = fc.property(scoresOf, row, value, (scores, row, value) => {
    checkAgainstDifferences({ kind: 'expected', phi, row }, scores);
    checkAgainstDifferences({ kind: 'expected', phi, row: -1 }, scores);
    checkAgainstDifferences({ kind: 'judged', phi, row, value }, scores);
  });
  t.doesNotThrow(() => fc.assert(check));
});

t.test('being certain of a wrong answer gives a large but finite slope', async (t) => {
  const gradient = new Float32Array(3);
  lossGradient({ kind: 'judged', phi, row: 0, value: -1 }, Float32Array.of(500, 0, 0), gradient);
  t.ok(gradient.every(Number.isFinite));
  t.ok((gradient[0] as number) > 0.99);
});
