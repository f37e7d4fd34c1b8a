/**
 * Training signals between processes over UDP multicast on loopback: a signal object goes in at the publisher, and an
 * equal one comes out at each receiver, which decodes it and reads and hashes every field. Rates are of signals that
 * every receiver has; CPU is that of the publisher and all receivers per million of them. The publisher is held back by
 * a window that receivers acknowledge, so that next to nothing is lost; what is, is told. Latencies are measured at a
 * fixed rate and count from the time that a signal was due.
 */
import { runSignalCase, type SignalCaseOptions } from './multicast/runSignalCase.js';
import { type BenchmarkCase, defineBenchmark } from './runner/defineBenchmark.js';

/** More than this lost, and the rate is not one at which the path can be used. */
const lostShareMax = 0.01;

export const benchmark = defineBenchmark({
  name: 'multicast',
  sentence: 'Training signals from one process to others over UDP multicast, object in to object out.',
  cases: [
    signalCase('bare dgram, 1 to 1', { path: 'bare', receivers: 1, signals: 40_000 }),
    signalCase('transport keyed, 1 to 1', { path: 'transport', keyed: true, receivers: 1, signals: 30_000 }),
    signalCase('transport open, 1 to 1', { path: 'transport', receivers: 1, signals: 30_000 }),
    signalCase('bare dgram, 1 to 3', { path: 'bare', receivers: 3, signals: 20_000 }),
    signalCase('transport keyed, 1 to 3', { path: 'transport', keyed: true, receivers: 3, signals: 15_000 }),
    signalCase('transport open, 1 to 3', { path: 'transport', receivers: 3, signals: 15_000 }),
    signalCase('bare dgram, at 5 k/s', { path: 'bare', receivers: 1, signals: 5_000, signalsPerSecond: 5_000 }),
    signalCase('transport keyed, at 5 k/s', {
      path: 'transport',
      keyed: true,
      receivers: 1,
      signals: 5_000,
      signalsPerSecond: 5_000,
    }),
  ],
  ratios: (results) => {
    const rate = (name: keyof typeof results): number => results[name].median;
    return {
      transport_vs_naive_1to1: rate('transport keyed, 1 to 1') / rate('bare dgram, 1 to 1'),
      transport_vs_naive_1to3: rate('transport keyed, 1 to 3') / rate('bare dgram, 1 to 3'),
      keyed_vs_open_1to1: rate('transport keyed, 1 to 1') / rate('transport open, 1 to 1'),
    };
  },
});

function signalCase<const C extends string>(name: C, options: SignalCaseOptions): BenchmarkCase<C> {
  return { case: name, unit: 'signals/s', run: (context) => runSignalCase({ lostShareMax, ...options }, context) };
}
