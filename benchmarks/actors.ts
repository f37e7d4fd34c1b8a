/**
 * Actors of one process: how fast they start, what an idle one weighs, and how fast they talk, one to one and one to
 * a thousand; beside XState by itself, and above the floor that plain event emitters set. Each round of each case has
 * a process of its own.
 */
import type { ActorQuestions, WorkloadName } from './actors/actorProcess.js';
import type { Workload } from './actors/Workload.js';
import { type BenchmarkCase, defineBenchmark, type RoundOutcome } from './runner/defineBenchmark.js';
import { ForkedProcess } from './runner/ForkedProcess.js';

const units = { spawn: 'actors/s', idle: 'bytes', pingPong: 'messages/s', fanOut: 'messages/s' } as const;
const countMin = 100;

export const benchmark = defineBenchmark({
  name: 'actors',
  sentence: 'Starting actors, keeping them, and messages between them, in one thread and across two.',
  cases: [
    actorCase('spawn', 'academy', 'spawn', 10_000),
    actorCase('spawn on a thread', 'academy-threads', 'spawn', 10_000),
    actorCase('spawn, XState', 'xstate', 'spawn', 10_000),
    actorCase('spawn, eventemitter3', 'eventemitter3', 'spawn', 300_000),
    actorCase('idle actor', 'academy', 'idle', 10_000),
    actorCase('idle actor, XState', 'xstate', 'idle', 10_000),
    actorCase('idle actor, eventemitter3', 'eventemitter3', 'idle', 100_000),
    actorCase('ping-pong', 'academy', 'pingPong', 60_000),
    actorCase('ping-pong across threads', 'academy-threads', 'pingPong', 10_000),
    actorCase('ping-pong, XState', 'xstate', 'pingPong', 60_000),
    actorCase('ping-pong, eventemitter3', 'eventemitter3', 'pingPong', 2_000_000),
    actorCase('fan-out to 1000', 'academy', 'fanOut', 150_000),
    actorCase('fan-out to 1000 across threads', 'academy-threads', 'fanOut', 150_000),
    actorCase('fan-out to 1000, XState', 'xstate', 'fanOut', 150_000),
    actorCase('fan-out to 1000, eventemitter3', 'eventemitter3', 'fanOut', 5_000_000),
  ],
  ratios: (results) => ({
    spawn_vs_xstate: results.spawn.median / results['spawn, XState'].median,
    bytes_per_actor: results['idle actor'].median,
    bytes_vs_xstate: results['idle actor'].median / results['idle actor, XState'].median,
    pingpong_vs_xstate: results['ping-pong'].median / results['ping-pong, XState'].median,
    fanout_vs_xstate: results['fan-out to 1000'].median / results['fan-out to 1000, XState'].median,
  }),
});

function actorCase<const C extends string>(
  name: C,
  workload: WorkloadName,
  work: keyof Workload,
  fullCount: number,
): BenchmarkCase<C> {
  return {
    case: name,
    unit: units[work],
    run: async ({ signal, scale }): Promise<RoundOutcome> => {
      const module = new URL('./actors/actorProcess.js', import.meta.url);
      const process = new ForkedProcess<ActorQuestions>(module, { signal, nodeFlags: ['--expose-gc'] });
      try {
        const count = Math.max(countMin, Math.round(fullCount * scale));
        const { fault, ...measured } = await process.ask('measure', { workload, work, count });
        return { ...measured, lost: 0, complete: fault === null, ...(fault ? { reason: fault } : {}) };
      } finally {
        await process.stop();
      }
    },
  };
}
