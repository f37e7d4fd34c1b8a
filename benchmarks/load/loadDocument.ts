/** From what the nodes report to the document. */
import type { BenchmarkDocument } from '../runner/BenchmarkDocument.js';
import type { RoundOutcome } from '../runner/defineBenchmark.js';
import type { MachineDescription } from '../runner/describeMachine.js';
import { percentileMicros, sumOfHistograms } from '../runner/latencyHistogram.js';
import { shortMicros, shortNumber } from '../runner/renderDocument.js';
import { median, summarizeCase } from '../runner/summarizeCase.js';
import type { LoadShape } from './loadOptions.js';
import type { LoadNodeReport, LoadStretch, LoadTotals } from './loadWords.js';

export interface LoadNodeFigures {
  readonly nodeId: string;
  readonly participants: number;
  /** In the last round, until its last delivery had settled. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

export interface LoadFigures {
  readonly shape: LoadShape;
  /** Messages of all rounds. */
  readonly messages: {
    /** By the schedule. */
    readonly offered: number;
    /** With a receipt `stored`. */
    readonly stored: number;
    /** Without one, by the error's code; `no answer` for those that were never settled. */
    readonly refused: Readonly<Record<string, number>>;
    readonly offeredPerSecond: number;
    /** Median of the rounds: stored messages over the time until the last one was stored. */
    readonly storedPerSecond: number;
  };
  /** Deliveries of stored messages to other members of their rooms, of all rounds. */
  readonly deliveries: Readonly<Record<'local' | 'remote', LoadDeliveries>>;
  /** Longest time from the end of a schedule until nothing more arrived. */
  readonly settleSeconds: number;
  readonly nodes: readonly LoadNodeFigures[];
  /** Actors that broke under the load. */
  readonly troubles: readonly string[];
}

export interface LoadDeliveries {
  readonly expected: number;
  readonly received: number;
  readonly lost: number;
  /** Longest latency, microseconds; null when nothing was delivered. */
  readonly max: number | null;
}

export interface LoadBenchmarkResult extends BenchmarkDocument {
  readonly load: LoadFigures;
}

/** One stretch of talk that counts. */
export interface LoadRound {
  readonly stretch: LoadStretch;
  readonly reports: readonly LoadNodeReport[];
  readonly settleSeconds: number;
}

type Way = 'local' | 'remote';

/** @param rounds at least one */
export function loadDocument(
  shape: LoadShape,
  machine: MachineDescription,
  rounds: readonly LoadRound[],
): LoadBenchmarkResult {
  const results = [
    summarizeCase('send', 'messages/s', rounds.map(sendOutcome)),
    summarizeCase(
      'deliver local',
      'deliveries/s',
      rounds.map((round) => deliverOutcome(round, 'local')),
    ),
    summarizeCase(
      'deliver remote',
      'deliveries/s',
      rounds.map((round) => deliverOutcome(round, 'remote')),
    ),
  ];
  const load = figuresOf(shape, rounds);
  const { local, remote } = load.deliveries;
  const expected = local.expected + remote.expected;
  return {
    name: 'load',
    machine,
    rounds: rounds.length,
    results,
    ratios: {
      stored_vs_offered: load.messages.stored / load.messages.offered,
      ...(expected > 0 ? { delivered_vs_expected: (local.received + remote.received) / expected } : {}),
    },
    guards: {},
    notes: notesOf(load),
    load,
  };
}

function sendOutcome({ stretch, reports }: LoadRound): RoundOutcome {
  const threads = threadsOf(reports);
  const stored = sum(threads, ({ stored }) => stored);
  return {
    count: stored,
    seconds: secondsUntil(stretch, threads, ({ lastStoredNs }) => lastStoredNs),
    lost: stretch.messages - stored,
    histogram: sumOfHistograms(threads.flatMap(({ histograms }) => histograms?.stored ?? [])),
    cpuSeconds: sum(reports, ({ cpuSeconds }) => cpuSeconds),
    complete: true,
  };
}

/** CPU is that of all nodes over all deliveries: what a delivery costs, wherever it goes. */
function deliverOutcome({ stretch, reports }: LoadRound, way: Way): RoundOutcome {
  const threads = threadsOf(reports);
  const count = sum(threads, (totals) => heard(totals, way));
  const all = sum(threads, (totals) => heard(totals, 'local') + heard(totals, 'remote'));
  const cpuSeconds = sum(reports, (report) => report.cpuSeconds);
  return {
    count,
    seconds: secondsUntil(stretch, threads, (totals) => (way === 'local' ? totals.lastLocalNs : totals.lastRemoteNs)),
    lost: missing(
      sum(threads, (totals) => due(totals, way)),
      count,
    ),
    histogram: histogramOf([{ reports }], way),
    ...(count > 0 ? { cpuSeconds: (cpuSeconds * count) / all } : {}),
    complete: true,
  };
}

function figuresOf(shape: LoadShape, rounds: readonly LoadRound[]): LoadFigures {
  const threads = rounds.flatMap(({ reports }) => threadsOf(reports));
  const offered = sum(rounds, ({ stretch }) => stretch.messages);
  const stored = sum(threads, (totals) => totals.stored);
  const deliveries = (way: Way): LoadDeliveries => {
    const expected = sum(threads, (totals) => due(totals, way));
    const received = sum(threads, (totals) => heard(totals, way));
    return {
      expected,
      received,
      lost: missing(expected, received),
      max: percentileMicros(histogramOf(rounds, way), 100),
    };
  };
  const last = rounds.at(-1) as LoadRound;
  return {
    shape,
    messages: {
      offered,
      stored,
      refused: refusals(threads, offered - stored),
      offeredPerSecond: shape.rate,
      storedPerSecond: median(rounds.map(sendOutcome).map(({ count, seconds }) => (seconds > 0 ? count / seconds : 0))),
    },
    deliveries: { local: deliveries('local'), remote: deliveries('remote') },
    settleSeconds: Math.max(...rounds.map(({ settleSeconds }) => settleSeconds)),
    nodes: last.reports.map(({ nodeId, participants, cpuSeconds, rssBytes }) => ({
      nodeId,
      participants,
      cpuSeconds,
      rssBytes,
    })),
    troubles: last.reports.flatMap(({ troubles }) => troubles),
  };
}

function refusals(threads: readonly LoadTotals[], missing: number): Record<string, number> {
  const refused: Record<string, number> = {};
  let told = 0;
  for (const [code, count] of threads.flatMap((totals) => Object.entries(totals.refused))) {
    refused[code] = (refused[code] ?? 0) + count;
    told += count;
  }
  if (missing > told) refused['no answer'] = missing - told;
  return refused;
}

function notesOf({ shape, messages, deliveries, settleSeconds, nodes, troubles }: LoadFigures): string[] {
  const { rooms, participants, rate, seconds } = shape;
  const refused = Object.entries(messages.refused).map(([code, count]) => `${count} ${code}`);
  const delivered = (['local', 'remote'] as const).map((way) => {
    const { received, expected, max } = deliveries[way];
    return `${way} ${received} of ${expected}${max === null ? '' : `, the slowest after ${shortMicros(max)}`}`;
  });
  return [
    `Offered ${shortNumber(rate)} messages a second for ${seconds} s by ${participants} participants in ${rooms} rooms.`,
    `Stored ${messages.stored} of ${messages.offered}, ${shortNumber(messages.storedPerSecond)} a second` +
      `${refused.length > 0 ? `; not stored: ${refused.join(', ')}` : ''}.`,
    `Delivered ${delivered.join('; ')}; settled ${settleSeconds.toFixed(1)} s after the last message was due.`,
    ...nodes.map(
      (node) =>
        `Node ${node.nodeId.slice(0, 8)}: ${node.participants} participants, ${node.cpuSeconds.toFixed(2)} CPU s, ` +
        `${Math.round(node.rssBytes / 2 ** 20)} MB.`,
    ),
    ...troubles.map((trouble) => `Broke under the load: ${trouble}.`),
    'Latencies count from when a message was due: of send to its receipt "stored", of deliver to the hearing.',
  ];
}

function histogramOf(rounds: readonly Pick<LoadRound, 'reports'>[], way: Way) {
  return sumOfHistograms(
    rounds.flatMap(({ reports }) => threadsOf(reports)).flatMap(({ histograms }) => histograms?.[way] ?? []),
  );
}

function secondsUntil(
  { startNs }: LoadStretch,
  threads: readonly LoadTotals[],
  lastNs: (totals: LoadTotals) => number,
): number {
  return Math.max(0, Math.max(...threads.map(lastNs)) - startNs) / 1e9;
}

function threadsOf(reports: readonly LoadNodeReport[]): LoadTotals[] {
  return reports.flatMap(({ threads }) => threads);
}

function heard(totals: LoadTotals, way: Way): number {
  return way === 'local' ? totals.heardLocal : totals.heardRemote;
}

function due(totals: LoadTotals, way: Way): number {
  return way === 'local' ? totals.dueLocal : totals.dueRemote;
}

/** A message whose speaker was refused, by a room that broke for instance, may have been heard all the same. */
function missing(expected: number, received: number): number {
  return Math.max(0, expected - received);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
