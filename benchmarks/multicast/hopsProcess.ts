/** A process in which nothing is collected while it measures what a signal costs at each hop. */
import type { HopCost } from '../runner/BenchmarkDocument.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { AllocationMeter } from './AllocationMeter.js';
import { signalHops } from './signalHops.js';

export type HopsQuestions = {
  readonly hops: {
    readonly given: { readonly seed: number; readonly count: number };
    readonly answer: { readonly hops: readonly HopCost[]; readonly collections: number };
  };
};

answerQuestions<HopsQuestions>({
  hops: async ({ seed, count }) => {
    const meter = new AllocationMeter();
    const hops = await signalHops(seed, count, meter);
    return { hops, collections: await meter.close() };
  },
});
