// The low-rank layer that a persona trains while it talks: s(x)[a] = B[a]·A φ(x) + bias[a]. Columns of A come into being
// when a feature is first trained on, so a persona that has learnt little is small; AdaGrad keeps a step size per number.

import { FEATURE_BUCKETS } from './featureHash.js';
import type { SparseVector } from './features.js';

/** Chance, handed in: `next()` is uniform in [0, 1). The project's `Random` fits. */
export interface UnitRandom {
  next(): number;
}

/** AdaGrad's step sizes (Duchi et al., 2011), measured for this recipe: the factors, and the biases. */
const STEP = 0.1;
const BIAS_STEP = 0.03;
/**
 * Where the sum of squares starts. Any value from 1e-8 to 1e-3 learns CLINC150 equally well; a larger one keeps the first
 * steps of new numbers small, so that a fresh layer disturbs adopted ones less.
 */
const ACCUMULATOR_START = 1e-3;
/** New columns of A are uniform in ±this, so that answers can start to differ. */
const COLUMN_START = 0.05;

const SLOTS_START = 256;

/** All of a layer's numbers, as typed arrays that can be cloned, posted to a thread or written to disk. */
export interface TrainableLayerState {
  readonly rank: number;
  readonly answers: number;
  /** Feature bucket of each column, in the order in which they came; its length is the number of columns. */
  readonly columns: Uint32Array;
  /** [columns, rank]: A transposed, so that one feature's numbers lie together. */
  readonly a: Float32Array;
  readonly aSquares: Float32Array;
  /** [answers, rank] */
  readonly b: Float32Array;
  readonly bSquares: Float32Array;
  /** [answers] */
  readonly bias: Float32Array;
  readonly biasSquares: Float32Array;
  /** [columns]: Σ φ_j(x)² over the trained inputs, which tells columns that matter from those that do not. */
  readonly energy: Float32Array;
}

/** A standard normal number by Box and Muller's transform. */
function gauss(random: UnitRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

export class TrainableLayer {
  readonly rank: number;
  readonly answers: number;
  readonly #random: UnitRandom;
  /** Column of a feature bucket, −1 where it has none. */
  readonly #slotOf = new Int32Array(FEATURE_BUCKETS).fill(-1);
  #columns: Uint32Array = new Uint32Array(SLOTS_START);
  #columnCount = 0;
  #a: Float32Array;
  #aSquares: Float32Array;
  #energy: Float32Array = new Float32Array(SLOTS_START);
  readonly #b: Float32Array;
  readonly #bSquares: Float32Array;
  readonly #bias: Float32Array;
  readonly #biasSquares: Float32Array;
  /** Scratch of a call: A φ(x), and its gradient. */
  readonly #hidden: Float32Array;
  readonly #hiddenGradient: Float32Array;

  /**
   * @param rank - 1 … 256.
   * @param answers - Rows of B, one per answer of the persona's knowledge.
   */
  constructor(rank: number, answers: number, random: UnitRandom) {
    this.rank = rank;
    this.answers = answers;
    this.#random = random;
    this.#a = new Float32Array(SLOTS_START * rank);
    this.#aSquares = new Float32Array(SLOTS_START * rank);
    this.#b = Float32Array.from({ length: answers * rank }, () => gauss(random) / Math.sqrt(rank));
    this.#bSquares = new Float32Array(answers * rank);
    this.#bias = new Float32Array(answers);
    this.#biasSquares = new Float32Array(answers);
    this.#hidden = new Float32Array(rank);
    this.#hiddenGradient = new Float32Array(rank);
  }

  static restore(state: TrainableLayerState, random: UnitRandom): TrainableLayer {
    const layer = new TrainableLayer(state.rank, state.answers, random);
    layer.#reserve(state.columns.length);
    layer.#columnCount = state.columns.length;
    layer.#columns.set(state.columns);
    layer.#a.set(state.a);
    layer.#aSquares.set(state.aSquares);
    layer.#energy.set(state.energy);
    layer.#b.set(state.b);
    layer.#bSquares.set(state.bSquares);
    layer.#bias.set(state.bias);
    layer.#biasSquares.set(state.biasSquares);
    for (let slot = 0; slot < state.columns.length; slot++) layer.#slotOf[state.columns[slot] as number] = slot;
    return layer;
  }

  /** A copy of all numbers; later training does not change it. */
  snapshot(): TrainableLayerState {
    const numbers = this.#columnCount * this.rank;
    return {
      rank: this.rank,
      answers: this.answers,
      columns: this.#columns.slice(0, this.#columnCount),
      a: this.#a.slice(0, numbers),
      aSquares: this.#aSquares.slice(0, numbers),
      b: this.#b.slice(),
      bSquares: this.#bSquares.slice(),
      bias: this.#bias.slice(),
      biasSquares: this.#biasSquares.slice(),
      energy: this.#energy.slice(0, this.#columnCount),
    };
  }

  /** True once a step was taken; before that the layer adds nothing to a score. */
  get isTrained(): boolean {
    return this.#columnCount > 0;
  }

  /** Features that have a column so far. */
  get columnCount(): number {
    return this.#columnCount;
  }

  /** Adds B A φ + bias to `scores` ([answers]). Features that were never trained on count nothing. */
  addScores(phi: SparseVector, scores: Float32Array): void {
    if (!this.isTrained) return;
    const { rank } = this;
    const hidden = this.#project(phi);
    for (let answer = 0; answer < this.answers; answer++) {
      let sum = this.#bias[answer] as number;
      const row = answer * rank;
      for (let k = 0; k < rank; k++) sum += (this.#b[row + k] as number) * (hidden[k] as number);
      (scores[answer] as number) += sum;
    }
  }

  /**
   * One AdaGrad step down the loss at φ.
   *
   * @param gradient - dLoss/dz per answer, [answers].
   */
  step(phi: SparseVector, gradient: Float32Array): void {
    const { rank } = this;
    this.#touch(phi);
    const hidden = this.#project(phi);
    const hiddenGradient = this.#hiddenGradient.fill(0);
    for (let answer = 0; answer < this.answers; answer++) {
      const g = gradient[answer] as number;
      if (g === 0) continue;
      this.#stepBias(answer, g);
      const row = answer * rank;
      for (let k = 0; k < rank; k++) {
        const at = row + k;
        const weight = this.#b[at] as number;
        (hiddenGradient[k] as number) += g * weight;
        const slope = g * (hidden[k] as number);
        const squares = (this.#bSquares[at] as number) + slope * slope;
        this.#bSquares[at] = squares;
        this.#b[at] = weight - (STEP * slope) / Math.sqrt(squares + ACCUMULATOR_START);
      }
    }
    this.#stepColumns(phi, hiddenGradient);
  }

  #stepBias(answer: number, g: number): void {
    const squares = (this.#biasSquares[answer] as number) + g * g;
    this.#biasSquares[answer] = squares;
    (this.#bias[answer] as number) -= (BIAS_STEP * g) / Math.sqrt(squares + ACCUMULATOR_START);
  }

  #stepColumns({ indices, values }: SparseVector, hiddenGradient: Float32Array): void {
    const { rank } = this;
    const a = this.#a;
    const aSquares = this.#aSquares;
    for (let i = 0; i < indices.length; i++) {
      const value = values[i] as number;
      const slot = this.#slotOf[indices[i] as number] as number;
      (this.#energy[slot] as number) += value * value;
      const column = slot * rank;
      for (let k = 0; k < rank; k++) {
        const slope = value * (hiddenGradient[k] as number);
        const squares = (aSquares[column + k] as number) + slope * slope;
        aSquares[column + k] = squares;
        (a[column + k] as number) -= (STEP * slope) / Math.sqrt(squares + ACCUMULATOR_START);
      }
    }
  }

  /** A φ into the scratch vector, [rank]. */
  #project({ indices, values }: SparseVector): Float32Array {
    const { rank } = this;
    const a = this.#a;
    const hidden = this.#hidden.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const slot = this.#slotOf[indices[i] as number] as number;
      if (slot < 0) continue;
      const value = values[i] as number;
      const column = slot * rank;
      for (let k = 0; k < rank; k++) (hidden[k] as number) += value * (a[column + k] as number);
    }
    return hidden;
  }

  /** Gives every feature of φ a column. */
  #touch({ indices }: SparseVector): void {
    for (const bucket of indices) {
      if ((this.#slotOf[bucket] as number) >= 0) continue;
      this.#reserve(this.#columnCount + 1);
      const slot = this.#columnCount++;
      this.#slotOf[bucket] = slot;
      this.#columns[slot] = bucket;
      const column = slot * this.rank;
      for (let k = 0; k < this.rank; k++) this.#a[column + k] = (this.#random.next() * 2 - 1) * COLUMN_START;
    }
  }

  #reserve(columnCount: number): void {
    if (columnCount <= this.#columns.length) return;
    const slots = Math.min(FEATURE_BUCKETS, Math.max(columnCount, this.#columns.length * 2));
    const grown = (from: Float32Array, length: number): Float32Array => {
      const to = new Float32Array(length);
      to.set(from);
      return to;
    };
    const columns = new Uint32Array(slots);
    columns.set(this.#columns);
    this.#columns = columns;
    this.#energy = grown(this.#energy, slots);
    this.#a = grown(this.#a, slots * this.rank);
    this.#aSquares = grown(this.#aSquares, slots * this.rank);
  }
}
