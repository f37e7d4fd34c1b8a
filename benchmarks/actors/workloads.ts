/** The workloads by name. Each is loaded when it is asked for, so that a round's process compiles only its own. */
import type { LoadPackage } from '../peers/Peer.js';
import type { Workload } from './Workload.js';

const own = {
  academy: async () => (await import('./academyWorkload.js')).academyWorkload,
  xstate: async () => (await import('./xstateWorkload.js')).xstateWorkload,
  eventemitter3: async () => (await import('./eventEmitterWorkload.js')).eventEmitterWorkload,
} satisfies Record<string, () => Promise<Workload>>;

const peers = {
  nact: async (load) => (await import('./peers/nactWorkload.js')).nactWorkload(load),
  effect: async (load) => (await import('./peers/effectWorkload.js')).effectWorkload(load),
  'effect-cluster': async (load) => (await import('./peers/effectClusterWorkload.js')).effectClusterWorkload(load),
  comedy: async (load) => (await import('./peers/comedyWorkload.js')).comedyWorkload(load),
} satisfies Record<string, (load: LoadPackage) => Promise<Workload>>;

type PeerWorkloadName = keyof typeof peers;
export type WorkloadName = keyof typeof own | PeerWorkloadName;

function isPeerWorkload(name: WorkloadName): name is PeerWorkloadName {
  return Object.hasOwn(peers, name);
}

/** @param load of the installed packages; only the peers need it */
export function openWorkload(name: WorkloadName, load: LoadPackage): Promise<Workload> {
  return isPeerWorkload(name) ? peers[name](load) : own[name]();
}
