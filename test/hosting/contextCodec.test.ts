/** Actors whose context holds instances of classes: their definition says what of it is kept, and how it is made again. */
import t from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorSpec } from '../../runtime/protocol/actors.js';
import { ActorStore } from '../../runtime/storage/ActorStore.js';
import { Store } from '../../runtime/storage/Store.js';
import { carelessPacker, type PackerReport } from './actors/packer.js';
import { openShards } from './probes.js';

const module = new URL('./actors/packer.js', import.meta.url).href;

function packer(rest: Partial<ActorSpec> = {}): ActorSpec {
  return { name: 'ada', module, exportName: 'packer', options: { first: 'a' }, ...rest };
}

async function reportOf(system: ActorSystem): Promise<PackerReport> {
  return (await system.ask({ name: 'ada' }, { type: 'report', data: null }, { deadlineMs: 10_000 })) as PackerReport;
}

async function add(system: ActorSystem, word: string): Promise<void> {
  await system.ask({ name: 'ada' }, { type: 'add', data: word }, { deadlineMs: 10_000 });
}

for (const persist of ['none', 'snapshot', 'journal'] as const) {
  t.test(
    `an actor with instances moves by its codec, kept as ${persist}, and its input is that of its place`,
    async (t) => {
      const { system } = await openShards(t, { threads: 2, folder: t.testdir() });
      await system.spawn(packer({ shard: 1, persist }));
      for (const shard of [2, 0, 1]) {
        const address = await system.move({ name: 'ada' }, shard);
        await add(system, `on ${shard}`);
        t.match((await reportOf(system)).self, address);
      }
      const { words, nowMs } = await reportOf(system);
      t.strictSame(words, ['a', 'on 2', 'on 0', 'on 1']);
      t.ok(Math.abs(nowMs - Date.now()) < 60_000, 'it knows the time');
    },
  );
}

t.test('what a journal replays comes on top of what is unpacked, once', async (t) => {
  const shards = await openShards(t, { threads: 2, folder: t.testdir() });
  const { system } = shards;
  await system.spawn(packer({ shard: 1, persist: 'journal' }));
  const words = ['a'];
  for (let round = 0; round < 3; round++) {
    for (let word = 0; word < 40; word++) {
      words.push(`${round}/${word}`);
      await add(system, `${round}/${word}`);
    }
    await shards.kill(1);
    t.strictSame((await reportOf(system)).words, words);
  }
});

t.test('an image shows what the actor was, also of a context that changes before the image is written', async (t) => {
  const shards = await openShards(t, { threads: 1, folder: t.testdir() });
  const { system } = shards;
  system.spawnLocal('ada', { ...carelessPacker, persist: 'journal' }, { first: 'a' });
  // In the turn in which it starts.
  for (const word of ['b', 'c']) system.tell({ name: 'ada' }, { type: 'add', data: word });
  t.strictSame((await reportOf(system)).words, ['a', 'b', 'c']);
  shards.crash({ name: 'ada' });
  t.strictSame((await reportOf(system)).words, ['a', 'b', 'c']);
});

t.test(
  'a context that was packed is the same after the end of the node, and migrated in the packed form',
  async (t) => {
    const folder = t.testdir();
    const first = await openShards(t, { threads: 1, folder });
    await first.system.spawn(packer({ persist: 'snapshot' }));
    await add(first.system, 'b');
    await first.restart();
    t.strictSame((await reportOf(first.system)).words, ['a', 'b']);
    await first.close();
    const store = Store.open(folder);
    const actors = new ActorStore(store);
    for (const kept of actors.actors()) {
      await actors.putActor({ ...kept, spec: { ...kept.spec, exportName: 'laterPacker' } });
    }
    await store.close();
    const second = await openShards(t, { threads: 1, folder });
    t.strictSame((await reportOf(second.system)).words, ['migrated', 'a', 'b']);
  },
);

t.test('a codec that does not fit keeps the actor where it is, and says what to mend', async (t) => {
  const { system } = await openShards(t, { threads: 2, folder: t.testdir() });
  const faults: [exportName: string, code: string, message: RegExp, remedy: RegExp][] = [
    [
      'packsInstances',
      'ERR_ACADEMY_SNAPSHOT_INVALID',
      /packed\.list\.0\.tally is an instance of Tally/,
      /contextCodec/,
    ],
    ['packsNothing', 'ERR_ACADEMY_SNAPSHOT_INVALID', /cannot be packed: it does not know how/, /contextCodec\.pack/],
    ['unpacksNothing', 'ERR_ACADEMY_SNAPSHOT_INVALID', /unpacked: it has forgotten how/, /contextCodec\.unpack/],
    ['neverMoves', 'ERR_ACADEMY_NOT_MOVABLE', /it holds a camera/, /start another one/],
  ];
  for (const [exportName, code, message, remedy] of faults) {
    await system.spawn(packer({ exportName, shard: 1 }));
    await t.rejects(system.move({ name: 'ada' }, 2), { code, message, remedy });
    await add(system, 'still here');
    t.match(await reportOf(system), { words: ['a', 'still here'], self: { shard: 1 } });
    await system.stop({ name: 'ada' });
  }
  const spec = packer({ exportName: 'packsInstances', persist: 'snapshot' });
  await t.rejects(system.spawn(spec), { code: 'ERR_ACADEMY_SNAPSHOT_INVALID', message: /packed\.list\.0\.tally/ });
});

t.test(
  'a machine that names academy.resumed is told when it goes on from an image, and not when it starts',
  async (t) => {
    const shards = await openShards(t, { threads: 2, folder: t.testdir() });
    const times = () => shards.system.ask({ name: 'ada' }, { type: 'times', data: null }, { deadlineMs: 10_000 });
    await shards.system.spawn(packer({ exportName: 'resumer', persist: 'journal', shard: 1 }));
    t.strictSame(await times(), []);
    await shards.system.move({ name: 'ada' }, 2);
    t.strictSame(await times(), ['moved']);
    await shards.kill(2);
    t.strictSame(await times(), ['moved', 'restored']);
    await shards.restart();
    t.strictSame(await times(), ['moved', 'restored', 'restored']);
  },
);
