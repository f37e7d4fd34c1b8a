/**
 * The actor systems that ours is held against: which of them a run compares with, and how they come to be there. The
 * libraries are fetched once into the user's cache, Erlang is taken from the machine or from Debian, and what cannot be
 * had is left out with a note.
 */
import { AcademyError } from '../../runtime/protocol/errors.js';
import { installPeers, type PeerSet, packageVersions } from '../peers/peerPackages.js';
import type { BenchmarkDocument } from '../runner/BenchmarkDocument.js';
import type { BenchmarkDefinition, RunBenchmarkOptions } from '../runner/defineBenchmark.js';
import { requireRounds, runRounds } from '../runner/runRounds.js';
import { type Erlang, openErlang } from './erlang/openErlang.js';

const fetched: PeerSet = {
  folder: ['benchmarks', 'actors', 'peers'],
  cacheName: 'benchmark-actor-peers',
  what: 'nact, Effect, comedy; about 80 MB',
};

/** Package that each is in; null for those that are no package of the set. */
const packageOf = {
  xstate: null,
  nact: 'nact',
  effect: 'effect',
  'effect-cluster': 'effect',
  comedy: 'comedy',
  eventemitter3: null,
  erlang: null,
} as const;

export type ActorPeerName = keyof typeof packageOf;
export const actorPeerNames = Object.keys(packageOf) as readonly ActorPeerName[];

export interface ActorPeers {
  has(name: ActorPeerName): boolean;
  /** Where the fetched packages are; empty when none is needed. */
  readonly folder: string;
  readonly erlang: Erlang | null;
}

/**
 * Runs the benchmark that `define` makes of the peers that are there.
 * @param possible peers that the benchmark knows; `options.only` chooses among them
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a name that no peer has
 * @throws AcademyError ERR_ACADEMY_COMMAND_FAILED when the packages cannot be fetched
 */
export async function runWithPeers<C extends string>(
  possible: readonly ActorPeerName[],
  options: RunBenchmarkOptions,
  define: (peers: ActorPeers) => BenchmarkDefinition<C>,
): Promise<BenchmarkDocument> {
  const signal = options.signal ?? new AbortController().signal;
  if (options.rounds !== undefined) requireRounds(options.rounds);
  // What is guarded is our own: no peer is fetched for it.
  const chosen = options.guardsOnly ? [] : chosenPeers(possible, options.only);
  const onProgress = (text: string): void => options.onProgress?.({ fraction: 0, text });
  const packages = [...new Set(chosen.flatMap((name) => packageOf[name] ?? []))];
  const folder = packages.length === 0 ? '' : await installPeers(fetched, { signal, onProgress });
  const versions = packageVersions(fetched);
  const notes =
    packages.length === 0 ? [] : [`Packages: ${packages.map((name) => `${name} ${versions[name]}`).join(', ')}.`];
  const opened = chosen.includes('erlang') ? await openErlang({ signal, onProgress }) : { erlang: null, notes: [] };
  notes.push(...opened.notes);
  const there = chosen.filter((name) => name !== 'erlang' || opened.erlang !== null);
  try {
    const definition = define({ has: (name) => there.includes(name), folder, erlang: opened.erlang });
    const document = await runRounds(definition, { ...options, signal });
    return { ...document, notes };
  } finally {
    opened.erlang?.dispose();
  }
}

function chosenPeers(
  possible: readonly ActorPeerName[],
  only: readonly string[] | undefined,
): readonly ActorPeerName[] {
  if (only === undefined) return possible;
  const unknown = only.find((name) => !possible.includes(name as ActorPeerName));
  if (unknown === undefined && only.length > 0) return possible.filter((name) => only.includes(name));
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `there is no peer "${unknown ?? ''}"`, {
    remedy: `choose among: ${possible.join(', ')}`,
  });
}
