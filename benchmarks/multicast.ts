/**
 * Training signals between processes over UDP multicast on loopback: a signal object goes in at the publisher, and an
 * equal one comes out at each receiver, which decodes it and reads and hashes every field. Rates are of signals that
 * every receiver has; CPU is that of the publisher and all receivers per million of them. Streams pace themselves, and a
 * round in which one signal is missing, doubled, out of order or changed is void; single datagrams are held back by a
 * window that receivers acknowledge, and what is lost all the same is told. Latencies are measured at a fixed rate and
 * count from the time that a signal was due. Beside them stands what a C program does on the same machine, and what is
 * copied and allocated for a signal at each hop.
 */
import { type LimitCaseName, type LimitCases, openLimitCases } from './limit/openLimitCases.js';
import { datagramsPerSignal } from './multicast/datagramsPerSignal.js';
import { measureHops } from './multicast/measureHops.js';
import { runSignalCase, type SignalCaseOptions } from './multicast/runSignalCase.js';
import type { CaseResult } from './runner/BenchmarkDocument.js';
import type { Benchmark, BenchmarkCase } from './runner/defineBenchmark.js';
import { requireRounds, runRounds } from './runner/runRounds.js';

/** More than this lost, and the rate is not one at which bare datagrams can be used. Streams may lose nothing. */
const lostShareMax = 0.01;
const latencyRate = 50_000;

/** When the limit is not what is asked for. */
const noLimit: LimitCases = { cases: [], notes: [], dispose: () => {} };

type CaseName = (typeof cases)[number]['case'] | LimitCaseName;

const cases = [
  signalCase('naive, 1 to 1', { path: 'bare', receivers: 1, signals: 40_000, lostShareMax }),
  signalCase('naive, 1 to 3', { path: 'bare', receivers: 3, signals: 20_000, lostShareMax }),
  signalCase('stream, 1 to 1', { path: 'stream', keyed: true, receivers: 1 }),
  signalCase('stream open, 1 to 1', { path: 'stream', receivers: 1 }),
  signalCase('stream proven, 1 to 1', { path: 'stream-proven', keyed: true, receivers: 1 }),
  signalCase('stream, 1 to 3', { path: 'stream', keyed: true, receivers: 3 }),
  signalCase('stream open, 1 to 3', { path: 'stream', receivers: 3 }),
  signalCase('stream plain, 1 to 1', { path: 'stream-plain', keyed: true, receivers: 1 }),
  signalCase('stream plain, 1 to 3', { path: 'stream-plain', keyed: true, receivers: 3 }),
  signalCase('stream, 0.1 % lost', { path: 'stream', keyed: true, receivers: 1, lossPerMille: 1 }),
  signalCase('stream, 1 % lost', { path: 'stream', keyed: true, receivers: 1, lossPerMille: 10 }),
  signalCase('stream, 5 % lost', { path: 'stream', keyed: true, receivers: 1, lossPerMille: 50 }),
  signalCase('stream, at 50 k/s', { path: 'stream', keyed: true, receivers: 1, signalsPerSecond: latencyRate }),
] as const;

export const benchmark: Benchmark = {
  name: 'multicast',
  sentence: 'Training signals from one process to others over UDP multicast, object in to object out.',
  run: async (options = {}) => {
    if (options.rounds !== undefined) requireRounds(options.rounds);
    const signal = options.signal ?? new AbortController().signal;
    const limit = options.guardsOnly ? noLimit : await openLimitCases(signal);
    const perSignal = datagramsPerSignal(options.seed ?? 1);
    try {
      const document = await runRounds<CaseName>(
        {
          name: benchmark.name,
          sentence: benchmark.sentence,
          cases: [...cases, ...limit.cases],
          ratios: (results) => ratiosOf(results, perSignal),
          guards: guardsOf,
          guarding: { cases: ['naive, 1 to 1', 'stream, 1 to 1', 'stream open, 1 to 1'], rounds: 5, scale: 0.5 },
        },
        { ...options, signal },
      );
      const hops = await measureHops(options.seed ?? 1, signal);
      const notes = [`A datagram of the stream holds ${(1 / perSignal).toFixed(2)} signals.`, ...limit.notes];
      return { ...document, hops, notes };
    } finally {
      limit.dispose();
    }
  },
};

/** A ratio to a limit that was not measured is left out. */
function ratiosOf(results: Readonly<Partial<Record<CaseName, CaseResult>>>, perSignal: number): Record<string, number> {
  const rate = (name: CaseName): number => results[name]?.median ?? Number.NaN;
  const lossless = rate('stream, 1 to 1');
  const senderCpu = (name: CaseName): number => results[name]?.senderCpuSecondsPerMillion ?? Number.NaN;
  const ratios = {
    reliable_vs_naive_1to1: lossless / rate('naive, 1 to 1'),
    reliable_vs_naive_1to3: rate('stream, 1 to 3') / rate('naive, 1 to 3'),
    vs_c_gso_1to1: (lossless * perSignal) / rate('C gso 1:1'),
    vs_c_gso_1to3: (rate('stream, 1 to 3') * perSignal) / rate('C gso 1:3'),
    vs_c_sendto_1to1: lossless / rate('C sendto 1:1'),
    kept_at_drop_0_1: rate('stream, 0.1 % lost') / lossless,
    kept_at_drop_1: rate('stream, 1 % lost') / lossless,
    kept_at_drop_5: rate('stream, 5 % lost') / lossless,
    authenticated_vs_plain: lossless / rate('stream open, 1 to 1'),
    proven_vs_authenticated: rate('stream proven, 1 to 1') / lossless,
    offload_vs_plain_1to1: lossless / rate('stream plain, 1 to 1'),
    sender_cpu_1to3_vs_1to1: senderCpu('stream, 1 to 3') / senderCpu('stream, 1 to 1'),
  };
  return Object.fromEntries(Object.entries(ratios).filter(([, ratio]) => Number.isFinite(ratio)));
}

/** CPU time, of the quickest rounds: rates of a moment say more of the machine than of the path. */
function guardsOf(results: Readonly<Partial<Record<CaseName, CaseResult>>>): Record<string, number> {
  const cpu = (name: CaseName): number => results[name]?.cpuSecondsPerMillionMin ?? Number.NaN;
  return {
    cpu_naive_vs_stream: cpu('naive, 1 to 1') / cpu('stream, 1 to 1'),
    cpu_open_vs_authenticated: cpu('stream open, 1 to 1') / cpu('stream, 1 to 1'),
  };
}

function signalCase<const C extends string>(name: C, options: SignalCaseOptions): BenchmarkCase<C> {
  return { case: name, unit: 'signals/s', run: (context) => runSignalCase(options, context) };
}
