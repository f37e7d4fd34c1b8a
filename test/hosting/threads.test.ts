/** The promises of an actor system on worker threads, and what happens when a thread dies. */
import { join } from 'node:path';
import t from 'tap';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { headerOf } from '../../testing/RecordingMesh.js';
import { until } from '../../testing/realTime.js';
import type { ShardDeath } from '../../testing.js';
import { eventExamples } from '../unit/protocol/eventExamples.js';
import { actorSystemContract } from './actorSystem.contract.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';
import { StreamFeed } from './StreamFeed.js';

actorSystemContract('on two worker threads', 2);

interface Death {
  readonly death: string;
  /** Left out: an actor does it by itself. */
  readonly how?: ShardDeath;
  readonly cause: RegExp;
}

const deaths: readonly Death[] = [
  { death: 'throws', how: 'throw', cause: /thrown outside of any actor/ },
  { death: 'exits', how: 'exit', cause: /exited with code: 3/ },
  { death: 'runs out of memory', how: 'out-of-memory', cause: /memory/ },
  { death: 'loops for ever', how: 'hang', cause: /its loop has not turned for 200 ms/ },
  { death: 'lets its promises loop for ever', cause: /its loop has not turned for 200 ms/ },
];

for (const { death, how, cause } of deaths) {
  t.test(`when a thread ${death}, its actors come back on the spare under their names`, async (t) => {
    const hangs = cause.source.includes('200 ms');
    const shards = await openShards(t, { threads: 2, maxHeapMb: 64, ...(hangs ? { hangMs: 200 } : {}) });
    const { system, downs, ups } = shards;
    const event = ACADEMY_CHAT_EVENTS.TYPING;
    const ada = await system.spawn(probeSpec('ada', { shard: 1 }));
    const ben = await system.spawn(
      probeSpec('ben', { shard: 1, options: { onStart: [{ type: 'subscribe', event, roomId: 'kitchen' }] } }),
    );
    await system.spawn(probeSpec('temporary', { shard: 1, exportName: 'temporaryProbe' }));
    await system.spawn(probeSpec('cy', { shard: 2 }));
    for (let index = 0; index < 50; index++) system.tell({ name: 'ada' }, { type: 'note', data: 'lost' });
    const asked = system.ask({ name: 'ada' }, { type: 'keep' }, { deadlineMs: 60_000 });
    asked.catch(() => {});
    await reportOf(system, 'ada');

    if (how) await shards.kill(1, how);
    else system.tell({ name: 'ada' }, { type: 'loop-promises' });
    await until('the shard is back', () => ups.length === 1);
    await t.rejects(asked, { code: 'ERR_ACADEMY_ASK_FAILED' });
    t.match(downs, [{ shard: 1, cause, actors: how ? 4 : 3, isReplaced: true }]);
    t.match(ups, [{ shard: 1, actors: 2 }]);
    t.strictSame([system.resolve('ada'), system.resolve('ben')], [ada, ben], 'addresses stay');
    t.equal(system.resolve('temporary'), undefined);
    const report = await reportOf(system, 'ada');
    t.strictSame([report.self, report.notes, report.restarts], [ada, [], 1]);

    const tell = { type: 'tell', to: ada, message: { type: 'note', data: 'from the other thread' } };
    system.tell({ name: 'cy' }, { type: 'emit', data: tell });
    await until('cy reaches ada', async () => (await reportOf(system, 'ada')).notes.length === 1);
    system.tell({ name: 'ada' }, { type: 'emit', data: { ...tell, to: { name: 'cy' } } });
    await until('ada reaches cy', async () => (await reportOf(system, 'cy')).notes.length === 1);
    t.equal((await reportOf(system, 'cy')).restarts, 0);
    t.equal(
      system.deliverEvent(headerOf({ eventId: 3, topic: topicOf('kitchen') }, otherNode), new Uint8Array()),
      1,
      'the machine has subscribed again',
    );
  });
}

t.test('a thread that was started again hears a stream, with the ids that were defined before', async (t) => {
  const shards = await openShards(t, { threads: 1 });
  const { system } = shards;
  const event = 'academy.training.signal';
  const signal = eventExamples[event] as TrainingSignal;
  await system.spawn(probeSpec('ada', { options: { onStart: [{ type: 'subscribe', event, roomId: signal.roomId }] } }));
  const feed = new StreamFeed(system);
  await until('it listens', () => feed.say(signal) === 1);
  await shards.kill(1, 'throw');
  await until('it listens again', () => feed.say(signal) === 1);
  await until('it hears', async () => (await reportOf(system, 'ada')).notes.length > 0);
  t.match((await reportOf(system, 'ada')).notes[0], signal.personaId);
});

t.test('what was lost with a thread is counted, and what is sent meanwhile arrives', async (t) => {
  const { system, ups, downs } = await openShards(t, { threads: 2 });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  await system.spawn(probeSpec('ben', { shard: 2 }));
  system.tell({ name: 'ada' }, { type: 'work', data: 30 });
  system.tell({ name: 'ada' }, { type: 'exit', data: 3 });
  for (let index = 0; index < 40; index++) system.tell({ name: 'ada' }, { type: 'note', data: 'behind the death' });
  const tell = { type: 'tell', to: { name: 'ada' }, message: { type: 'note', data: 'behind the death' } };
  system.tell({ name: 'ben' }, { type: 'emit', data: new Array(10).fill(tell) });
  system.on('shard-down', () => {
    for (let index = 0; index < 5; index++) system.tell({ name: 'ada' }, { type: 'note', data: 'meanwhile' });
  });
  await until('the shard is back', () => ups.length === 1);
  t.equal(downs.length, 1);
  t.equal(ups[0]?.lost, 51, 'the message that killed it, 40 from here and 10 from the other thread');
  t.strictSame((await reportOf(system, 'ada')).notes, new Array(5).fill('meanwhile'));
  t.match(await system.counters(), { messagesLost: 51, shardRestarts: 1 });
});

t.test('8 deaths of threads under load: siblings lose nothing, and every actor is back', async (t) => {
  const shardRestart = { intensity: 100 };
  const { system, ups } = await openShards(t, { threads: 2, shardRestart });
  for (let index = 0; index < 20; index++) await system.spawn(probeSpec(`victim ${index}`, { shard: 1 }));
  await system.spawn(probeSpec('sibling', { shard: 2 }));
  for (let round = 0; round < 8; round++) {
    system.tell({ name: `victim ${round}` }, { type: 'exit', data: 3 });
    for (let index = 0; index < 50; index++) {
      system.tell({ name: 'sibling' }, { type: 'note', data: `${round}` });
      system.tell({ name: `victim ${index % 20}` }, { type: 'note', data: 'x' });
    }
    await until(`the shard is back from death ${round}`, () => ups.length === round + 1);
  }
  t.equal((await reportOf(system, 'sibling')).notes.length, 400);
  for (let index = 0; index < 20; index++) t.equal((await reportOf(system, `victim ${index}`)).restarts, 8);
});

t.test('a thread that dies again and again is given up, and its actors fail with the cause', async (t) => {
  const { system, downs, failures } = await openShards(t, { threads: 1, shardRestart: { intensity: 2 } });
  await system.spawn(probeSpec('ada', { options: { onStart: [] } }));
  for (let round = 1; round <= 3; round++) {
    system.tell({ name: 'ada' }, { type: 'exit', data: 3 });
    await until(`death ${round}`, () => downs.length === round);
    if (round < 3) await reportOf(system, 'ada');
  }
  t.strictSame(
    downs.map(({ isReplaced }) => isReplaced),
    [true, true, false],
  );
  t.match(failures, [{ name: 'ada', error: { message: /shard 1 went down: .*exited/ } }]);
  await t.rejects(system.ask({ name: 'ada' }, { type: 'report' }, { deadlineMs: 1_000 }), {
    code: 'ERR_ACADEMY_ACTOR_STOPPED',
  });
  await t.rejects(system.spawn(probeSpec('ben')), { code: 'ERR_ACADEMY_NODE_STOPPED' });
  await t.rejects(system.spawn(probeSpec('ben', { shard: 1 })), {
    code: 'ERR_ACADEMY_NODE_STOPPED',
    message: /"ben" cannot start: the thread of shard 1 was given up/,
  });
  t.equal(system.resolve('ben'), undefined, 'the name is free');
});

t.test('a spawn that kills its thread is refused, and not tried again', async (t) => {
  const { system, ups } = await openShards(t, { threads: 1 });
  await system.spawn(probeSpec('ada'));
  const module = new URL('./actors/exitsOnStart.js', import.meta.url).href;
  const spawned = system.spawn({ name: 'killer', module, exportName: 'exitsOnStart' });
  await t.rejects(spawned, {
    code: 'ERR_ACADEMY_ACTOR_STOPPED',
    message: /"killer" was not started: shard 1 went down/,
  });
  await until('the shard is back', () => ups.length === 1);
  t.equal((await reportOf(system, 'ada')).restarts, 1);
  t.equal(system.resolve('killer'), undefined);
});

t.test('a thread that hangs holds up neither the others nor the shutdown', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  await system.spawn(probeSpec('ben', { shard: 2 }));
  system.tell({ name: 'ada' }, { type: 'work', data: 3_600_000 });
  system.tell({ name: 'ada' }, { type: 'note', data: 'waits' });
  await until('it hangs', async () => (await system.counters()).messagesWaiting === 2);
  await reportOf(system, 'ben');
  t.match(
    await system.infos(),
    [
      { name: 'ada', status: 'unheard' },
      { name: 'ben', status: 'running' },
    ],
    'of who hangs with it nothing is heard',
  );
  await system.shutdown({ limitMs: 100 });
});

t.test('actors on two threads talk without the main thread', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  const volleys = new Int32Array(new SharedArrayBuffer(4));
  const module = new URL('./actors/player.js', import.meta.url).href;
  const player = { module, exportName: 'player', options: { volleys } };
  await system.spawn({ ...player, name: 'ada', shard: 1 });
  await system.spawn({ ...player, name: 'ben', shard: 2 });
  system.tell({ name: 'ada' }, { type: 'serve', data: { to: { name: 'ben' } } });
  await until('the game is on', () => Atomics.load(volleys, 0) > 0);
  // The main thread is held up for good, and the game goes on.
  const before = Atomics.load(volleys, 0);
  const end = performance.now() + 5_000;
  while (Atomics.load(volleys, 0) < before + 100 && performance.now() < end);
  t.ok(Atomics.load(volleys, 0) >= before + 100);
});

t.test('options and messages that cannot be cloned are coded errors of whoever wrote them', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  await t.rejects(system.spawn(probeSpec('ada', { options: { callback: () => 1 } })), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: /options of "ada"/,
    remedy: /spawnLocal/,
  });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  system.tell({ name: 'ada' }, { type: 'note', data: 'before' });
  const bad = system.ask({ name: 'ada' }, { type: 'note', data: { list: [{ f: () => 1 }] } }, { deadlineMs: 1_000 });
  system.tell({ name: 'ada' }, { type: 'note', data: 'after' });
  await t.rejects(bad, {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    message: /"note" did not reach "ada": undecodable: data\.list\.0\.f cannot be sent/,
    remedy: /send plain data/,
  });
  t.strictSame((await reportOf(system, 'ada')).notes, ['before', 'after'], 'its neighbours in the frame arrive');
  t.match(await system.counters(), { 'deadLetters.undecodable': 1 });
});

t.test('TypeScript is refused with the remedy where Node.js cannot run it', async (t) => {
  const { system } = await openShards(t, { threads: 1 });
  const module = join(t.testdir({ 'bot.ts': 'export const bot = 1;' }), 'bot.ts');
  const spawned = system.spawn({ name: 'ada', module, exportName: 'bot' });
  const remedy = Reflect.get(process.features, 'typescript') ? /defineActor/ : /compile it/;
  await t.rejects(spawned, { code: 'ERR_ACADEMY_ACTOR_MODULE', remedy });
});
