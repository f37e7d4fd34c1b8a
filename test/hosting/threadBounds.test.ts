/** The bounds of worker threads that a node's configuration sets: what exceeds them ends its thread, and not the node. */
import t, { type Test } from 'tap';
import { createAcademyNode } from '../../index.js';
import type { ActorSystemEvents } from '../../runtime/hosting/ActorSystem.js';
import type { ShardDeath } from '../../testing/shardKiller.js';

const probe = { module: new URL('./actors/probe.js', import.meta.url).href, exportName: 'probe' };
const killer = { module: new URL('../../testing/shardKiller.js', import.meta.url).href, exportName: 'shardKiller' };

/** @returns why the thread was ended, when its actor has come back */
async function causeOf(t: Test, how: ShardDeath, bounds: { maxHeapMb?: number; hangMs?: number }): Promise<string> {
  const node = await createAcademyNode({
    academyId: `bounds-${process.pid}-${how}`,
    data: t.testdir(),
    threads: 1,
    ...bounds,
    udp: { port: 0 },
    rooms: [],
    personas: [],
    log: { level: 'silent' },
  });
  t.teardown(() => node.stop());
  t.match(await node.status(), { threads: 1, maxHeapMb: bounds.maxHeapMb ?? null, hangMs: bounds.hangMs ?? 5_000 });
  await node.spawnActor(probe, { name: 'ada', shard: 1 });
  await node.spawnActor(killer, { name: 'killer', shard: 1 });
  type Down = ActorSystemEvents['shard-down'][0];
  const down = new Promise<Down>((resolve) => node.supervision.on('shard-down', resolve));
  const up = new Promise((resolve) => node.supervision.on('shard-up', resolve));
  node.tell({ name: 'killer' }, 'end', how);
  const { cause } = await down;
  await up;
  t.match(await node.ask('ada', 'report', null), { restarts: 1 });
  return cause;
}

t.test(
  "a worker thread that hangs for longer than its node's setting is ended, and its actors come back",
  async (t) => {
    t.match(await causeOf(t, 'hang', { hangMs: 300 }), /its loop has not turned for 300 ms/);
  },
);

t.test("a worker thread that needs more heap than its node's setting is ended, and its actors come back", async (t) => {
  // Without the setting it hangs, because it fills gigabytes.
  t.match(await causeOf(t, 'out-of-memory', { maxHeapMb: 64 }), /memory/);
});
