// The frozen base score: how much a text resembles each answer's title and examples. An inverted index, because a text
// has some 300 features and shares only a few with most titles.

import type { BaseModel } from './BaseModel.js';
import { FEATURE_BUCKETS } from './featureHash.js';
import type { SparseVector } from './features.js';
import type { KnowledgePack } from './KnowledgePack.js';

export class TitleIndex {
  readonly #answers: number;
  /** Postings of a bucket lie at #starts[bucket] … #starts[bucket + 1]. */
  readonly #starts = new Uint32Array(FEATURE_BUCKETS + 1);
  readonly #phrases: Uint32Array;
  readonly #values: Float32Array;
  /** Answer row of each phrase. */
  readonly #answerOf: Uint32Array;
  readonly #cosines: Float32Array;

  constructor(knowledge: KnowledgePack, base: BaseModel) {
    const answerOf: number[] = [];
    const vectors: SparseVector[] = [];
    for (const [row, { title, examples }] of knowledge.items.entries()) {
      for (const phrase of [title, ...(examples ?? [])]) {
        answerOf.push(row);
        vectors.push(base.features(phrase));
      }
    }
    this.#answers = knowledge.items.length;
    this.#answerOf = Uint32Array.from(answerOf);
    this.#cosines = new Float32Array(vectors.length);
    for (const { indices } of vectors) for (const bucket of indices) (this.#starts[bucket + 1] as number) += 1;
    for (let bucket = 0; bucket < FEATURE_BUCKETS; bucket++) {
      (this.#starts[bucket + 1] as number) += this.#starts[bucket] as number;
    }
    const postings = this.#starts[FEATURE_BUCKETS] as number;
    this.#phrases = new Uint32Array(postings);
    this.#values = new Float32Array(postings);
    const next = this.#starts.slice();
    for (const [phrase, { indices, values }] of vectors.entries()) {
      for (let i = 0; i < indices.length; i++) {
        const bucket = indices[i] as number;
        const at = next[bucket] as number;
        next[bucket] = at + 1;
        this.#phrases[at] = phrase;
        this.#values[at] = values[i] as number;
      }
    }
  }

  /** Writes the largest cos(φ, φ(phrase)) over each answer's phrases into `best` ([answers]), 0 … 1. */
  bestCosines({ indices, values }: SparseVector, best: Float32Array): void {
    const cosines = this.#cosines.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const bucket = indices[i] as number;
      const value = values[i] as number;
      const end = this.#starts[bucket + 1] as number;
      for (let at = this.#starts[bucket] as number; at < end; at++) {
        (cosines[this.#phrases[at] as number] as number) += value * (this.#values[at] as number);
      }
    }
    best.fill(0, 0, this.#answers);
    for (let phrase = 0; phrase < cosines.length; phrase++) {
      const answer = this.#answerOf[phrase] as number;
      const cosine = cosines[phrase] as number;
      if (cosine > (best[answer] as number)) best[answer] = cosine;
    }
  }
}
