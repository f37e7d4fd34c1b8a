/**
 * The same training signals over other message systems and over ours: object in to equal object out, to one process
 * and to three, every field of every signal read and hashed, everything exactly once and in order, or the round is
 * void. Each peer as its users use it, once more batched, and once more given the codec of the mesh; all in interleaved
 * rounds of one run. CPU time is that of all processes, a broker's included. Beside them the physical limit.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import { openLimitCases } from './limit/openLimitCases.js';
import { runSignalCase } from './multicast/runSignalCase.js';
import { brokerPrograms, brokerVersion, startBroker } from './peers/BrokerProgram.js';
import { caseName, ownName, type PeerCase, peerCases } from './peers/peerCases.js';
import { peerChart } from './peers/peerChart.js';
import { installPeers, messagePeers, packageVersions } from './peers/peerPackages.js';
import { peerRatios } from './peers/peerRatios.js';
import { isPeerName, type PeerName, peerNames, peerPackageNames } from './peers/peers.js';
import type { BenchmarkDocument } from './runner/BenchmarkDocument.js';
import type { Benchmark, BenchmarkCase, RunBenchmarkOptions } from './runner/defineBenchmark.js';
import { requireRounds, runRounds } from './runner/runRounds.js';

/**
 * The path of the mesh by its name among the signal paths, whether it bears the rate at which latencies are measured,
 * and the share that it may lose at one receiver. The peers may lose nothing.
 */
const ownPath = { path: 'stream', bearsLatencyRate: true, lostShareMax: 0 } as const;
/** The others fall behind at this rate, and would show how long a queue becomes. */
const latencyPeers: readonly PeerName[] = ['zeromq', 'nats', 'ws'];

export const benchmark: Benchmark = {
  name: 'peers',
  sentence: 'The same training signals over other message systems, as used, batched, and given our codec.',
  run: runPeers,
  chart: peerChart,
};

async function runPeers(options: RunBenchmarkOptions = {}): Promise<BenchmarkDocument> {
  const signal = options.signal ?? new AbortController().signal;
  if (options.rounds !== undefined) requireRounds(options.rounds);
  const notes: string[] = [];
  const chosen = withServers(chosenPeers(options.only), notes);
  notes.push(`Packages: ${peerVersions(chosen)}.`);
  const onProgress = (text: string): void => options.onProgress?.({ fraction: 0, text });
  const peersFolder = await installPeers(messagePeers, { signal, onProgress });
  const limit = await openLimitCases(signal);
  notes.push(...limit.notes);
  const bearing = new Set<PeerCase['system']>(latencyPeers);
  if (ownPath.bearsLatencyRate) bearing.add(ownName);
  const cases = peerCases(chosen, bearing);
  try {
    const document = await runRounds(
      {
        name: benchmark.name,
        sentence: benchmark.sentence,
        cases: [...cases.map((peerCase) => signalCase(peerCase, peersFolder)), ...limit.cases],
        ratios: (results) => peerRatios(cases, results),
      },
      { ...options, signal },
    );
    return { ...document, notes };
  } finally {
    limit.dispose();
  }
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a name that no peer has */
function chosenPeers(only: readonly string[] | undefined): readonly PeerName[] {
  if (only === undefined) return peerNames;
  const unknown = only.find((name) => !isPeerName(name));
  if (unknown !== undefined || only.length === 0) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `there is no peer "${unknown ?? ''}"`, {
      remedy: `choose among: ${peerNames.join(', ')}`,
    });
  }
  return peerNames.filter((name) => only.includes(name));
}

/** The peers without those whose server is not installed. */
function withServers(chosen: readonly PeerName[], notes: string[]): readonly PeerName[] {
  return chosen.filter((name) => {
    const broker = brokerPrograms[name];
    if (!broker) return true;
    const version = brokerVersion(broker);
    notes.push(
      version === undefined
        ? `${name} is left out: its server is not installed (on Debian: apt-get install ${broker.program}).`
        : `${name} with ${broker.program} ${version}.`,
    );
    return version !== undefined;
  });
}

function peerVersions(chosen: readonly PeerName[]): string {
  const versions = packageVersions(messagePeers);
  return chosen.flatMap((name) => peerPackageNames[name].map((each) => `${each} ${versions[each]}`)).join(', ');
}

function signalCase(peerCase: PeerCase, peersFolder: string): BenchmarkCase {
  const { system, manner, receivers, signalsPerSecond } = peerCase;
  const rate = signalsPerSecond === null ? {} : { signalsPerSecond };
  const broker = system === ownName ? undefined : brokerPrograms[system];
  const how =
    system === ownName
      ? { path: ownPath.path, keyed: true, lostShareMax: ownPath.lostShareMax }
      : {
          path: `${system}/${manner}`,
          peersFolder,
          ...(broker ? { startBroker: (signal: AbortSignal) => startBroker(broker, signal) } : {}),
        };
  return {
    case: caseName(peerCase),
    unit: 'signals/s',
    run: (context) => runSignalCase({ ...how, receivers, ...rate }, context),
  };
}
