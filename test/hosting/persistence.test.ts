/** What actors keep over crashes, deaths of threads and the end of the node, on worker threads and a store on disk. */
import t, { type Test } from 'tap';
import { defineSupervisor } from '../../runtime/hosting/supervision/defineSupervisor.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import type { SupervisorDefinition } from '../../runtime/protocol/supervision.js';
import { ActorStore } from '../../runtime/storage/ActorStore.js';
import { Store } from '../../runtime/storage/Store.js';
import { headerOf } from '../../testing/RecordingMesh.js';
import { until } from '../../testing/realTime.js';
import type { TestShards, TestShardsOptions } from '../../testing.js';
import { keeper, keeperReport, told } from './keepers.js';
import { openShards, otherNode } from './probes.js';

/** Images are taken often, so that a test need not wait. */
function startNode(t: Test, folder: string, options: TestShardsOptions = {}): Promise<TestShards> {
  return openShards(t, { folder, snapshotEveryMs: 10, ...options });
}

t.test('a journal loses nothing that was receipted when its thread dies', async (t) => {
  const node = await startNode(t, t.testdir(), { snapshotEveryMs: 100_000 });
  await node.system.spawn(keeper('ada', 'journal', { shard: 1 }));
  for (const id of ['a', 'b', 'c']) await told(node.system, 'ada', id);
  await node.kill(1);
  t.strictSame((await keeperReport(node.system, 'ada')).seen, ['a', 'b', 'c']);
  await told(node.system, 'ada', 'd');
  await node.kill(1);
  t.strictSame((await keeperReport(node.system, 'ada')).seen, ['a', 'b', 'c', 'd']);
});

t.test('what a journal has caused happens once, though both ends die', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('ada', 'journal', { shard: 1 }));
  await node.system.spawn(keeper('ben', 'journal', { shard: 2 }));
  const expected: string[] = [];
  for (let round = 0; round < 6; round++) {
    const next = Array.from({ length: 5 }, (_, index) => ({ to: 'ben', told: { id: `${round}.${index}` } }));
    await told(node.system, 'ada', `${round}`, next);
    expected.push(...next.map(({ told: { id } }) => id));
    await node.kill(round % 2 === 0 ? 2 : 1);
  }
  await until('all is heard', async () => (await keeperReport(node.system, 'ben')).seen.length >= expected.length);
  t.strictSame([...(await keeperReport(node.system, 'ben')).seen].sort(), expected.sort());
});

t.test('what a journal has caused is heard by an actor of the main thread, and known to be', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('ada', 'journal', { shard: 1 }));
  await node.system.spawn(keeper('ben', 'journal', { shard: 0 }));
  await told(node.system, 'ada', 'a', [{ to: 'ben', told: { id: 'b', next: [{ to: 'ada', told: { id: 'c' } }] } }]);
  await until('all is heard', async () => (await keeperReport(node.system, 'ada')).seen.length === 2);
  t.strictSame((await keeperReport(node.system, 'ben')).seen, ['b']);
});

t.test('a snapshot loses what came after it, by count; without one all is gone', async (t) => {
  const node = await startNode(t, t.testdir(), { snapshotEveryMs: 50 });
  await node.system.spawn(keeper('ada', 'snapshot', { shard: 1 }));
  await node.system.spawn(keeper('ben', 'plain', { shard: 1 }));
  for (const id of ['a', 'b']) await told(node.system, 'ada', id);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await told(node.system, 'ben', 'b');
  // The next snapshot comes 50 ms after the first message that it is to hold.
  for (const id of ['c', 'd']) node.system.tell({ name: 'ada' }, { type: 'tell', data: { id } });
  node.system.tell({ name: 'ben' }, { type: 'exit', data: 3 });
  await node.until('the shard is back', () => node.ups.length === 1);
  t.strictSame((await keeperReport(node.system, 'ada')).seen, ['a', 'b']);
  t.equal(node.ups[0]?.lost, 3, 'the two that the snapshot has not, and the order to die');
  t.strictSame((await keeperReport(node.system, 'ben')).seen, []);
});

t.test('timers go on and subscriptions hold in the next thread', async (t) => {
  const node = await startNode(t, t.testdir());
  for (const kind of ['journal', 'snapshot']) {
    await node.system.spawn(keeper(kind, kind, { shard: 1 }));
    node.system.tell({ name: kind }, { type: 'listen', data: 'kitchen' });
    node.system.tell({ name: kind }, { type: 'ring-in', data: 2_000 });
    await keeperReport(node.system, kind);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  await node.kill(1);
  const header = headerOf({ eventId: 3, topic: topicOf('kitchen') }, otherNode);
  t.equal(node.system.deliverEvent(header, new Uint8Array([0xc1])), 1, ACADEMY_CHAT_EVENTS.TYPING);
  for (const kind of ['journal', 'snapshot']) t.equal((await keeperReport(node.system, kind)).state, 'waiting');
  for (const kind of ['journal', 'snapshot']) {
    await until('it rings', async () => (await keeperReport(node.system, kind)).rings === 1);
    t.equal((await keeperReport(node.system, kind)).state, 'quiet');
  }
});

t.test('monitors hold in the next thread, and over a rest on disk', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('far', 'plain', { shard: 2 }));
  const watchers = ['journal', 'snapshot', 'passive'];
  for (const kind of watchers) {
    await node.system.spawn(keeper(kind, kind, { shard: 1 }));
    node.system.tell({ name: kind }, { type: 'watch', data: { to: 'far' } });
    await keeperReport(node.system, kind);
  }
  const statusOf = async (name: string): Promise<string | undefined> =>
    (await node.system.infos()).find((info) => info.name === name)?.status;
  await until('it is put to disk', async () => (await statusOf('passive')) === 'passive');
  await node.kill(1);
  for (const kind of watchers) await keeperReport(node.system, kind);
  await until('it is put to disk again', async () => (await statusOf('passive')) === 'passive');
  await node.system.stop({ name: 'far' });
  for (const kind of watchers) {
    await until(`${kind} has heard of it`, async () => (await keeperReport(node.system, kind)).seen.length > 0);
    t.strictSame((await keeperReport(node.system, kind)).seen, ['far stopped'], kind);
  }
});

t.test(
  'an actor whose journal cannot be written goes back to what is on disk, and is receipted again after it',
  async (t) => {
    const node = await startNode(t, t.testdir(), { snapshotEveryMs: 100_000 });
    await node.system.spawn(keeper('ada', 'journal', { shard: 1 }));
    await told(node.system, 'ada', 'a');
    const { write } = node.store;
    node.store.write = (work) => {
      node.store.write = write;
      return Promise.reject(new Error(`the disk is full ${typeof work}`));
    };
    node.system.tell({ name: 'ada' }, { type: 'tell', data: { id: 'unwritten' } });
    for (const id of ['b', 'c']) {
      await until(`${id} is receipted`, () =>
        told(node.system, 'ada', id).then(
          () => true,
          () => false,
        ),
      );
    }
    const { seen } = await keeperReport(node.system, 'ada');
    t.strictSame([seen[0], ...seen.slice(-2)], ['a', 'b', 'c']);
    t.notOk(seen.includes('unwritten'));
    await node.kill(1);
    t.strictSame((await keeperReport(node.system, 'ada')).seen, seen);
    await told(node.system, 'ada', 'd');
    await node.kill(1);
    t.strictSame((await keeperReport(node.system, 'ada')).seen, [...seen, 'd']);
  },
);

t.test('a question that the thread took with it is answered by an error', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('mute', 'mute', { shard: 2 }));
  await node.system.spawn(keeper('ada', 'snapshot', { shard: 1 }));
  node.system.tell({ name: 'ada' }, { type: 'ask', data: { to: 'mute' } });
  await keeperReport(node.system, 'ada');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await node.kill(1);
  await until('it is answered', async () => (await keeperReport(node.system, 'ada')).answers.length === 1);
  t.match((await keeperReport(node.system, 'ada')).answers, [/^ERR_ACADEMY_/]);
});

t.test('a question of a journal is answered once, by its answer or an error, whatever dies meanwhile', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('ada', 'journal', { shard: 1 }));
  await node.system.spawn(keeper('ben', 'journal', { shard: 2 }));
  node.system.tell({ name: 'ada' }, { type: 'ask', data: { to: 'ben' } });
  await keeperReport(node.system, 'ada');
  await node.kill(1);
  await until('it is answered', async () => (await keeperReport(node.system, 'ada')).answers.length > 0);
  await node.kill(1);
  const { answers } = await keeperReport(node.system, 'ada');
  t.equal(answers.length, 1);
  t.match(answers[0], /^(ben|ERR_ACADEMY_ASK_FAILED)$/);
});

t.test('children that persist go on when their supervisor starts them, also after the end of the node', async (t) => {
  const folder = t.testdir();
  const treeOn = (shards: readonly [number, number]): SupervisorDefinition =>
    defineSupervisor({
      strategy: 'one-for-all',
      backoffMs: 1,
      backoffMaxMs: 2,
      intensity: 100,
      children: [keeper('ada', 'snapshot', { shard: shards[0] }), keeper('ben', 'journal', { shard: shards[1] })],
    });
  const first = await startNode(t, folder);
  await first.system.spawnSupervisor('root', treeOn([1, 2]));
  for (const name of ['ada', 'ben']) await told(first.system, name, 'a');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await first.kill(1);
  for (const name of ['ada', 'ben']) t.strictSame((await keeperReport(first.system, name)).seen, ['a']);
  for (const name of ['ada', 'ben']) await told(first.system, name, 'b');
  await first.close();

  const second = await startNode(t, folder, { threads: 1 });
  t.equal(second.system.size, 0, 'they are their supervisor’s');
  await second.system.spawnSupervisor('root', treeOn([1, 1]));
  for (const name of ['ada', 'ben']) t.strictSame((await keeperReport(second.system, name)).seen, ['a', 'b']);
});

t.test('a child that was put to disk takes part in the restart of its group, and keeps its address', async (t) => {
  const node = await startNode(t, t.testdir());
  const children = [keeper('idle', 'passive', { shard: 1 }), keeper('busy', 'plain', { shard: 2 })];
  const tree = defineSupervisor({ strategy: 'one-for-all', backoffMs: 1, backoffMaxMs: 2, intensity: 100, children });
  await node.system.spawnSupervisor('root', tree);
  await told(node.system, 'idle', 'a');
  const address = node.system.resolve('idle');
  const statusOf = async (name: string): Promise<string | undefined> =>
    (await node.system.infos()).find((info) => info.name === name)?.status;
  await until('it is put to disk', async () => (await statusOf('idle')) === 'passive');
  const restarted: string[] = [];
  node.system.on('actor-restarted', ({ name }) => restarted.push(name));
  node.system.tell({ name: 'busy' }, { type: 'crash', data: null });
  await until('both are started again', () => restarted.length === 2);
  t.strictSame([...restarted].sort(), ['busy', 'idle']);
  t.strictSame(node.system.resolve('idle'), address);
  t.strictSame((await keeperReport(node.system, 'idle')).seen, ['a']);
});

t.test('an actor that crashes goes on from what was kept', async (t) => {
  const node = await startNode(t, t.testdir());
  for (const kind of ['journal', 'snapshot']) {
    await node.system.spawn(keeper(kind, kind));
    for (const id of ['a', 'b']) await told(node.system, kind, id);
    if (kind === 'snapshot') await new Promise((resolve) => setTimeout(resolve, 100));
    node.system.tell({ name: kind }, { type: 'crash', data: null });
    await told(node.system, kind, 'c');
    t.strictSame((await keeperReport(node.system, kind)).seen, ['a', 'b', 'c'], kind);
  }
});

t.test('the node starts again with its actors, on other threads if there are others', async (t) => {
  const folder = t.testdir();
  const first = await startNode(t, folder);
  await first.system.spawn(keeper('ada', 'journal', { shard: 1 }));
  await first.system.spawn(keeper('ben', 'snapshot', { shard: 2 }));
  await first.system.spawn(keeper('cy', 'plain'));
  await first.system.spawn(keeper('dan', 'journal'));
  for (const name of ['ada', 'ben', 'cy', 'dan']) await told(first.system, name, 'a');
  await first.system.stop({ name: 'dan' });
  await first.close();

  const second = await startNode(t, folder, { threads: 1 });
  t.same(second.system.size, 2);
  for (const name of ['ada', 'ben']) t.strictSame((await keeperReport(second.system, name)).seen, ['a']);
  const address = second.system.resolve('ada');
  t.strictSame(await second.system.spawn(keeper('ada', 'journal')), address, 'who spawns it finds it');
  await t.rejects(second.system.spawn(keeper('ada', 'journal')), { code: 'ERR_ACADEMY_NAME_TAKEN' });
  await told(second.system, 'ada', 'b');
  await second.close();

  const third = await startNode(t, folder, { threads: 0 });
  t.strictSame((await keeperReport(third.system, 'ada')).seen, ['a', 'b']);
  t.strictSame((await keeperReport(third.system, 'ben')).seen, ['a']);
});

t.test('what persists in the main thread goes on when the next life of the program spawns it', async (t) => {
  const definitions = await import('./actors/keeper.js');
  const node = await startNode(t, t.testdir(), { threads: 0 });
  const seen: string[] = [];
  for (const id of ['a', 'b', 'c']) {
    seen.push(id);
    t.equal(node.system.size, 0, 'nobody else can spawn it');
    for (const name of ['journal', 'snapshot'] as const) {
      node.system.spawnLocal(name, definitions[name]);
      await told(node.system, name, id);
      t.strictSame((await keeperReport(node.system, name)).seen, seen, name);
    }
    await node.restart();
  }
});

t.test('a snapshot of an older version is migrated, or refused with the remedy and kept', async (t) => {
  const folder = t.testdir();
  const first = await startNode(t, folder);
  await first.system.spawn(keeper('ada', 'snapshot'));
  await told(first.system, 'ada', 'a');
  await first.close();
  const store = Store.open(folder);
  const actors = new ActorStore(store);
  const [ada] = actors.actors();
  if (!ada) throw new Error('ada is not kept');
  await actors.putActor({ ...ada, spec: { ...ada.spec, exportName: 'unmigrated' } });
  await store.close();

  const second = await startNode(t, folder);
  t.equal(second.system.resolve('ada'), undefined);
  await t.rejects(second.system.spawn(keeper('ada', 'unmigrated')), {
    code: 'ERR_ACADEMY_SNAPSHOT_VERSION',
    message: /"ada" was kept in version 1, and its definition has version 2/,
    remedy: /migrate\(snapshot, fromVersion\)/,
  });
  await second.system.spawn(keeper('ada', 'migrated'));
  t.match(await keeperReport(second.system, 'ada'), { heard: ['from version 1', 'a'] });
});

t.test('an actor that nothing reaches is put to disk, and its next message brings it back', async (t) => {
  const node = await startNode(t, t.testdir());
  await node.system.spawn(keeper('ada', 'passive', { shard: 1 }));
  await told(node.system, 'ada', 'a');
  const status = async (): Promise<string | undefined> => (await node.system.infos())[0]?.status;
  await until('it is put to disk', async () => (await status()) === 'passive');
  await Promise.all(['b', 'c'].map((id) => told(node.system, 'ada', id)));
  t.strictSame((await keeperReport(node.system, 'ada')).seen, ['a', 'b', 'c']);
  await until('it is put to disk again', async () => (await status()) === 'passive');
  await node.kill(1);
  t.strictSame((await keeperReport(node.system, 'ada')).seen, ['a', 'b', 'c']);
  await until('it is put to disk a third time', async () => (await status()) === 'passive');
  await node.system.stop({ name: 'ada' });
  t.equal(node.system.resolve('ada'), undefined);
});

t.test('an actor whose context cannot be kept is refused with the remedy', async (t) => {
  const node = await startNode(t, t.testdir());
  await t.rejects(node.system.spawn(keeper('ada', 'unkept')), {
    code: 'ERR_ACADEMY_SNAPSHOT_INVALID',
    message: /"ada" cannot go on: the state of an actor cannot be kept/,
    remedy: /plain data/,
  });
  await t.rejects(node.system.spawn(keeper('ada', 'minded', { persist: 'journal' })), {
    code: 'ERR_ACADEMY_SNAPSHOT_INVALID',
    message: /context\.list\.0\.mind is an instance of Mind/,
  });
  await t.rejects(node.system.spawn(keeper('ada', 'plain', { persist: 'sometimes' as 'none' })), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: /persist/,
  });
});
