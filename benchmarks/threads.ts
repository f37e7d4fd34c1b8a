/**
 * From thread to thread: the rings of the product against a port that posts what a turn has to say, and against one
 * that posts each message; the rate of whole actors over them, beside Erlang's processes on two schedulers; what several
 * shards do together; and what a frame costs in copies. Each round of each case has a process of its own.
 */
import { availableParallelism } from 'node:os';
import { type ActorPeers, runWithPeers } from './actors/actorPeers.js';
import { measureForked, scaled } from './actors/measureForked.js';
import type { CaseResult } from './runner/BenchmarkDocument.js';
import type { Benchmark, BenchmarkCase } from './runner/defineBenchmark.js';
import { type RatioTerms, ratiosOf } from './runner/ratiosOf.js';
import type { ThreadsGiven, ThreadsTask } from './threads/threadsProcess.js';

const name = 'threads';
const sentence = 'Messages between threads: there and back, in streams, and from one to a thousand actors.';
/** Shards that are measured together; beyond eight a machine's cores share too much to say anything of shards. */
const shards = Math.min(8, availableParallelism());

export const benchmark: Benchmark = {
  name,
  sentence,
  run: (options = {}) =>
    runWithPeers(['erlang'], options, (peers) => ({
      name,
      sentence,
      cases: [...linkCases, ...actorCases(peers), ...scalingCases, ...hopCases],
      ratios: (results) => ({ ...ratiosOf(ratios, results), ...scaling(results) }),
      guards: (results) => ratiosOf(guards, results),
      guarding: { cases: hopCases.map((each) => each.case), rounds: 1, scale: 1 },
    })),
};

const linkCases: readonly BenchmarkCase[] = [
  threadsCase('round trip, ring', 'round trips/s', 60_000, { by: 'ring', work: 'roundTrips' }),
  threadsCase('round trip, posts', 'round trips/s', 60_000, { by: 'posts', work: 'roundTrips' }),
  threadsCase('main to shard, ring', 'messages/s', 300_000, { by: 'ring', work: 'streamToThread' }),
  threadsCase('main to shard, posts', 'messages/s', 300_000, { by: 'posts', work: 'streamToThread' }),
  threadsCase('main to shard, post each', 'messages/s', 100_000, { by: 'post each', work: 'streamToThread' }),
  threadsCase('shard to shard, ring', 'messages/s', 300_000, { by: 'ring', work: 'streamBetweenThreads' }),
  threadsCase('shard to shard, posts', 'messages/s', 300_000, { by: 'posts', work: 'streamBetweenThreads' }),
  threadsCase('fan-out to 1000, ring', 'messages/s', 5_000_000, { by: 'ring', work: 'fanOut' }),
  threadsCase('fan-out to 1000, posts', 'messages/s', 5_000_000, { by: 'posts', work: 'fanOut' }),
];

function actorCases({ erlang }: ActorPeers): readonly BenchmarkCase[] {
  const cases = [
    threadsCase('round trip, actors', 'round trips/s', 60_000, { by: 'actors', work: 'roundTrips' }),
    threadsCase('signals to actors, ring', 'signals/s', 300_000, { by: 'signals', way: 'ring' }),
    threadsCase('signals to actors, fixed', 'signals/s', 600_000, { by: 'signals', way: 'fixed' }),
    threadsCase('signals to actors, post each', 'signals/s', 100_000, { by: 'signals', way: 'post each' }),
    threadsCase('fan-out to actors, across', 'messages/s', 3_000_000, { by: 'actors', work: 'fanOut' }),
    threadsCase('fan-out to actors, local', 'messages/s', 3_000_000, { by: 'actors', work: 'localFanOut' }),
  ];
  if (!erlang) return cases;
  const roundTrips: BenchmarkCase = {
    case: 'round trip, Erlang',
    unit: 'round trips/s',
    run: ({ signal, scale }) => erlang.run('roundTrips', scaled(60_000, scale), signal),
  };
  return [roundTrips, ...cases];
}

const scalingCases: readonly BenchmarkCase[] = [
  threadsCase('players, 1 shard', 'messages/s', 1_000_000, { by: 'shards', threads: 1 }),
  threadsCase(`players, ${shards} shards`, 'messages/s', 1_000_000 * shards, { by: 'shards', threads: shards }),
  threadsCase('compute, 1 thread', 'steps/s', 300_000_000, { by: 'compute', threads: 1 }),
  threadsCase(`compute, ${shards} threads`, 'steps/s', 300_000_000 * shards, { by: 'compute', threads: shards }),
];

const hopCases: readonly BenchmarkCase[] = [
  threadsCase('event into the ring', 'bytes', 10_000, { by: 'hops', frame: 'event', hop: 'bytes in' }),
  threadsCase('event out of the ring', 'bytes', 10_000, { by: 'hops', frame: 'event', hop: 'bytes out' }),
  threadsCase('event, allocations', 'things', 10_000, { by: 'hops', frame: 'event', hop: 'allocations' }),
  threadsCase('message into the ring', 'bytes', 10_000, { by: 'hops', frame: 'message', hop: 'bytes in' }),
  threadsCase('message out of the ring', 'bytes', 10_000, { by: 'hops', frame: 'message', hop: 'bytes out' }),
  threadsCase('message, allocations', 'things', 10_000, { by: 'hops', frame: 'message', hop: 'allocations' }),
];

const ratios: Readonly<Record<string, RatioTerms>> = {
  ring_vs_post_roundtrip: ['round trip, ring', 'round trip, posts'],
  ring_vs_post_to_shard: ['main to shard, ring', 'main to shard, posts'],
  ring_vs_post_between_shards: ['shard to shard, ring', 'shard to shard, posts'],
  ring_vs_post_fanout: ['fan-out to 1000, ring', 'fan-out to 1000, posts'],
  ring_vs_post_each: ['main to shard, ring', 'main to shard, post each'],
  threads_stream_ring: ['signals to actors, ring', 'signals to actors, post each'],
  threads_stream_fixed: ['signals to actors, fixed', 'signals to actors, post each'],
  // Link against link, with nothing at either end; and actors against processes.
  threads_roundtrip_vs_port: ['round trip, ring', 'round trip, posts'],
  threads_roundtrip_vs_erlang: ['round trip, actors', 'round trip, Erlang'],
  threads_fanout_vs_local: ['fan-out to actors, across', 'fan-out to actors, local'],
};

/** What n shards gain over one, against what n threads gain that only compute. */
function scaling(results: Readonly<Record<string, CaseResult>>): Record<string, number> {
  const gains = ratiosOf(
    {
      shards: [`players, ${shards} shards`, 'players, 1 shard'],
      threads: [`compute, ${shards} threads`, 'compute, 1 thread'],
    },
    results,
  );
  return { shards_scaling: (gains.shards ?? Number.NaN) / (gains.threads ?? Number.NaN) };
}

const guards: Readonly<Record<string, RatioTerms>> = {
  event_bytes_into_ring: ['event into the ring'],
  event_bytes_out_of_ring: ['event out of the ring'],
  event_allocations: ['event, allocations'],
  message_bytes_into_ring: ['message into the ring'],
  message_bytes_out_of_ring: ['message out of the ring'],
  message_allocations: ['message, allocations'],
};

function threadsCase(caseName: string, unit: string, fullCount: number, task: ThreadsTask): BenchmarkCase {
  return {
    case: caseName,
    unit,
    run: ({ signal, scale }) => {
      const given: ThreadsGiven = { task, count: scaled(fullCount, scale) };
      return measureForked(new URL('./threads/threadsProcess.js', import.meta.url), given, signal);
    },
  };
}
