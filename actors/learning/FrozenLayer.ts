// A genome's layer as its adopter uses it: never trained, its answers matched by id to the rows of the adopter's pack.

import type { Genome } from '../../runtime/protocol/genome/Genome.js';
import { FEATURE_BUCKETS } from './featureHash.js';
import type { SparseVector } from './features.js';
import type { KnowledgePack } from './KnowledgePack.js';

export class FrozenLayer {
  readonly genome: Genome;
  /** s: how loudly the layer speaks among the others; 1 is as trained. */
  readonly scale: number;
  /** Answers of the genome that the adopter's pack has. */
  readonly sharedAnswers: number;
  readonly #rank: number;
  /** Column of a feature bucket, −1 where it has none. */
  readonly #slotOf = new Int32Array(FEATURE_BUCKETS).fill(-1);
  /** [K, rank]: A transposed, so that one feature's numbers lie together. */
  readonly #a: Int8Array;
  readonly #columnScales: Float32Array;
  /** Rows of the pack that the layer speaks of, and its B and bias for just these. */
  readonly #rows: Uint32Array;
  readonly #b: Float32Array;
  readonly #bias: Float32Array;
  readonly #hidden: Float32Array;

  constructor(genome: Genome, knowledge: KnowledgePack, scale: number) {
    const { rank, columns, loraA, scales, loraB, bias } = genome.layer;
    this.genome = genome;
    this.scale = scale;
    this.#rank = rank;
    this.#hidden = new Float32Array(rank);
    this.#columnScales = scales;
    this.#a = new Int8Array(loraA.length);
    for (let slot = 0; slot < columns.length; slot++) {
      this.#slotOf[columns[slot] as number] = slot;
      for (let k = 0; k < rank; k++) this.#a[slot * rank + k] = loraA[k * columns.length + slot] as number;
    }
    const shared = genome.manifest.answers
      .map((id, theirs) => ({ ours: knowledge.rowOf(id), theirs }))
      .filter(({ ours }) => ours >= 0);
    this.sharedAnswers = shared.length;
    this.#rows = Uint32Array.from(shared, ({ ours }) => ours);
    this.#bias = Float32Array.from(shared, ({ theirs }) => bias[theirs] as number);
    this.#b = new Float32Array(shared.length * rank);
    for (const [i, { theirs }] of shared.entries()) {
      this.#b.set(loraB.subarray(theirs * rank, (theirs + 1) * rank), i * rank);
    }
  }

  /** Adds scale · (B A φ + bias) to the scores of the answers it knows; `scores` is [answers of the pack]. */
  addScores({ indices, values }: SparseVector, scores: Float32Array): void {
    const rank = this.#rank;
    const a = this.#a;
    const hidden = this.#hidden.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const slot = this.#slotOf[indices[i] as number] as number;
      if (slot < 0) continue;
      const value = (values[i] as number) * (this.#columnScales[slot] as number);
      const column = slot * rank;
      for (let k = 0; k < rank; k++) (hidden[k] as number) += value * (a[column + k] as number);
    }
    for (let i = 0; i < this.#rows.length; i++) {
      let sum = this.#bias[i] as number;
      const row = i * rank;
      for (let k = 0; k < rank; k++) sum += (this.#b[row + k] as number) * (hidden[k] as number);
      (scores[this.#rows[i] as number] as number) += this.scale * sum;
    }
  }
}
