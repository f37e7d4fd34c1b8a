/**
 * The same training signals over other message systems and over ours: object in to equal object out, to one process
 * and to three, every field of every signal read and hashed, everything exactly once and in order, or the round is
 * void. Each peer as its users use it, once more batched, and once more given the codec of the mesh; all in interleaved
 * rounds of one run. CPU time is that of all processes, a broker's included. Beside them the physical limit.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import { compileUdpLimit, type UdpLimitProgram } from './limit/runUdpLimit.js';
import { runSignalCase } from './multicast/runSignalCase.js';
import { caseName, ownName, type PeerCase, peerCases } from './peers/peerCases.js';
import { peerChart } from './peers/peerChart.js';
import { installPeers } from './peers/peerPackages.js';
import { peerRatios } from './peers/peerRatios.js';
import { isPeerName, type PeerName, peerNames } from './peers/peers.js';
import { natsServerVersion, startNatsServer } from './peers/startNatsServer.js';
import type { BenchmarkDocument } from './runner/BenchmarkDocument.js';
import type { Benchmark, BenchmarkCase, RunBenchmarkOptions } from './runner/defineBenchmark.js';
import { runRounds } from './runner/runRounds.js';

/**
 * The path of the mesh by its name among the signal paths, whether it bears the rate at which latencies are measured,
 * and the share that it may lose at one receiver. The peers may lose nothing.
 */
const ownPath = { path: 'transport', bearsLatencyRate: false, lostShareMax: 0.01 } as const;
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
  const notes: string[] = [];
  const chosen = withServers(chosenPeers(options.only), notes);
  const onProgress = (text: string): void => options.onProgress?.({ fraction: 0, text });
  const peersFolder = await installPeers({ signal, onProgress });
  const limit = await compileUdpLimit(signal);
  if (typeof limit === 'string') notes.push(limit);
  else if (!limit.ways.includes('gso')) notes.push('UDP_SEGMENT and UDP_GRO are left out: this kernel refuses them.');
  const bearing = new Set<PeerCase['system']>(latencyPeers);
  if (ownPath.bearsLatencyRate) bearing.add(ownName);
  const cases = peerCases(chosen, bearing);
  try {
    const document = await runRounds(
      {
        name: benchmark.name,
        sentence: benchmark.sentence,
        cases: [
          ...cases.map((peerCase) => signalCase(peerCase, peersFolder)),
          ...(typeof limit === 'string' ? [] : limitCases(limit)),
        ],
        ratios: (results) => peerRatios(cases, results),
      },
      { ...options, signal },
    );
    return notes.length > 0 ? { ...document, notes } : document;
  } finally {
    if (typeof limit !== 'string') limit.dispose();
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
  if (!chosen.includes('nats')) return chosen;
  const version = natsServerVersion();
  notes.push(
    version === undefined
      ? 'NATS is left out: its server is not installed (on Debian: apt-get install nats-server).'
      : `NATS with nats-server ${version}.`,
  );
  return version === undefined ? chosen.filter((name) => name !== 'nats') : chosen;
}

function signalCase(peerCase: PeerCase, peersFolder: string): BenchmarkCase {
  const { system, manner, receivers, signalsPerSecond } = peerCase;
  const rate = signalsPerSecond === null ? {} : { signalsPerSecond };
  const how =
    system === ownName
      ? { path: ownPath.path, keyed: true, lostShareMax: ownPath.lostShareMax }
      : {
          path: `${system}/${manner}`,
          peersFolder,
          ...(system === 'nats' ? { startBroker: startNatsServer } : {}),
        };
  return {
    case: caseName(peerCase),
    unit: 'signals/s',
    run: (context) => runSignalCase({ ...how, receivers, ...rate }, context),
  };
}

function limitCases(limit: UdpLimitProgram): BenchmarkCase[] {
  return ([1, 3] as const).flatMap((receivers) =>
    limit.ways.map((way) => ({
      case: `C ${way} 1:${receivers}`,
      unit: 'datagrams/s',
      run: (context) => limit.run({ way, receivers }, context),
    })),
  );
}
