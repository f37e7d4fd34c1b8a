/**
 * What several shards do together: pairs of players on each, who play within their shard. Beside it so many threads that
 * only compute, since cores are seldom as many times as fast as one.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { deadlineMs, inSystem } from '../actors/inSystem.js';
import { expectCount, timed } from '../actors/measure.js';
import type { Measured } from '../actors/Workload.js';
import { type Computation, compute } from './computeThread.js';

const pairsPerShard = 50;

/** @param count messages of all shards together */
export function playOnShards(shards: number, count: number): Promise<Measured> {
  return inSystem({ threads: shards }, async (system) => {
    const module = new URL('../actors/machines.js', import.meta.url).href;
    const spawn = (name: string, shard: number) => system.spawn({ name, module, exportName: 'player', shard });
    const pairs = await Promise.all(
      Array.from({ length: shards * pairsPerShard }, async (_, index) => {
        const shard = 1 + (index % shards);
        return { left: await spawn(`left-${index}`, shard), right: await spawn(`right-${index}`, shard) };
      }),
    );
    const strokes = Math.max(1, Math.round(count / 2 / pairs.length));
    const play = () =>
      Promise.all(
        pairs.map(({ left, right }) =>
          system.ask(left, { type: 'serve', data: { to: right, count: strokes } }, { deadlineMs }),
        ),
      );
    const handled = async (): Promise<number> => {
      const all = pairs.flatMap(({ left, right }) => [left, right]);
      const hits = await Promise.all(all.map((each) => system.ask(each, { type: 'hits', data: null }, { deadlineMs })));
      return (hits as number[]).reduce((sum, each) => sum + each, 0);
    };
    await play();
    const before = await handled();
    const messages = 2 * strokes * pairs.length;
    return timed(messages, play, async () => expectCount('messages', (await handled()) - before, messages));
  });
}

/** @param count steps of all threads together */
export async function computeOnThreads(threads: number, count: number): Promise<Measured> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./computeThread.js', import.meta.url)));
  const steps = Math.ceil(count / threads);
  const computations = workers.map((_, index): Computation => ({ steps, seed: 2 * index + 1 }));
  const run = (): Promise<number[]> =>
    Promise.all(
      workers.map(async (worker, index) => {
        const answered = once(worker, 'message');
        worker.postMessage(computations[index]);
        return (await answered)[0] as number;
      }),
    );
  try {
    await run();
    let ends: number[] = [];
    return await timed(
      steps * threads,
      async () => {
        ends = await run();
      },
      () =>
        expectCount(
          'right results',
          ends.filter((end, index) => end === compute(computations[index] as Computation)).length,
          threads,
        ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
