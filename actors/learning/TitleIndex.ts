// The frozen base score: how much a text resembles each answer's title and examples. An inverted index, because a text
// has some 300 features and shares only a few with most titles.

import type { BaseModel } from './BaseModel.js';
import { FEATURE_BUCKETS } from './featureHash.js';
import type { SparseVector } from './features.js';
import type { KnowledgeItem, KnowledgePack } from './KnowledgePack.js';

/**
 * φ of an answer: the direction of the sum over its title and examples. With a title alone that is φ(title). Measured on
 * questions held out from CLINC150's training part, five examples an answer, top-1: sum 76.5 %, best single phrase 67.9 %,
 * title alone 52.3 %. What an answer's phrases share (its subject) adds up, what each has of its own (its manner) does not.
 */
function answerVector({ title, examples = [] }: KnowledgeItem, base: BaseModel): Map<number, number> {
  const sum = new Map<number, number>();
  for (const phrase of [title, ...examples]) {
    const { indices, values } = base.features(phrase);
    for (let i = 0; i < indices.length; i++) {
      const bucket = indices[i] as number;
      sum.set(bucket, (sum.get(bucket) ?? 0) + (values[i] as number));
    }
  }
  let squares = 0;
  for (const value of sum.values()) squares += value * value;
  if (squares === 0) return sum;
  for (const [bucket, value] of sum) sum.set(bucket, value / Math.sqrt(squares));
  return sum;
}

export class TitleIndex {
  readonly #answers: number;
  /** Postings of a bucket lie at #starts[bucket] … #starts[bucket + 1]. */
  readonly #starts = new Uint32Array(FEATURE_BUCKETS + 1);
  readonly #rows: Uint32Array;
  readonly #values: Float32Array;

  constructor(knowledge: KnowledgePack, base: BaseModel) {
    const vectors = knowledge.items.map((item) => answerVector(item, base));
    const starts = this.#starts;
    this.#answers = vectors.length;
    for (const vector of vectors) for (const bucket of vector.keys()) (starts[bucket + 1] as number) += 1;
    for (let bucket = 0; bucket < FEATURE_BUCKETS; bucket++) {
      (starts[bucket + 1] as number) += starts[bucket] as number;
    }
    const postings = starts[FEATURE_BUCKETS] as number;
    this.#rows = new Uint32Array(postings);
    this.#values = new Float32Array(postings);
    const next = starts.slice();
    for (const [row, vector] of vectors.entries()) {
      for (const [bucket, value] of vector) {
        const at = next[bucket] as number;
        next[bucket] = at + 1;
        this.#rows[at] = row;
        this.#values[at] = value;
      }
    }
  }

  /** Writes cos(φ, φ(answer)), 0 … 1, of every answer into `cosines`, [answers]. */
  cosines({ indices, values }: SparseVector, cosines: Float32Array): void {
    cosines.fill(0, 0, this.#answers);
    const starts = this.#starts;
    for (let i = 0; i < indices.length; i++) {
      const bucket = indices[i] as number;
      const value = values[i] as number;
      const end = starts[bucket + 1] as number;
      for (let at = starts[bucket] as number; at < end; at++) {
        (cosines[this.#rows[at] as number] as number) += value * (this.#values[at] as number);
      }
    }
  }
}
