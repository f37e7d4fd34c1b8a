/**
 * Training signals between processes over UDP multicast on loopback: a signal object goes in at the publisher, and an
 * equal one comes out at each receiver, which decodes it and reads and hashes every field. Rates are of signals that
 * every receiver has; CPU is that of the publisher and all receivers per million of them. The publisher is held back by
 * a window that receivers acknowledge, so that next to nothing is lost; what is, is told. Latencies are measured at a
 * fixed rate and count from the time that a signal was due.
 */
import { systemRandom } from '../runtime/system/systemRandom.js';
import type {
  PublisherQuestions,
  PublisherReport,
  ReceiverQuestions,
  ReceiverReport,
  Schedule,
  SignalPathName,
} from './multicast/questions.js';
import { type BenchmarkCase, defineBenchmark, type RoundContext, type RoundOutcome } from './runner/defineBenchmark.js';
import { ForkedProcess, stopAll } from './runner/ForkedProcess.js';
import { freeUdpPort } from './runner/freeUdpPort.js';
import { sumOfHistograms } from './runner/latencyHistogram.js';
import { monotonicNs } from './runner/monotonicNs.js';

interface CaseOptions {
  readonly path: SignalPathName;
  readonly keyed?: boolean;
  readonly receivers: number;
  /** Signals of a full round. */
  readonly signals: number;
  /** Publish at this rate instead of as fast as it goes, and measure latencies. */
  readonly signalsPerSecond?: number;
}

const publisherModule = new URL('./multicast/publisherProcess.js', import.meta.url);
const receiverModule = new URL('./multicast/receiverProcess.js', import.meta.url);
/** Signals that warm the processes up, as a share of those that count. */
const warmUpShare = 0.2;
/** More than this lost, and the rate is not one at which the path can be used. */
const lostShareMax = 0.01;
/** Time for a scheduled stretch to be agreed on before it begins. */
const leadNs = 50e6;

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

function signalCase<const C extends string>(name: C, options: CaseOptions): BenchmarkCase<C> {
  return { case: name, unit: 'signals/s', run: (context) => runCase(options, context) };
}

async function runCase(options: CaseOptions, { signal, scale, seed }: RoundContext): Promise<RoundOutcome> {
  const publisher = new ForkedProcess<PublisherQuestions>(publisherModule, { signal });
  const receivers = Array.from(
    { length: options.receivers },
    () => new ForkedProcess<ReceiverQuestions>(receiverModule, { signal }),
  );
  try {
    const given = {
      path: options.path,
      seed,
      network: {
        academyId: `benchmark-${systemRandom.id()}`,
        port: await freeUdpPort(),
        datagramKey: options.keyed ? systemRandom.bytes(32) : null,
      },
    };
    const acknowledgePort = await publisher.ask('open', { ...given, receivers: receivers.length });
    await Promise.all(receivers.map((each, receiver) => each.ask('open', { ...given, receiver, acknowledgePort })));
    const count = Math.max(100, Math.round(options.signals * scale));
    await stretch(publisher, receivers, Math.ceil(count * warmUpShare));
    return await stretch(publisher, receivers, count, options.signalsPerSecond);
  } finally {
    await stopAll([publisher, ...receivers]);
  }
}

/** Publishes `count` signals and collects what became of them. */
async function stretch(
  publisher: ForkedProcess<PublisherQuestions>,
  receivers: readonly ForkedProcess<ReceiverQuestions>[],
  count: number,
  signalsPerSecond?: number,
): Promise<RoundOutcome> {
  const schedule: Schedule | null = signalsPerSecond ? { startNs: monotonicNs() + leadNs, signalsPerSecond } : null;
  await Promise.all(receivers.map((receiver) => receiver.ask('begin', { schedule })));
  const published = await publisher.ask('publish', { count, schedule });
  const reports = await Promise.all(receivers.map((receiver) => receiver.ask('report', { count })));
  return outcomeOf(count, published, reports, schedule !== null);
}

function outcomeOf(
  count: number,
  published: PublisherReport,
  reports: readonly ReceiverReport[],
  scheduled: boolean,
): RoundOutcome {
  const fault = faultOf(count, published, reports);
  const histograms = reports.flatMap(({ histogram }) => histogram ?? []);
  return {
    // What the worst receiver has; the rate is that of signals that all of them have.
    count: Math.min(...reports.map(({ received }) => received)),
    seconds: (Math.max(...reports.map(({ lastNs }) => lastNs)) - published.startNs) / 1e9,
    lost: reports.reduce((sum, { lost }) => sum + lost, 0),
    ...(histograms.length > 0 ? { histogram: sumOfHistograms(histograms) } : {}),
    // A publisher on schedule polls its clock, so its CPU time says nothing.
    ...(scheduled ? {} : { cpuSeconds: [published, ...reports].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) }),
    complete: fault === undefined,
    ...(fault ? { reason: fault } : {}),
  };
}

function faultOf(count: number, { refused }: PublisherReport, reports: readonly ReceiverReport[]): string | undefined {
  for (const [receiver, { received, lost, disordered, corrupt, dropped }] of reports.entries()) {
    const told = `receiver ${receiver} of ${reports.length}`;
    if (corrupt > 0) return `${told} got ${corrupt} signals that nobody sent`;
    if (dropped > 0) return `${told} dropped ${dropped} datagrams`;
    if (disordered > 0) return `${told} got ${disordered} signals twice or out of order`;
    if (received + lost !== count) return `${told} accounts for ${received + lost} of ${count} signals`;
    if (lost > count * lostShareMax) return `${told} lost ${lost} of ${count} signals`;
  }
  return refused > 0 ? `the system refused ${refused} of ${count} signals` : undefined;
}
