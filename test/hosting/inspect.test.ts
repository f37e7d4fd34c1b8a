/** What is told of one actor, wherever it lives and whatever has become of it. */
import t from 'tap';
import type { ActorReport } from '../../runtime/protocol/actorReport.js';
import type { ActorAddress, ActorEffect, ActorSpec } from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { until } from '../../testing/realTime.js';
import { keeper, keeperReport, told } from './keepers.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';

const family = new URL('./actors/family.js', import.meta.url).href;

for (const [where, threads, shard] of [
  ['in the main thread', 0, 0],
  ['on a worker thread', 1, 1],
] as const) {
  t.test(`an actor ${where} is told with its context, mailbox, timers, bonds and last error`, async (t) => {
    const { system } = await openShards(t, { threads });
    const at: Partial<ActorSpec> = { shard };
    const order = (data: ActorEffect | readonly ActorEffect[]): void =>
      system.tell({ name: 'ada' }, { type: 'emit', data });
    const event = ACADEMY_CHAT_EVENTS.TYPING;
    await system.spawn(probeSpec('ben', at));
    const address = await system.spawn(probeSpec('ada', { ...at, options: { colour: 'blue', apiKey: 'sk-1' } }));
    await system.ask({ name: 'ada' }, { type: 'crash', data: 'it fell' }, { deadlineMs: 10_000 }).catch(() => {});
    order([
      { type: 'subscribe', event, roomId: 'kitchen' },
      { type: 'monitor', target: { name: 'ben' } },
      { type: 'tell', to: { name: 'ben' }, message: { type: 'emit', data: { type: 'link', target: { name: 'ada' } } } },
    ]);
    system.tell({ name: 'ada' }, { type: 'note', data: 'one' });
    const asked = system.ask({ name: 'ada' }, { type: 'keep', data: null }, { deadlineMs: 60_000 });
    asked.catch(() => {});
    await until('they are linked', async () => (await system.inspect({ name: 'ada' })).running?.counts.watches === 2);
    const report = await system.inspect({ name: 'ada' });
    t.match(report, {
      name: 'ada',
      address,
      machine: 'probe',
      state: 'running',
      status: 'running',
      tier: 'full',
      module: probeSpec('ada').module,
      exportName: 'probe',
      parent: null,
      persist: 'none',
      restarts: 1,
      restart: { kind: 'transient', intensity: 5, withinMs: 10_000, recent: null, strategy: null },
      lastError: { message: 'it fell', place: /probe\.js:\d+:\d+$/ },
      lastErrorAtMs: Number,
      quarantine: [],
      running: {
        context: { input: { name: 'ada', seed: '[hidden]', options: { colour: 'blue' } }, notes: ['one'] },
        options: { colour: 'blue', apiKey: '[hidden]' },
        mailbox: { depth: 0, oldestAgeMs: null, nextType: null, capacity: 10_000, policy: 'reject' },
        subscriptions: [{ event, roomId: 'kitchen' }],
        watches: [
          { name: 'ben', isLink: false },
          { name: 'ben', isLink: true },
        ],
        watchedBy: [{ name: 'ben', isLink: true }],
        counts: { subscriptions: 1, watches: 2, watchedBy: 1, unanswered: 1, timers: 0, children: 0 },
      },
    });
    t.strictSame(JSON.parse(JSON.stringify(report)), report, 'it is plain data');
    const { messagesHandled } = report;
    t.strictSame((await system.inspect({ name: 'ada' })).messagesHandled, messagesHandled, 'to look is no message');
    t.strictSame(await system.inspect(address), await system.inspect({ name: 'ada' }));
  });
}

t.test('timers are told with the time that is left, and children by their names, which can be looked at', async (t) => {
  const { system } = await openShards(t, { threads: 1 });
  await system.spawn(keeper('kit', 'plain'));
  system.tell({ name: 'kit' }, { type: 'ring-in', data: 60_000 });
  await keeperReport(system, 'kit');
  const { running, state } = await system.inspect({ name: 'kit' });
  t.equal(state, 'waiting');
  t.match(running?.timers, [{ type: /after/, dueInMs: Number }]);
  t.ok((running?.timers[0]?.dueInMs ?? 0) > 50_000);

  await system.spawn({ name: 'eve', module: family, exportName: 'parent' });
  system.tell({ name: 'eve' }, { type: 'bear', data: { nickname: 'abel' } });
  const childOf = async () => (await system.inspect({ name: 'eve' })).running?.children[0];
  await until('abel is born', async () => (await childOf()) !== undefined);
  const child = await system.inspect({ name: (await childOf()) as string });
  t.match(child, { machine: 'child', parent: 'eve', module: null, running: { options: { nickname: 'abel' } } });
  const { shard, slot, generation } = child.address;
  t.strictSame(await system.inspect({ name: `${shard}/${slot}/${generation}` }), child, 'by its address, too');
});

t.test(
  'messages that wait are counted, with the age of the oldest; a thread that hangs is an error in time',
  async (t) => {
    const { system } = await openShards(t, { threads: 1, hangMs: 60_000 });
    await system.spawn(probeSpec('ada', { shard: 1 }));
    await system.spawn(probeSpec('ben', { shard: 1 }));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    system.tell({ name: 'ada' }, { type: 'hang', data: flag });
    await until('it hangs', () => Atomics.load(flag, 0) === 1);
    await t.rejects(system.inspect({ name: 'ada' }), {
      code: 'ERR_ACADEMY_DEADLINE',
      message: /shard 1/,
      remedy: /hangs/,
    });
    Atomics.store(flag, 0, 0);
    Atomics.notify(flag, 0);
    await reportOf(system, 'ada');

    const { probe } = await import('./actors/probe.js');
    system.spawnLocal('cy', probe);
    for (let count = 0; count < 3; count++) system.tell({ name: 'cy' }, { type: 'note', data: 'waits' });
    const { running, mailboxDepth } = await system.inspect({ name: 'cy' });
    t.equal(mailboxDepth, 3, 'to look hands nothing out');
    t.match(running?.mailbox, { depth: 3, nextType: 'note', oldestAgeMs: Number });
  },
);

t.test('one that is on disk is told as such, and stays there', async (t) => {
  const { system } = await openShards(t, { threads: 1, snapshotEveryMs: 10 });
  await system.spawn(keeper('pam', 'passive'));
  await told(system, 'pam', 'x');
  const look = (): Promise<ActorReport> => system.inspect({ name: 'pam' });
  await until('it is passive', async () => (await look()).status === 'passive');
  t.match(await look(), { status: 'passive', persist: 'snapshot', running: { context: null } });
  t.equal((await look()).status, 'passive');
  t.strictSame((await keeperReport(system, 'pam')).seen, ['x']);
});

t.test('one that has moved is found by its name and by where it was', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  const before = await system.spawn(keeper('kit', 'plain', { shard: 1 }));
  const address = await system.move({ name: 'kit' }, 2);
  t.match(await system.inspect({ name: 'kit' }), { address, running: {} });
  t.match(await system.inspect(before), { address });
});

t.test('of one that has failed or stopped it is told what was known last', async (t) => {
  const { system } = await openShards(t, { threads: 1 });
  const restart = { intensity: 1, backoffMs: 1, backoffMaxMs: 1 };
  await system.spawn(probeSpec('ada', { restart }));
  await system.spawn(probeSpec('ben'));
  for (const what of ['first', 'second']) system.tell({ name: 'ada' }, { type: 'crash', data: what });
  await until('it has failed', () => system.resolve('ada') === undefined);
  t.match(await system.inspect({ name: 'ada' }), {
    status: 'failed',
    restarts: 1,
    lastError: { message: 'second', place: /probe\.js/ },
    running: null,
  });
  await reportOf(system, 'ben');
  const { messagesHandled } = await system.inspect({ name: 'ben' });
  await system.stop({ name: 'ben' });
  t.match(await system.inspect({ name: 'ben' }), { status: 'stopped', messagesHandled, running: null });
  t.notOk(
    (await system.infos()).some(({ name }) => name === 'ben'),
    'it is no actor any more',
  );
  await system.spawn(probeSpec('ben'));
  t.match(await system.inspect({ name: 'ben' }), { status: 'running', messagesHandled: 0 });
});

t.test('while a thread is being replaced its actors are told as far as the main thread knows them', async (t) => {
  const shards = await openShards(t, { threads: 1 });
  const { system } = shards;
  await system.spawn(probeSpec('ada', { shard: 1 }));
  const down = new Promise<Promise<ActorReport>>((resolve) => {
    system.on('shard-down', () => resolve(system.inspect({ name: 'ada' })));
  });
  await shards.kill(1);
  t.match(await await down, { name: 'ada', module: probeSpec('ada').module });
  t.match(await system.inspect({ name: 'ada' }), { restarts: 1, status: 'running', running: {} });
});

t.test('an unknown name is an error that says what was meant', async (t) => {
  const { system } = await openShards(t, { threads: 0 });
  await system.spawn(probeSpec('participant/ada'));
  const code = 'ERR_ACADEMY_ACTOR_STOPPED';
  await t.rejects(system.inspect({ name: 'ada' }), { code, remedy: 'did you mean participant/ada?' });
  await t.rejects(system.inspect({ name: 'nonsense' }), { code, message: /"nonsense"/, remedy: /academy tree/ });
  const nobody: ActorAddress = { shard: 0, slot: 77, generation: 1 };
  await t.rejects(system.inspect(nobody), { code, message: /"0\/77\/1"/ });
  await t.rejects(system.inspect({ name: '9/1/1' }), { code });
  const elsewhere = { name: 'participant/ada', node: otherNode };
  await t.rejects(system.inspect(elsewhere), { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /another node/ });
});
