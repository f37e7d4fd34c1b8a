/**
 * From thread to thread: the rings of the product against a port that posts what a turn has to say, and against one
 * that posts each message; the rate of whole actors over them; and what a frame costs in copies. Each round of each
 * case has a process of its own.
 */
import { type BenchmarkCase, defineBenchmark, type RoundOutcome } from './runner/defineBenchmark.js';
import { ForkedProcess } from './runner/ForkedProcess.js';
import type { ThreadsQuestions, ThreadsTask } from './threads/threadsProcess.js';

const countMin = 100;

export const benchmark = defineBenchmark({
  name: 'threads',
  sentence: 'Messages between threads: there and back, in streams, and from one to a thousand actors.',
  cases: [
    threadsCase('round trip, ring', 'round trips/s', 60_000, { by: 'ring', work: 'roundTrips' }),
    threadsCase('round trip, posts', 'round trips/s', 60_000, { by: 'posts', work: 'roundTrips' }),
    threadsCase('main to shard, ring', 'messages/s', 300_000, { by: 'ring', work: 'streamToThread' }),
    threadsCase('main to shard, posts', 'messages/s', 300_000, { by: 'posts', work: 'streamToThread' }),
    threadsCase('main to shard, post each', 'messages/s', 100_000, { by: 'post each', work: 'streamToThread' }),
    threadsCase('shard to shard, ring', 'messages/s', 300_000, { by: 'ring', work: 'streamBetweenThreads' }),
    threadsCase('shard to shard, posts', 'messages/s', 300_000, { by: 'posts', work: 'streamBetweenThreads' }),
    threadsCase('fan-out to 1000, ring', 'messages/s', 5_000_000, { by: 'ring', work: 'fanOut' }),
    threadsCase('fan-out to 1000, posts', 'messages/s', 5_000_000, { by: 'posts', work: 'fanOut' }),
    threadsCase('actors, ping-pong across', 'messages/s', 40_000, {
      by: 'actors',
      work: 'pingPong',
      acrossThreads: true,
    }),
    threadsCase('actors, fan-out across', 'messages/s', 150_000, { by: 'actors', work: 'fanOut', acrossThreads: true }),
    threadsCase('actors, fan-out local', 'messages/s', 150_000, { by: 'actors', work: 'fanOut', acrossThreads: false }),
    threadsCase('event into the ring', 'bytes', 10_000, { by: 'hops', frame: 'event', hop: 'bytes in' }),
    threadsCase('event out of the ring', 'bytes', 10_000, { by: 'hops', frame: 'event', hop: 'bytes out' }),
    threadsCase('event, allocations', 'things', 10_000, { by: 'hops', frame: 'event', hop: 'allocations' }),
    threadsCase('message into the ring', 'bytes', 10_000, { by: 'hops', frame: 'message', hop: 'bytes in' }),
    threadsCase('message out of the ring', 'bytes', 10_000, { by: 'hops', frame: 'message', hop: 'bytes out' }),
    threadsCase('message, allocations', 'things', 10_000, { by: 'hops', frame: 'message', hop: 'allocations' }),
  ],
  ratios: (results) => ({
    ring_vs_post_roundtrip: results['round trip, ring'].median / results['round trip, posts'].median,
    ring_vs_post_to_shard: results['main to shard, ring'].median / results['main to shard, posts'].median,
    ring_vs_post_between_shards: results['shard to shard, ring'].median / results['shard to shard, posts'].median,
    ring_vs_post_fanout: results['fan-out to 1000, ring'].median / results['fan-out to 1000, posts'].median,
    threads_roundtrip_vs_port: results['round trip, ring'].median / results['round trip, posts'].median,
    threads_fanout_vs_local: results['actors, fan-out across'].median / results['actors, fan-out local'].median,
    ring_vs_post_each: results['main to shard, ring'].median / results['main to shard, post each'].median,
  }),
  guarding: {
    cases: [
      'event into the ring',
      'event out of the ring',
      'event, allocations',
      'message into the ring',
      'message out of the ring',
      'message, allocations',
    ],
    rounds: 1,
    scale: 1,
  },
  guards: (results) => ({
    event_bytes_into_ring: results['event into the ring'].median,
    event_bytes_out_of_ring: results['event out of the ring'].median,
    event_allocations: results['event, allocations'].median,
    message_bytes_into_ring: results['message into the ring'].median,
    message_bytes_out_of_ring: results['message out of the ring'].median,
    message_allocations: results['message, allocations'].median,
  }),
});

function threadsCase<const C extends string>(
  name: C,
  unit: string,
  fullCount: number,
  task: ThreadsTask,
): BenchmarkCase<C> {
  return {
    case: name,
    unit,
    run: async ({ signal, scale }): Promise<RoundOutcome> => {
      const module = new URL('./threads/threadsProcess.js', import.meta.url);
      const process = new ForkedProcess<ThreadsQuestions>(module, { signal, nodeFlags: ['--expose-gc'] });
      try {
        const count = Math.max(countMin, Math.round(fullCount * scale));
        const { fault, ...measured } = await process.ask('measure', { task, count });
        return { ...measured, lost: 0, complete: fault === null, ...(fault ? { reason: fault } : {}) };
      } finally {
        await process.stop();
      }
    },
  };
}
