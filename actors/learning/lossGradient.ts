// The two losses of the embedded persona, as gradients over the scores of all answers.

import type { Lesson } from './ReplayBuffer.js';

/** Keeps −ln(1 − p) finite when the model is certain of a wrong answer. */
const DOUBT_MIN = 1e-6;

/**
 * Writes dLoss/dz into `gradient`, [answers].
 *
 * - Right answer known: a logistic loss per answer, Σ_a −y_a ln σ(z_a) − (1 − y_a) ln(1 − σ(z_a)); all y are 0 when it
 *   should have stayed silent.
 * - Only judged: |value| times −ln p_a when it was right, −ln(1 − p_a) when wrong, p = softmax(z). A logistic loss here
 *   would be a trap: most judged answers of a beginner are wrong, and it learns to say nothing (33–53 % at all sizes).
 */
export function lossGradient(lesson: Lesson, scores: Float32Array, gradient: Float32Array): void {
  if (lesson.kind === 'expected') logisticGradient(lesson.row, scores, gradient);
  else judgedGradient(lesson.row, lesson.value, scores, gradient);
}

function logisticGradient(expected: number, scores: Float32Array, gradient: Float32Array): void {
  for (let a = 0; a < scores.length; a++) gradient[a] = 1 / (1 + Math.exp(-(scores[a] as number)));
  if (expected >= 0) (gradient[expected] as number) -= 1;
}

function judgedGradient(answered: number, value: number, scores: Float32Array, gradient: Float32Array): void {
  const weight = Math.abs(value);
  const p = softmax(scores, gradient);
  const chosen = p[answered] as number;
  if (value > 0) {
    for (let a = 0; a < p.length; a++) (p[a] as number) *= weight;
    (p[answered] as number) -= weight;
  } else {
    const factor = (-weight * chosen) / Math.max(DOUBT_MIN, 1 - chosen);
    for (let a = 0; a < p.length; a++) (p[a] as number) *= factor;
    p[answered] = weight * chosen;
  }
}

function softmax(scores: Float32Array, into: Float32Array): Float32Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) largest = Math.max(largest, score);
  let sum = 0;
  for (let a = 0; a < scores.length; a++) {
    const weight = Math.exp((scores[a] as number) - largest);
    into[a] = weight;
    sum += weight;
  }
  for (let a = 0; a < into.length; a++) (into[a] as number) /= sum;
  return into;
}
