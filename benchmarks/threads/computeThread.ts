/** A thread that does nothing but compute: what so many threads can do on this machine at all. */
import { parentPort } from 'node:worker_threads';

/** How many steps to take, and where to begin; the answer is where it ended. */
export interface Computation {
  readonly steps: number;
  readonly seed: number;
}

/** Xorshift by Marsaglia: each step needs the one before, and no memory. */
export function compute({ steps, seed }: Computation): number {
  let state = seed | 1;
  for (let step = 0; step < steps; step++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state >>> 0;
}

parentPort?.on('message', (computation: Computation) => parentPort?.postMessage(compute(computation)));
