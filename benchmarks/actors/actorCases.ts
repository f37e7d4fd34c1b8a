/** The cases of the benchmark `actors`: each kind of work by each system that is there, in this order in every round. */
import type { BenchmarkCase, RoundOutcome } from '../runner/defineBenchmark.js';
import type { ActorPeerName, ActorPeers } from './actorPeers.js';
import type { ActorGiven, ActorTask } from './actorProcess.js';
import { measureForked, scaled } from './measureForked.js';
import type { Workload } from './Workload.js';

type SystemName = 'academy' | 'academy-threads' | ActorPeerName;

const labels: Readonly<Record<SystemName, string>> = {
  academy: '',
  'academy-threads': ' across threads',
  xstate: ', XState',
  nact: ', nact',
  effect: ', Effect',
  'effect-cluster': ', Effect cluster',
  comedy: ', comedy',
  eventemitter3: ', eventemitter3',
  erlang: ', Erlang',
};

interface Work {
  readonly label: string;
  readonly unit: string;
  readonly timesPerRound?: number;
  /** How much each system is given to do, about a second's worth. */
  readonly counts: Readonly<Partial<Record<SystemName, number>>>;
}

const works: Readonly<Record<keyof Workload, Work>> = {
  spawn: {
    label: 'spawn',
    unit: 'actors/s',
    counts: {
      academy: 100_000,
      xstate: 100_000,
      nact: 100_000,
      effect: 30_000,
      'effect-cluster': 1_000,
      comedy: 10_000,
      eventemitter3: 300_000,
      erlang: 100_000,
    },
  },
  idle: {
    label: 'idle actor',
    unit: 'bytes',
    counts: {
      academy: 250_000,
      xstate: 20_000,
      nact: 50_000,
      effect: 30_000,
      'effect-cluster': 1_000,
      comedy: 10_000,
      eventemitter3: 200_000,
      erlang: 100_000,
    },
  },
  pingPong: {
    label: 'ping-pong',
    unit: 'messages/s',
    // It hangs on two actors and the moment, and scatters more than all others: a median of 15 in five rounds.
    timesPerRound: 3,
    counts: {
      academy: 1_000_000,
      'academy-threads': 20_000,
      xstate: 100_000,
      nact: 200_000,
      effect: 200_000,
      'effect-cluster': 3_000,
      comedy: 60_000,
      eventemitter3: 2_000_000,
      erlang: 1_500_000,
    },
  },
  fanOut: {
    label: 'fan-out to 1000',
    unit: 'messages/s',
    counts: {
      academy: 3_000_000,
      'academy-threads': 3_000_000,
      xstate: 200_000,
      nact: 300_000,
      effect: 200_000,
      'effect-cluster': 5_000,
      comedy: 200_000,
      eventemitter3: 5_000_000,
      erlang: 3_000_000,
    },
  },
};

export function caseName(work: keyof Workload, system: SystemName): string {
  return `${works[work].label}${labels[system]}`;
}

export function actorCases(peers: ActorPeers): BenchmarkCase[] {
  const cases = (Object.keys(works) as (keyof Workload)[]).flatMap((work) =>
    (Object.keys(works[work].counts) as SystemName[])
      .filter((system) => system === 'academy' || system === 'academy-threads' || peers.has(system))
      .map((system) => workCase(work, system, peers)),
  );
  return [...cases, bareCase(peers), ...loadCases(peers), ...millionCases(peers)];
}

function workCase(work: keyof Workload, system: SystemName, peers: ActorPeers): BenchmarkCase {
  const { unit, counts, timesPerRound = 1 } = works[work];
  const fullCount = counts[system] ?? 0;
  return {
    case: caseName(work, system),
    unit,
    timesPerRound,
    run: ({ signal, scale }) => {
      const count = scaled(fullCount, scale);
      if (system !== 'erlang') return inProcess(taskOf(work, system), count, peers, signal);
      if (!peers.erlang) throw new Error('Erlang is not there');
      return peers.erlang.run(work, count, signal);
    },
  };
}

function taskOf(work: keyof Workload, system: Exclude<SystemName, 'erlang'>): ActorTask {
  if (system !== 'academy-threads') return { by: system, work };
  if (work === 'pingPong' || work === 'fanOut') return { by: system, work };
  throw new Error(`actors across threads have no work "${work}"`);
}

function loadCases(peers: ActorPeers): BenchmarkCase[] {
  const loads = [
    { load: 'mixed', label: 'mixed load' },
    { load: 'single', label: 'one type' },
  ] as const;
  const counts = { academy: 3_000_000, xstate: 200_000 } as const;
  return loads.flatMap(({ load, label }) =>
    (['academy', 'xstate'] as const)
      .filter((system) => system === 'academy' || peers.has(system))
      .map((system) => ({
        case: `${label}${labels[system]}`,
        unit: 'messages/s',
        run: ({ signal, scale }) => inProcess({ by: system, load }, scaled(counts[system], scale), peers, signal),
      })),
  );
}

/** The fan-out once more by nothing but machines in a table: what bounds, generations and dead letters cost. */
function bareCase(peers: ActorPeers): BenchmarkCase {
  return {
    case: 'fan-out to 1000, bare table',
    unit: 'messages/s',
    run: ({ signal, scale }) =>
      inProcess({ by: 'academy', load: 'bare' }, scaled(works.fanOut.counts.academy ?? 0, scale), peers, signal),
  };
}

/** Two figures of the same million: what it weighs with its process, and how long it took to start. */
function millionCases(peers: ActorPeers): BenchmarkCase[] {
  let last: RoundOutcome | null = null;
  return [
    {
      case: 'a million idle',
      unit: 'MB',
      run: async ({ signal, scale }) => {
        last = await inProcess({ by: 'academy', load: 'million' }, scaled(1_000_000, scale), peers, signal);
        return last;
      },
    },
    {
      case: 'a million started in',
      unit: 's',
      run: async () => {
        if (!last) throw new Error('it is measured after the other');
        return { ...last, value: last.seconds };
      },
    },
  ];
}

function inProcess(task: ActorTask, count: number, { folder }: ActorPeers, signal: AbortSignal): Promise<RoundOutcome> {
  const given: ActorGiven = { task, count, peersFolder: folder };
  return measureForked(new URL('./actorProcess.js', import.meta.url), given, signal);
}
