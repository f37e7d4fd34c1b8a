/**
 * Holds what a receiver hears against what was sent: every signal must be the next one of the stream, and equal to it
 * in the hash over all its fields. What is missing, doubled, out of order or changed is counted; a round in which any
 * of that happened is void.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { hashPhases, hashSignal } from './hashSignal.js';
import { indexOfSignal } from './trainingSignals.js';

export class SignalCheck {
  readonly #cycle: number;
  /** Of each signal the hash in each phase; the stream goes through the signals again and again. */
  readonly #hashes: Uint32Array;
  #next = 0;
  #index = 0;
  #lap = 0;
  #received = 0;
  #lost = 0;
  #disordered = 0;
  #corrupt = 0;

  /** @param signals that the publisher sends in turn, over and over */
  constructor(signals: readonly TrainingSignal[]) {
    this.#cycle = signals.length;
    this.#hashes = new Uint32Array(signals.length * hashPhases);
    for (const [index, signal] of signals.entries()) {
      for (let phase = 0; phase < hashPhases; phase++) {
        this.#hashes[index * hashPhases + phase] = hashSignal(signal, phase);
      }
    }
  }

  /** Position in the stream of the next signal. */
  get next(): number {
    return this.#next;
  }
  get received(): number {
    return this.#received;
  }
  /** Signals that were skipped over. */
  get lost(): number {
    return this.#lost;
  }
  /** Signals that came twice or behind a later one. */
  get disordered(): number {
    return this.#disordered;
  }
  /** Signals that nobody sent. */
  get corrupt(): number {
    return this.#corrupt;
  }

  /** @returns the position that the signal has in the stream; -1 when it was not due */
  take(signal: TrainingSignal): number {
    const phase = (this.#index + this.#lap) % hashPhases;
    const hash = hashSignal(signal, phase);
    if (hash !== this.#hashes[this.#index * hashPhases + phase] && !this.#skipTo(signal)) return -1;
    this.#received += 1;
    const position = this.#next;
    this.#moveTo(position + 1);
    return position;
  }

  /** Starts to count anew; the stream goes on where it is. */
  restart(): void {
    this.#received = 0;
    this.#lost = 0;
    this.#disordered = 0;
    this.#corrupt = 0;
  }

  /** Gives up what has not come before `position`. */
  giveUpTo(position: number): void {
    if (position <= this.#next) return;
    this.#lost += position - this.#next;
    this.#moveTo(position);
  }

  /**
   * For a signal that is not the one that is due: a later one means that those between are lost, an earlier one was
   * heard or given up already.
   */
  #skipTo(signal: TrainingSignal): boolean {
    const index = indexOfSignal(signal);
    if (!(index >= 0 && index < this.#cycle)) return this.#isCorrupt();
    const ahead = (index - this.#index + this.#cycle) % this.#cycle;
    // Signals repeat after a cycle: what looks far ahead is from behind.
    const position = ahead > this.#cycle / 2 ? this.#next + ahead - this.#cycle : this.#next + ahead;
    const phase = (index + Math.max(0, Math.floor(position / this.#cycle))) % hashPhases;
    if (hashSignal(signal, phase) !== this.#hashes[index * hashPhases + phase]) return this.#isCorrupt();
    if (position < this.#next) {
      this.#disordered += 1;
      return false;
    }
    this.giveUpTo(position);
    return true;
  }

  #isCorrupt(): false {
    this.#corrupt += 1;
    return false;
  }

  #moveTo(position: number): void {
    this.#next = position;
    this.#index = position % this.#cycle;
    this.#lap = Math.floor(position / this.#cycle);
  }
}
