/**
 * Actors of one process: how fast they start, what an idle one weighs, how fast they talk, one to one and one to a
 * thousand, and how they bear a load of twenty types of machine; beside XState by itself, other actor libraries, Erlang,
 * and the floor that plain event emitters set. Each round of each case has a process of its own.
 */
import { actorCases, caseName } from './actors/actorCases.js';
import { actorPeerNames, runWithPeers } from './actors/actorPeers.js';
import type { Benchmark } from './runner/defineBenchmark.js';
import { type RatioTerms, ratiosOf } from './runner/ratiosOf.js';

const name = 'actors';
const sentence = 'Starting actors, keeping them, and messages between them, beside other actor systems.';

export const benchmark: Benchmark = {
  name,
  sentence,
  run: (options = {}) =>
    runWithPeers(actorPeerNames, options, (peers) => ({
      name,
      sentence,
      cases: actorCases(peers),
      ratios: (results) => ratiosOf(ratios, results),
    })),
};

const ratios: Readonly<Record<string, RatioTerms>> = {
  mixed_vs_xstate: ['mixed load', 'mixed load, XState'],
  single_vs_xstate: ['one type', 'one type, XState'],
  spawn_vs_xstate: [caseName('spawn', 'academy'), caseName('spawn', 'xstate')],
  spawn_vs_erlang: [caseName('spawn', 'academy'), caseName('spawn', 'erlang')],
  bytes_per_actor: [caseName('idle', 'academy')],
  bytes_vs_xstate: [caseName('idle', 'academy'), caseName('idle', 'xstate')],
  bytes_vs_erlang: [caseName('idle', 'academy'), caseName('idle', 'erlang')],
  pingpong_vs_erlang: [caseName('pingPong', 'academy'), caseName('pingPong', 'erlang')],
  pingpong_vs_nact: [caseName('pingPong', 'academy'), caseName('pingPong', 'nact')],
  pingpong_vs_xstate: [caseName('pingPong', 'academy'), caseName('pingPong', 'xstate')],
  fanout_vs_erlang: [caseName('fanOut', 'academy'), caseName('fanOut', 'erlang')],
  fanout_vs_nact: [caseName('fanOut', 'academy'), caseName('fanOut', 'nact')],
  fanout_vs_xstate: [caseName('fanOut', 'academy'), caseName('fanOut', 'xstate')],
  safety_cost: ['fan-out to 1000, bare table', caseName('fanOut', 'academy')],
  million_idle_mb: ['a million idle'],
  million_idle_seconds: ['a million started in'],
};
