// The lessons that a persona goes over again, so that what it hears now does not wipe out what it heard before. Bounded:
// once full, it stays a uniform sample of everything heard (reservoir sampling, Vitter's algorithm R).

import type { SparseVector } from './features.js';
import type { UnitRandom } from './TrainableLayer.js';

/**
 * What a signal teaches, in rows of the persona's pack. `expected`: the right answer is known (row −1: silence).
 * `judged`: only how good the given answer was, −1 … 1.
 */
export type Lesson =
  | { readonly kind: 'expected'; readonly phi: SparseVector; readonly row: number }
  | { readonly kind: 'judged'; readonly phi: SparseVector; readonly row: number; readonly value: number };

/** All lessons, packed. Lesson i has the features offsets[i] … offsets[i + 1]. */
export interface ReplayState {
  /** Lessons offered so far, of which the kept ones are a sample. */
  readonly seen: number;
  readonly offsets: Uint32Array;
  readonly indices: Uint16Array;
  readonly features: Float32Array;
  /** 1: judged, 0: expected. */
  readonly isJudged: Uint8Array;
  readonly rows: Int32Array;
  /** Those of older personas are in single precision. */
  readonly values: Float64Array | Float32Array;
}

export class ReplayBuffer {
  readonly #capacity: number;
  readonly #random: UnitRandom;
  readonly #lessons: Lesson[] = [];
  #seen = 0;

  /** @param capacity - Lessons kept; a lesson takes about 2 KB. */
  constructor(capacity: number, random: UnitRandom) {
    this.#capacity = capacity;
    this.#random = random;
  }

  get size(): number {
    return this.#lessons.length;
  }

  add(lesson: Lesson): void {
    this.#seen++;
    if (this.#lessons.length < this.#capacity) {
      this.#lessons.push(lesson);
      return;
    }
    const place = Math.floor(this.#random.next() * this.#seen);
    if (place < this.#capacity) this.#lessons[place] = lesson;
  }

  /** One of the kept lessons, each as likely as the other; undefined while there is none. */
  pick(): Lesson | undefined {
    return this.#lessons[Math.floor(this.#random.next() * this.#lessons.length)];
  }

  snapshot(): ReplayState {
    const lessons = this.#lessons;
    const offsets = new Uint32Array(lessons.length + 1);
    for (const [i, { phi }] of lessons.entries()) offsets[i + 1] = (offsets[i] as number) + phi.indices.length;
    const total = offsets[lessons.length] as number;
    const indices = new Uint16Array(total);
    const features = new Float32Array(total);
    for (const [i, { phi }] of lessons.entries()) {
      indices.set(phi.indices, offsets[i] as number);
      features.set(phi.values, offsets[i] as number);
    }
    return {
      seen: this.#seen,
      offsets,
      indices,
      features,
      isJudged: Uint8Array.from(lessons, ({ kind }) => (kind === 'judged' ? 1 : 0)),
      rows: Int32Array.from(lessons, ({ row }) => row),
      values: Float64Array.from(lessons, (lesson) => (lesson.kind === 'judged' ? lesson.value : 0)),
    };
  }

  static restore(state: ReplayState, capacity: number, random: UnitRandom): ReplayBuffer {
    const buffer = new ReplayBuffer(capacity, random);
    for (let i = 0; i < Math.min(capacity, state.rows.length); i++) {
      const [begin, end] = [state.offsets[i] as number, state.offsets[i + 1] as number];
      const phi = {
        indices: Uint32Array.from(state.indices.subarray(begin, end)),
        values: state.features.slice(begin, end),
      };
      const row = state.rows[i] as number;
      buffer.#lessons.push(
        state.isJudged[i] === 1
          ? { kind: 'judged', phi, row, value: state.values[i] as number }
          : { kind: 'expected', phi, row },
      );
    }
    buffer.#seen = state.seen;
    return buffer;
  }
}
