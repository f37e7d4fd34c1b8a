/**
 * Nodes under load, for users who want to know what theirs would bear: real processes on this machine, rooms that span
 * them, participants on worker threads, and messages that are offered by the clock, whatever became of those before
 * (an open loop). What was stored, what every member heard, and how long after it was due.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemRandom } from '../runtime/system/systemRandom.js';
import { type LoadBenchmarkResult, type LoadRound, loadDocument } from './load/loadDocument.js';
import { type LoadBenchmarkOptions, type LoadShape, loadShape } from './load/loadOptions.js';
import { loadPlan } from './load/loadPlan.js';
import type { LoadNodeQuestions, LoadStretch, LoadTotals } from './load/loadWords.js';
import type { Benchmark, BenchmarkProgress } from './runner/defineBenchmark.js';
import { describeMachine } from './runner/describeMachine.js';
import { ForkedProcess, stopAll } from './runner/ForkedProcess.js';
import { freeUdpPort } from './runner/freeUdpPort.js';
import { monotonicNs } from './runner/monotonicNs.js';
import { VoidRound } from './runner/VoidRound.js';

export type { LoadBenchmarkResult, LoadDeliveries, LoadFigures, LoadNodeFigures } from './load/loadDocument.js';
export type { LoadBenchmarkOptions, LoadShape } from './load/loadOptions.js';

type LoadProcess = ForkedProcess<LoadNodeQuestions>;

const warmUpSecondsMax = 2;
/** Time for all participants to be told of a stretch before it begins. */
const leadNs = 250e6;
const pollMs = 100;
const meetingMs = 30_000;
/** Nothing has moved for so long: what has not arrived by now is lost. Longer than two digests of a room. */
const quietMs = 4_000;
/** An overloaded machine may need that long to work off what it was offered. */
const settleMs = 300_000;

export const benchmark: Benchmark = {
  name: 'load',
  sentence: 'Messages offered at a rate to nodes in real processes: what is stored, what is heard, and when.',
  run: ({ scale = 1, ...options } = {}) => runLoadBenchmark({ ...options, ...(scale === 1 ? {} : shortened(scale)) }),
};

function shortened(scale: number): Pick<LoadShape, 'seconds'> {
  return { seconds: loadShape({}).seconds * scale };
}

/**
 * Starts `nodes` processes, offers `rate` messages a second for `seconds`, and reports what became of them.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for options that do not fit
 * @throws VoidRound when a participant crashed, a thread went down, or a message was delivered twice
 */
export async function runLoadBenchmark(options: LoadBenchmarkOptions = {}): Promise<LoadBenchmarkResult> {
  const shape = loadShape(options);
  const { signal = new AbortController().signal, onProgress = () => {} } = options;
  signal.throwIfAborted();
  const machine = describeMachine();
  const runFolder = mkdtempSync(join(tmpdir(), 'academy-load-'));
  const nodes: LoadProcess[] = [];
  try {
    onProgress({ fraction: 0, text: `starting ${shape.nodes} nodes` });
    await startNodes(shape, runFolder, nodes, signal);
    const rounds: LoadRound[] = [];
    for (let stretch = 1; stretch <= shape.rounds + 1; stretch++) {
      const isWarmUp = stretch === 1;
      const seconds = isWarmUp ? Math.min(warmUpSecondsMax, shape.seconds) : shape.seconds;
      const round = await offer(nodes, stretchOf(shape, stretch, seconds), signal, (part) => {
        const text = isWarmUp ? `warming up, ${part.text}` : `round ${stretch - 1} of ${shape.rounds}, ${part.text}`;
        onProgress({ fraction: (stretch - 1 + part.fraction) / (shape.rounds + 1), text });
      });
      requireWhole(round, isWarmUp ? 'the warm-up' : `round ${stretch - 1}`);
      if (!isWarmUp) rounds.push(round);
    }
    onProgress({ fraction: 1, text: 'stopping the nodes' });
    await Promise.all(nodes.map((node) => node.ask('stop', null)));
    return loadDocument(shape, machine, rounds);
  } finally {
    await stopAll(nodes);
    rmSync(runFolder, { recursive: true, force: true });
  }
}

/** @param nodes takes each process as it is started, so that a fault leaves none behind */
async function startNodes(
  shape: LoadShape,
  runFolder: string,
  nodes: LoadProcess[],
  signal: AbortSignal,
): Promise<void> {
  const plan = loadPlan(shape);
  const configFolder = join(runFolder, 'config');
  mkdirSync(configFolder, { mode: 0o700 });
  // The first node makes the academy's secret in there, and the others find it.
  const environment = { XDG_CONFIG_HOME: configFolder, XDG_DATA_HOME: runFolder };
  const module = new URL('./load/loadNode.js', import.meta.url);
  for (let node = 0; node < shape.nodes; node++) {
    nodes.push(new ForkedProcess<LoadNodeQuestions>(module, { signal, environment }));
  }
  const given = { academyId: `load-${systemRandom.id()}`, runFolder, udpPort: await freeUdpPort(), seed: shape.seed };
  await Promise.all(
    nodes.map((process, node) =>
      process.ask('start', {
        ...given,
        alias: `load-${node}`,
        dataFolder: join(runFolder, `node-${node}`),
        participants: plan.filter((participant) => participant.node === node),
      }),
    ),
  );
  await untilTheyKnowEachOther(nodes, signal);
}

async function untilTheyKnowEachOther(nodes: readonly LoadProcess[], signal: AbortSignal): Promise<void> {
  const lateNs = monotonicNs() + meetingMs * 1e6;
  for (;;) {
    const known = await Promise.all(nodes.map((node) => node.ask('nodes', null)));
    if (known.every((count) => count >= nodes.length)) return;
    if (monotonicNs() > lateNs) {
      throw new Error(`load: after ${meetingMs / 1000} s the nodes know ${known.join(', ')} of ${nodes.length} nodes`);
    }
    await sleep(pollMs, undefined, { signal });
  }
}

function stretchOf({ rate, participants }: LoadShape, stretch: number, seconds: number): LoadStretch {
  return {
    stretch,
    startNs: monotonicNs() + leadNs,
    intervalNs: 1e9 / rate,
    messages: Math.max(1, Math.round(rate * seconds)),
    participants,
  };
}

async function offer(
  nodes: readonly LoadProcess[],
  stretch: LoadStretch,
  signal: AbortSignal,
  onProgress: (progress: BenchmarkProgress) => void,
): Promise<LoadRound> {
  await Promise.all(nodes.map((node) => node.ask('talk', stretch)));
  const endNs = stretch.startNs + stretch.messages * stretch.intervalNs;
  for (let nowNs = monotonicNs(); nowNs < endNs; nowNs = monotonicNs()) {
    const fraction = Math.max(0, (nowNs - stretch.startNs) / (endNs - stretch.startNs));
    onProgress({ fraction, text: `${Math.ceil((endNs - nowNs) / 1e9)} s left` });
    await sleep(Math.min(pollMs, (endNs - nowNs) / 1e6), undefined, { signal });
  }
  onProgress({ fraction: 1, text: 'settling' });
  const settledNs = await untilSettled(nodes, stretch, signal);
  const reports = await Promise.all(nodes.map((node) => node.ask('report', null)));
  return { stretch, reports, settleSeconds: Math.max(0, settledNs - endNs) / 1e9 };
}

/**
 * Until every message has its receipt and every member has heard it, or nothing has moved for `quietMs`.
 * @returns when the last thing moved
 */
async function untilSettled(
  nodes: readonly LoadProcess[],
  { messages }: LoadStretch,
  signal: AbortSignal,
): Promise<number> {
  const lateNs = monotonicNs() + settleMs * 1e6;
  let moved = -1;
  let movedNs = monotonicNs();
  for (;;) {
    const totals = (await Promise.all(nodes.map((node) => node.ask('totals', null)))).flat();
    const nowNs = monotonicNs();
    const sum = (of: (each: LoadTotals) => number): number => totals.reduce((all, each) => all + of(each), 0);
    const settled = sum((each) => each.stored + Object.values(each.refused).reduce((all, count) => all + count, 0));
    const heard = sum((each) => each.heardLocal + each.heardRemote);
    if (settled + heard !== moved) {
      moved = settled + heard;
      movedNs = nowNs;
    }
    if (settled === messages && heard >= sum((each) => each.dueLocal + each.dueRemote)) return movedNs;
    if (nowNs - movedNs > quietMs * 1e6 || nowNs > lateNs) return movedNs;
    await sleep(pollMs, undefined, { signal });
  }
}

/** Losing messages under load is a finding; these faults mean that something else than the load was measured. */
function requireWhole({ reports }: LoadRound, label: string): void {
  for (const { nodeId, faults, threads } of reports) {
    const doubled = threads.reduce((sum, totals) => sum + totals.doubled, 0);
    const fault = faults[0] ?? (doubled > 0 ? `${doubled} messages were delivered twice` : undefined);
    if (fault) throw new VoidRound('load', `node ${nodeId.slice(0, 8)}`, label, fault);
  }
}
