/**
 * What a training signal copies and allocates at each hop of its way, in numbers that are the same on every machine: what
 * guards the claim that nothing is copied which need not be. `multicast` prints the same beside its rates.
 */
import { measureHops } from './multicast/measureHops.js';
import type { HopCost } from './runner/BenchmarkDocument.js';
import type { Benchmark } from './runner/defineBenchmark.js';
import { describeMachine } from './runner/describeMachine.js';
import { requireRounds } from './runner/runRounds.js';

const defaultRounds = 5;
/** Hops whose allocations are steady: the others are mostly what the runtime takes when it pleases. */
const steadyAllocations: ReadonlySet<string> = new Set(['buffer to object', 'ring to object']);

export const benchmark: Benchmark = {
  name: 'hops',
  sentence: 'What a training signal copies and allocates at each hop of its way, in bytes.',
  run: async ({ rounds = defaultRounds, seed = 1, signal = new AbortController().signal, onProgress } = {}) => {
    requireRounds(rounds);
    const measured: (readonly HopCost[])[] = [];
    while (measured.length < rounds) {
      signal.throwIfAborted();
      onProgress?.({ fraction: measured.length / rounds, text: `round ${measured.length + 1} of ${rounds}` });
      measured.push(await measureHops(seed, signal));
    }
    const guardRounds = guardsOf(measured);
    // The round that cost least: until code is compiled it allocates more, and when that is done is chance.
    const guards = Object.fromEntries(Object.entries(guardRounds).map(([key, values]) => [key, Math.min(...values)]));
    const hops = measured.at(-1) ?? [];
    return {
      name: benchmark.name,
      machine: describeMachine(),
      rounds,
      results: [],
      ratios: {},
      guards,
      guardRounds,
      hops,
    };
  },
};

function guardsOf(measured: readonly (readonly HopCost[])[]): Record<string, number[]> {
  const rounds: Record<string, number[]> = {};
  for (const { hop, by, bytesCopied, bytesAllocated } of measured.flat()) {
    if (by !== 'academy') continue;
    const name = hop.replaceAll(' ', '_');
    if (bytesCopied !== null) add(rounds, `${name}_bytes_copied`, bytesCopied);
    if (bytesAllocated !== null && steadyAllocations.has(hop)) add(rounds, `${name}_bytes_allocated`, bytesAllocated);
  }
  return rounds;
}

function add(rounds: Record<string, number[]>, key: string, value: number): void {
  rounds[key] = [...(rounds[key] ?? []), value];
}
