/** One round in a process of its own: what all benchmarks of actors do for each case. */
import type { RoundOutcome } from '../runner/defineBenchmark.js';
import { ForkedProcess } from '../runner/ForkedProcess.js';
import type { Measured } from './Workload.js';

/** The one question of such a process. */
export type MeasureQuestions<Given> = {
  readonly measure: { readonly given: Given; readonly answer: Measured };
};

const countMin = 100;

/** Share of the full amount of work, never so little that there is nothing to count. */
export function scaled(fullCount: number, scale: number): number {
  return Math.max(countMin, Math.round(fullCount * scale));
}

/** @param module answers MeasureQuestions */
export async function measureForked<Given>(module: URL, given: Given, signal: AbortSignal): Promise<RoundOutcome> {
  const process = new ForkedProcess<MeasureQuestions<Given>>(module, { signal, nodeFlags: ['--expose-gc'] });
  try {
    const { fault, ...measured } = await process.ask('measure', given);
    return { ...measured, lost: 0, complete: fault === null, ...(fault === null ? {} : { reason: fault }) };
  } finally {
    await process.stop();
  }
}
