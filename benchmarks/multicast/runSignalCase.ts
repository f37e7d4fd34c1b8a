/**
 * One round of one case: processes for the publisher and each receiver, a warm-up, and a stretch that counts. Signal
 * object in, equal object out: each receiver reads and hashes every field, and a round in which a signal is missing,
 * doubled, out of order or changed is void.
 */
import { systemRandom } from '../../runtime/system/systemRandom.js';
import type { RoundContext, RoundOutcome } from '../runner/defineBenchmark.js';
import { ForkedProcess, stopAll } from '../runner/ForkedProcess.js';
import { freeTcpPort } from '../runner/freeTcpPort.js';
import { freeUdpPort } from '../runner/freeUdpPort.js';
import { sumOfHistograms } from '../runner/latencyHistogram.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import type { PublisherQuestions, PublisherReport, ReceiverQuestions, ReceiverReport, Schedule } from './questions.js';
import type { SignalNetwork } from './SignalPath.js';

/** A process that is none of ours, between the publisher and its receivers. */
export interface Broker {
  readonly port: number;
  /** That it has used since it started. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface SignalCaseOptions {
  /** A name that openSignalPath knows. */
  readonly path: string;
  readonly keyed?: boolean;
  readonly receivers: number;
  /** Signals of a full round. @default as many as take about a second */
  readonly signals?: number;
  /** Publish at this rate instead of as fast as it goes, and measure latencies. */
  readonly signalsPerSecond?: number;
  /** More than this lost at one receiver, and the round is void. @default 0 */
  readonly lostShareMax?: number;
  /** Datagrams of 1000 that each receiver throws away. @default 0 */
  readonly lossPerMille?: number;
  /** @default null */
  readonly peersFolder?: string | null;
  /** Started before the round and stopped after it; its CPU time counts. */
  readonly startBroker?: (signal: AbortSignal) => Promise<Broker>;
}

type Publisher = ForkedProcess<PublisherQuestions>;
type Receiver = ForkedProcess<ReceiverQuestions>;

const publisherModule = new URL('./publisherProcess.js', import.meta.url);
const receiverModule = new URL('./receiverProcess.js', import.meta.url);
/** Signals that warm the processes up, as a share of those that count. */
const warmUpShare = 0.2;
/**
 * Where the amount follows from the rate: there are warm-ups until one has lasted and was hardly faster than the one
 * before it, because a path that does much in a second takes some seconds to be compiled.
 */
const firstSignals = 500;
const warmUpSeconds = 0.5;
const warmUpsMax = 10;
const hardlyFaster = 1.1;
const signalsMin = 100;
/** Time for a scheduled stretch to be agreed on before it begins. */
const leadNs = 50e6;

export async function runSignalCase(options: SignalCaseOptions, context: RoundContext): Promise<RoundOutcome> {
  const { signal, seed } = context;
  const broker = await options.startBroker?.(signal);
  const started: { stop(): Promise<void> }[] = broker ? [broker] : [];
  try {
    const publisher: Publisher = new ForkedProcess(publisherModule, { signal });
    started.push(publisher);
    const receivers: Receiver[] = [];
    for (let index = 0; index < options.receivers; index++) {
      receivers.push(new ForkedProcess(receiverModule, { signal }));
      started.push(...receivers.slice(-1));
    }
    const network: SignalNetwork = {
      academyId: `benchmark-${systemRandom.id()}`,
      port: broker?.port ?? (options.peersFolder ? await freeTcpPort() : await freeUdpPort()),
      datagramKey: options.keyed ? systemRandom.bytes(32) : null,
      receivers: receivers.length,
      lossPerMille: options.lossPerMille ?? 0,
      peersFolder: options.peersFolder ?? null,
    };
    const given = { path: options.path, seed, network };
    const acknowledgePort = await publisher.ask('open', given);
    await Promise.all(receivers.map((each, receiver) => each.ask('open', { ...given, receiver, acknowledgePort })));
    await publisher.ask('whenHeard', null);
    return await measure(new Round(options, publisher, receivers, broker), options, context);
  } finally {
    await stopAll(started);
  }
}

async function measure(
  round: Round,
  { signals, signalsPerSecond }: SignalCaseOptions,
  { scale }: RoundContext,
): Promise<RoundOutcome> {
  if (signals || signalsPerSecond) {
    const count = amount((signals ?? signalsPerSecond ?? 0) * scale);
    // At a set rate there is little to do: it takes as long again to be compiled.
    const share = signalsPerSecond ? 1 : warmUpShare;
    const warmUp = await round.stretch(Math.ceil(count * share), signalsPerSecond);
    return warmUp.complete ? round.stretch(count, signalsPerSecond) : warmUp;
  }
  let count = amount(firstSignals * Math.min(1, scale));
  let rate = 0;
  for (let warmUps = 0; warmUps < warmUpsMax; warmUps++) {
    const warmUp = await round.stretch(count);
    if (!warmUp.complete) return warmUp;
    const before = rate;
    rate = warmUp.count / warmUp.seconds;
    count = amount(rate * warmUpSeconds * scale);
    const hasLasted = warmUp.seconds > (warmUpSeconds * scale) / 2;
    if (hasLasted && rate < before * hardlyFaster) break;
  }
  // Of the last warm-up's rate, a second's worth.
  return round.stretch(amount(rate * scale));
}

function amount(signals: number): number {
  return Math.max(signalsMin, Math.round(signals));
}

class Round {
  readonly #options: SignalCaseOptions;
  readonly #publisher: Publisher;
  readonly #receivers: readonly Receiver[];
  readonly #broker: Broker | undefined;

  constructor(
    options: SignalCaseOptions,
    publisher: Publisher,
    receivers: readonly Receiver[],
    broker: Broker | undefined,
  ) {
    this.#options = options;
    this.#publisher = publisher;
    this.#receivers = receivers;
    this.#broker = broker;
  }

  /** Publishes `count` signals and collects what became of them. */
  async stretch(count: number, signalsPerSecond?: number): Promise<RoundOutcome> {
    const schedule: Schedule | null = signalsPerSecond ? { startNs: monotonicNs() + leadNs, signalsPerSecond } : null;
    await Promise.all(this.#receivers.map((receiver) => receiver.ask('begin', { count, schedule })));
    const brokerBefore = this.#broker?.cpuSeconds() ?? 0;
    const published = await this.#publisher.ask('publish', { count, schedule });
    const reports = await Promise.all(this.#receivers.map((receiver) => receiver.ask('report', null)));
    const brokerCpuSeconds = (this.#broker?.cpuSeconds() ?? 0) - brokerBefore;
    return outcomeOf({
      count,
      published,
      reports,
      brokerCpuSeconds,
      scheduled: schedule !== null,
      lostShareMax: this.#options.lostShareMax ?? 0,
    });
  }
}

interface Stretch {
  /** Signals that were to be published. */
  readonly count: number;
  readonly published: PublisherReport;
  readonly reports: readonly ReceiverReport[];
  readonly brokerCpuSeconds: number;
  readonly scheduled: boolean;
  readonly lostShareMax: number;
}

/** What the reports of all processes come to. */
export function outcomeOf(stretch: Stretch): RoundOutcome {
  const { published, reports } = stretch;
  const fault = faultOf(stretch);
  const histograms = reports.flatMap(({ histogram }) => histogram ?? []);
  const cpuSeconds = [published, ...reports].reduce((sum, each) => sum + each.cpuSeconds, stretch.brokerCpuSeconds);
  return {
    // What the worst receiver has; the rate is that of signals that all of them have.
    count: Math.min(...reports.map(({ received }) => received)),
    seconds: (Math.max(...reports.map(({ lastNs }) => lastNs)) - published.startNs) / 1e9,
    lost: reports.reduce((sum, { lost }) => sum + lost, 0),
    ...(histograms.length > 0 ? { histogram: sumOfHistograms(histograms) } : {}),
    // A publisher on schedule polls its clock, so its CPU time says nothing. Not every system tells that of a broker.
    ...(stretch.scheduled || !Number.isFinite(cpuSeconds)
      ? {}
      : { cpuSeconds, senderCpuSeconds: published.cpuSeconds }),
    complete: fault === undefined,
    ...(fault ? { reason: fault } : {}),
  };
}

function faultOf({ count, published, reports, lostShareMax }: Stretch): string | undefined {
  for (const [receiver, { received, lost, disordered, corrupt, dropped }] of reports.entries()) {
    const told = `receiver ${receiver} of ${reports.length}`;
    if (corrupt > 0) return `${told} got ${corrupt} signals that nobody sent`;
    if (dropped > 0) return `${told} dropped ${dropped} messages`;
    if (disordered > 0) return `${told} got ${disordered} signals twice or out of order`;
    if (received + lost !== count) return `${told} accounts for ${received + lost} of ${count} signals`;
    if (lost > count * lostShareMax) return `${told} lost ${lost} of ${count} signals`;
  }
  const { refused } = published;
  return refused > 0 ? `the system refused ${refused} of ${count} signals` : undefined;
}
