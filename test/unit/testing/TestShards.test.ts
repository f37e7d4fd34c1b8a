import t, { type Test } from 'tap';
import { actorModule } from '../../../index.js';
import type { ReferenceTo } from '../../../runtime/protocol/contract.js';
import { type ShardDeath, TestShards, type TestShardsOptions } from '../../../testing.js';

const url = new URL('./persistentCounter.js', import.meta.url);
const counter = actorModule(() => import('./persistentCounter.js'), url, 'counter');
const persistentCounter = actorModule(() => import('./persistentCounter.js'), url, 'persistentCounter');
const options = { start: 5 };

async function open(t: Test, options: TestShardsOptions = {}): Promise<TestShards> {
  const shards = await TestShards.open(options);
  t.teardown(() => shards.close());
  return shards;
}

const deaths: readonly [ShardDeath, RegExp, lost: number][] = [
  ['exit', /exited with code: 3/, 1],
  ['throw', /thrown outside of any actor/, 0],
  ['out-of-memory', /memory/, 1],
  ['hang', /its loop has not turned for 300 ms/, 1],
];

for (const [how, cause, lost] of deaths) {
  t.test(`a shard that is killed by "${how}" is back with its actors, and with what they keep`, async (t) => {
    // A thread whose memory fills up stands still, too, and is not to be taken for one that hangs.
    const shards = await open(t, { threads: 2, maxHeapMb: 64, ...(how === 'hang' ? { hangMs: 300 } : {}) });
    const forgetful = await shards.spawn(counter, { name: 'forgetful', shard: 1, options });
    const mindful = await shards.spawn(persistentCounter, { name: 'mindful', shard: 1, options });
    const sibling = await shards.spawn(counter, { name: 'sibling', shard: 2, options });
    for (const handle of [forgetful, mindful, sibling]) {
      handle.tell('add', 1);
      t.equal(await shards.ask(handle.address, 'count', null), 6);
    }
    t.match(await shards.kill(1, how), { shard: 1, actors: 2, lost });
    t.match(shards.downs, [{ shard: 1, cause, isReplaced: true }]);
    t.equal(await shards.ask(forgetful.address, 'count', null), 5);
    t.equal(await shards.ask(mindful.address, 'count', null), 6);
    t.equal(await shards.ask(sibling.address, 'count', null), 6, 'the other thread has noticed nothing');
    t.equal((await shards.kill(1, how)).shard, 1, 'and again');
    t.equal(await shards.ask(mindful.address, 'count', null), 6);
    t.strictSame([shards.ups.length, shards.failures.length], [2, 0]);
    t.equal(shards.system.size, 3, 'nothing of the killer is left');
  });
}

t.test('a shard that is given up is told, with the cause and the remedy', async (t) => {
  const shards = await open(t, { threads: 1, shardRestart: { intensity: 0 } });
  await shards.spawn(counter, { name: 'counter', options });
  await t.rejects(shards.kill(1), { message: /shard 1 was given up: .*exited.*shardRestart\.intensity/s });
  t.match(shards.failures, [{ name: 'counter' }]);
});

t.test('a host starts again on what was kept, in memory or on disk, with other threads', async (t) => {
  for (const folder of [undefined, t.testdir()]) {
    const shards = await open(t, { threads: 2, ...(folder === undefined ? {} : { folder }) });
    const handle = await shards.spawn(persistentCounter, { name: 'mindful', shard: 2, options });
    await shards.spawn(counter, { name: 'forgetful', options });
    handle.tell('add', 2);
    await shards.restart({ threads: 1 });
    t.equal(shards.system.size, 1);
    const mindful = { name: 'mindful' } as ReferenceTo<(typeof persistentCounter)['~contract']>;
    t.equal(await shards.ask(mindful, 'count', null), 7);
    await shards.close();
    if (folder === undefined) continue;
    const next = await open(t, { threads: 0, folder });
    t.equal(await next.ask(mindful, 'count', null), 7);
  }
});

t.test('a probe talks to actors on other threads, and waits in real time', async (t) => {
  const shards = await open(t, { threads: 1 });
  const handle = await shards.spawn(counter, { name: 'counter', options });
  const [ann, ben] = [shards.probe('ann'), shards.probe('ben')];
  ann.tell(handle.address, 'add', 2);
  t.equal(await ann.ask(handle.address, 'count', null), 7);
  const asked = ben.ask(ann.address as ReferenceTo<unknown>, 'question', 'why?');
  ann.reply(await ann.expectMessage('question'), 'because');
  t.equal(await asked, 'because');
  await t.rejects(ann.expectMessage('answer', { withinMs: 5 }), {
    message: /waited in vain for 5 ms until "ann" receives "answer"; it has received nothing/,
  });
  await ann.expectNothing(undefined, { withinMs: 5 });
});
