import t from 'tap';
import { computeOnThreads, playOnShards } from '../../../benchmarks/threads/shardsScaling.js';
import { signalStream } from '../../../benchmarks/threads/signalStream.js';

// The benchmark's processes run with --expose-gc; here only the work is looked at.
const { gc } = globalThis;
globalThis.gc = (() => {}) as NonNullable<typeof globalThis.gc>;
t.teardown(() => {
  globalThis.gc = gc;
});

for (const way of ['ring', 'fixed', 'post each'] as const) {
  t.test(`actors of another thread read every field of every signal: ${way}`, async (t) => {
    t.match(await signalStream(way, 10_000), { count: 10_000, fault: null });
  });
}

t.test('players on two shards play all their games, by their own counts', async (t) => {
  t.match(await playOnShards(2, 1_000), { count: 1_000, fault: null });
});

t.test('threads that compute come to the right result', async (t) => {
  t.match(await computeOnThreads(2, 1_000), { count: 1_000, fault: null });
});
