/** A whole node, twice on one folder: what its actors keep is there again, without a word in its program. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type AcademyNode, createAcademyNode } from '../../index.js';
import type { StoredActor } from '../../runtime/hosting/persistence/ActorStorage.js';
import type { ActorModule } from '../../runtime/protocol/actorModule.js';
import { ActorStore } from '../../runtime/storage/ActorStore.js';
import { Store } from '../../runtime/storage/Store.js';
import type { KeeperReport } from './actors/keeper.js';

async function openNode(t: Test, data: string, level: 'silent' | 'error' = 'silent'): Promise<AcademyNode> {
  const node = await createAcademyNode({
    academyId: `kept-${process.pid}`,
    data,
    name: 'Ada',
    threads: 1,
    udp: { port: 0 },
    rooms: [{ id: 'lobby', consent: 'local' }],
    personas: [],
    log: { level },
  });
  t.teardown(() => node.stop());
  return node;
}

const module = new URL('./actors/keeper.js', import.meta.url).href;
const journal: ActorModule = { module, exportName: 'journal' };

t.test('an actor with a journal is there again when its node starts again', async (t) => {
  const data = t.testdir();
  const first = await openNode(t, data);
  await first.spawnActor(journal, { name: 'diary' });
  await first.ask('diary', 'tell', { id: 'a' });
  await first.stop();

  const second = await openNode(t, data);
  const seen = async (): Promise<readonly string[]> =>
    ((await second.ask('diary', 'report', null)) as KeeperReport).seen;
  t.strictSame(await seen(), ['a']);
  await second.spawnActor(journal, { name: 'diary' });
  t.strictSame(await seen(), ['a'], 'who spawns it finds it');
});

/** Damages what a table holds of the stopped node, from the middle of each value on. */
async function damage(data: string, name: string, isMeant: (value: Buffer) => boolean): Promise<void> {
  const store = Store.open(join(data, 'store'));
  const table = store.table(name);
  const rows = table.getRange().map(({ key, value }) => ({ table, key, value: Buffer.from(value) }));
  const meant = rows.filter(({ value }) => isMeant(value));
  t.ok(meant.length > 0, `there is something in ${name}`);
  for (const { value } of meant) value.fill(0x5a, value.length >> 1);
  await store.write(meant);
  await store.close();
}

/** As if it had been written after the last image, and the disk had lost it. */
async function appendDamaged(data: string): Promise<void> {
  const store = Store.open(join(data, 'store'));
  const actors = new ActorStore(store);
  const { id } = actors.actors().find(({ spec }) => spec.name === 'diary') as StoredActor;
  await actors.append([{ id, sequence: 2, bytes: Buffer.alloc(40, 0x5a) }]);
  await store.close();
}

async function otherStarts(t: Test, spoil: (data: string) => Promise<void>): Promise<void> {
  const data = t.testdir();
  const first = await openNode(t, data);
  await first.spawnActor(journal, { name: 'diary' });
  await first.spawnActor({ module, exportName: 'snapshot' }, { name: 'other' });
  await first.ask('diary', 'tell', { id: 'a' });
  await first.ask('other', 'tell', { id: 'b' });
  await first.stop();
  await spoil(data);

  const second = await openNode(t, data, 'error');
  t.strictSame(((await second.ask('other', 'report', null)) as KeeperReport).seen, ['b']);
  await t.rejects(second.ask('diary', 'report', null), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  await second.stop();
  const log = readFileSync(join(data, 'node.log'), 'utf8');
  t.match(log, /diary/);
  t.match(log, /restore a copy of/);

  const third = await openNode(t, data, 'error');
  t.strictSame(((await third.ask('other', 'report', null)) as KeeperReport).seen, ['b'], 'and again');
}

t.test('an actor whose entry is damaged is set aside with a word in the log, and the others start', async (t) => {
  await otherStarts(t, (data) => damage(data, 'actors', (value) => value.includes('diary')));
});

t.test('an actor whose journal is damaged is set aside with a word in the log, and the others start', async (t) => {
  await otherStarts(t, appendDamaged);
});

t.test('actors whose images are damaged are not started afresh behind the back of their owner', async (t) => {
  const data = t.testdir();
  const first = await openNode(t, data);
  await first.spawnActor(journal, { name: 'diary' });
  await first.ask('diary', 'tell', { id: 'a' });
  await first.stop();
  await damage(data, 'actor-images', () => true);

  const second = await openNode(t, data, 'error');
  await t.rejects(second.ask('diary', 'report', null), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  await second.spawnActor(journal, { name: 'diary' });
  t.strictSame(((await second.ask('diary', 'report', null)) as KeeperReport).seen, [], 'who spawns it has a new one');
  await second.stop();
  t.match(readFileSync(join(data, 'node.log'), 'utf8'), /diary\\" \(number \d+\) was not started/);
});

t.test('an actor that cannot go on from what was kept is forgotten on demand, and then starts afresh', async (t) => {
  const data = t.testdir();
  const first = await openNode(t, data);
  await first.spawnActor(journal, { name: 'diary' });
  await first.ask('diary', 'tell', { id: 'a' });
  await first.stop();
  await appendDamaged(data);

  const second = await openNode(t, data);
  const spawned = (): Promise<unknown> => second.spawnActor(journal, { name: 'diary' });
  await t.rejects(spawned(), { code: 'ERR_ACADEMY_SNAPSHOT_INVALID', remedy: /academy forget/ });
  await second.forgetActor('diary');
  await t.rejects(second.forgetActor('diary'), { code: 'ERR_ACADEMY_ACTOR_STOPPED', remedy: /academy tree/ });
  await spawned();
  const seen = async (): Promise<readonly string[]> =>
    ((await second.ask('diary', 'report', null)) as KeeperReport).seen;
  t.strictSame(await seen(), []);
  second.tell('diary', 'tell', { id: 'b' });
  t.strictSame(await seen(), ['b'], 'one is told by name as one is asked');
  await second.forgetActor('diary');
  await t.rejects(seen(), { code: 'ERR_ACADEMY_ACTOR_STOPPED' }, 'one that runs is stopped');
});
