/**
 * What a crash costs: how many children a supervisor starts again in a second, beside OTP's own and nact's, and how long
 * ten thousand actors are away when their thread dies, beside XState actors that are restored from their snapshots.
 */

import { type ActorPeerName, type ActorPeers, runWithPeers } from './actors/actorPeers.js';
import { measureForked, scaled } from './actors/measureForked.js';
import type { Benchmark, BenchmarkCase } from './runner/defineBenchmark.js';
import { type RatioTerms, ratiosOf } from './runner/ratiosOf.js';
import type { SupervisionGiven, SupervisionTask } from './supervision/supervisionProcess.js';

const name = 'supervision';
const sentence = 'Crashes: restarts of children in a second, and the recovery of a thread with its actors.';
const peerNames = ['xstate', 'nact', 'erlang'] as const satisfies readonly ActorPeerName[];

export const benchmark: Benchmark = {
  name,
  sentence,
  run: (options = {}) =>
    runWithPeers(peerNames, options, (peers) => ({
      name,
      sentence,
      cases: supervisionCases(peers),
      ratios: (results) => ratiosOf(ratios, results),
    })),
};

const ratios: Readonly<Record<string, RatioTerms>> = {
  restart_vs_otp: ['restart', 'restart, OTP'],
  restart_vs_nact: ['restart', 'restart, nact'],
  shard_recovery_vs_xstate: ['shard recovery', 'restore, XState'],
  shard_recovery_ms: ['shard recovery'],
};

function supervisionCases(peers: ActorPeers): BenchmarkCase[] {
  const { erlang } = peers;
  const cases = [ownCase('restart', 'restarts/s', 20_000, peers)];
  if (erlang) {
    cases.push({
      case: 'restart, OTP',
      unit: 'restarts/s',
      run: ({ signal, scale }) => erlang.run('restart', scaled(10_000, scale), signal),
    });
  }
  if (peers.has('nact')) cases.push(ownCase('restart, nact', 'restarts/s', 20_000, peers));
  cases.push(ownCase('shard recovery', 'ms', 10_000, peers));
  if (peers.has('xstate')) cases.push(ownCase('restore, XState', 'ms', 10_000, peers));
  return cases;
}

function ownCase(task: SupervisionTask, unit: string, fullCount: number, { folder }: ActorPeers): BenchmarkCase {
  return {
    case: task,
    unit,
    run: ({ signal, scale }) => {
      const given: SupervisionGiven = { task, count: scaled(fullCount, scale), peersFolder: folder };
      return measureForked(new URL('./supervision/supervisionProcess.js', import.meta.url), given, signal);
    },
  };
}
