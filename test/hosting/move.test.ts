/** Actors move between threads while they are spoken to: what goes along, what is refused, and what a death in between costs. */
import t from 'tap';
import { defineSupervisor } from '../../runtime/hosting/supervision/defineSupervisor.js';
import type { ActorAddress, ActorEffect, ActorReference } from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { limits } from '../../runtime/protocol/limits.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { headerOf } from '../../testing/RecordingMesh.js';
import { until } from '../../testing/realTime.js';
import { holder } from './actors/keeper.js';
import { keeper, keeperReport, told } from './keepers.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';

const note = (to: ActorReference, data: string): ActorEffect => ({ type: 'tell', to, message: { type: 'note', data } });

t.test('an actor that moves back and forth hears each message once, and those of a sender in order', async (t) => {
  const seed = 11;
  const random = seededRandom(seed);
  const any = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T;
  const { system } = await openShards(t, { threads: 3 });
  const first = await system.spawn(probeSpec('ada', { shard: 1 }));
  const senders = [0, 1, 2, 3];
  for (const shard of senders) await system.spawn(probeSpec(`sender ${shard}`, { shard }));
  const addresses: ActorReference[] = [first];
  const sent = new Map<string, number>([['main', 0], ...senders.map((shard) => [`sender ${shard}`, 0] as const)]);
  const next = (sender: string): string => {
    const number = sent.get(sender) as number;
    sent.set(sender, number + 1);
    return `${sender}:${number}`;
  };
  const burst = (): void => {
    for (const sender of senders.map((shard) => `sender ${shard}`)) {
      const notes = Array.from({ length: 5 }, () => note(any([{ name: 'ada' }, any(addresses)]), next(sender)));
      system.tell({ name: sender }, { type: 'emit', data: notes });
    }
    system.tell(any([{ name: 'ada' }, any(addresses)]), { type: 'note', data: next('main') });
  };
  for (let round = 0; round < 60; round++) {
    burst();
    if (random.next() < 0.3) await new Promise((resolve) => setTimeout(resolve, 1));
    const moving = system.move({ name: 'ada' }, Math.floor(random.next() * 4));
    for (let more = Math.floor(random.next() * 6); more > 0; more--) {
      burst();
      await new Promise((resolve) => setImmediate(resolve));
    }
    addresses.push(await moving);
  }
  const total = [...sent.values()].reduce((sum, each) => sum + each, 0);
  await until('all is heard', async () => (await reportOf(system, 'ada')).notes.length >= total);
  const { notes } = await reportOf(system, 'ada');
  for (const [sender, count] of sent) {
    const heard = notes.filter((each) => each.startsWith(`${sender}:`));
    t.strictSame(
      heard,
      Array.from({ length: count }, (_, number) => `${sender}:${number}`),
      `seed ${seed}: ${sender}`,
    );
  }
  const counters = await system.counters();
  t.strictSame(
    [counters.moves, counters.messagesLost],
    [addresses.filter((each, at) => each !== addresses[at - 1]).length - 1, 0],
  );
  t.ok((counters.messagesForwarded ?? 0) > 0, `${counters.messagesForwarded} messages were forwarded`);
  t.strictSame(system.resolve('ada'), addresses.at(-1));
});

for (const kind of ['plain', 'snapshot', 'journal'] as const) {
  t.test(`an actor that persists as ${kind} goes on with its state, timer, subscription and questions`, async (t) => {
    const shards = await openShards(t, { threads: 2, folder: t.testdir(), snapshotEveryMs: 100_000 });
    const { system } = shards;
    await system.spawn(keeper('ada', kind, { shard: 1 }));
    await system.spawn(keeper('mute', 'mute', { shard: 2 }));
    await system.spawn(keeper('ben', kind, { shard: 2 }));
    await told(system, 'ada', 'before', [{ to: 'ben', told: { id: 'of ada' } }]);
    system.tell({ name: 'ada' }, { type: 'listen', data: 'kitchen' });
    system.tell({ name: 'ada' }, { type: 'ring-in', data: 500 });
    system.tell({ name: 'ada' }, { type: 'ask', data: { to: 'mute' } });
    system.tell({ name: 'ada' }, { type: 'ask', data: { to: 'ben' } });
    await keeperReport(system, 'ada');
    for (const shard of [2, 1, 0, 2]) {
      t.equal((await system.move({ name: 'ada' }, shard)).shard, shard);
      await told(system, 'ada', `on ${shard}`);
    }
    t.match(await keeperReport(system, 'ada'), { seen: ['before', 'on 2', 'on 1', 'on 0', 'on 2'] });
    const header = headerOf({ eventId: 3, topic: topicOf('kitchen') }, otherNode);
    t.equal(system.deliverEvent(header, new Uint8Array([0xc1])), 1, ACADEMY_CHAT_EVENTS.TYPING);
    await until('it rings', async () => (await keeperReport(system, 'ada')).rings === 1);
    await until('ben has answered', async () => (await keeperReport(system, 'ada')).answers.includes('ben'));
    await system.stop({ name: 'mute' });
    await until('mute is gone', async () =>
      (await keeperReport(system, 'ada')).answers.some((answer) => String(answer).startsWith('ERR_')),
    );
    t.strictSame((await keeperReport(system, 'ben')).seen, ['of ada'], 'nothing is said twice');
    if (kind === 'plain') return;
    await system.move({ name: 'ada' }, 1);
    await shards.kill(1);
    const { seen } = await keeperReport(system, 'ada');
    t.strictSame(seen, ['before', 'on 2', 'on 1', 'on 0', 'on 2'], 'what is kept of it is found where it lives');
  });
}

t.test('an actor that owes an answer gives it from where it is, and what waits for it waits there', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  await system.spawn(probeSpec('ben', { shard: 2 }));
  const owed = system.ask({ name: 'ada' }, { type: 'keep' }, { deadlineMs: 60_000 });
  owed.catch(() => {});
  system.tell({ name: 'ada' }, { type: 'work', data: 20 });
  const waiting = Promise.all([0, 1, 2].map(() => reportOf(system, 'ada')));
  await system.move({ name: 'ada' }, 2);
  await waiting;
  await system.stop({ name: 'ada' });
  await t.rejects(owed, { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
});

t.test('those who watch an actor or are linked to it do so after the move, and it watches as before', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  const ada = await system.spawn(probeSpec('ada', { shard: 1 }));
  for (const name of ['ben', 'cy']) await system.spawn(probeSpec(name, { shard: 2, exportName: 'trappingProbe' }));
  system.tell({ name: 'ben' }, { type: 'emit', data: { type: 'monitor', target: ada, tag: 'watched' } });
  system.tell({ name: 'ada' }, { type: 'emit', data: { type: 'link', target: { name: 'cy' } } });
  system.tell({ name: 'ada' }, { type: 'emit', data: { type: 'monitor', target: { name: 'ben' }, tag: 'seen' } });
  for (const name of ['ben', 'ada', 'cy']) await reportOf(system, name);
  await system.move(ada, 2);
  await system.move(ada, 0);
  await system.move({ name: 'ben' }, 1);
  t.strictSame((await reportOf(system, 'ben')).notes, []);
  await system.stop({ name: 'ben' });
  await until('ada hears of it', async () => (await reportOf(system, 'ada')).notes.length === 1);
  t.strictSame((await reportOf(system, 'ada')).notes, ['down ben stopped (seen)']);
  system.tell(ada, { type: 'crash', data: 'as a test' });
  await until('cy hears of it', async () => (await reportOf(system, 'cy')).notes.length === 1);
  t.match((await reportOf(system, 'cy')).notes, [/^exit an address crashed as a test/]);
});

t.test('a supervised actor stays the child of its supervisor', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  const children = ['ada', 'ben'].map((name) => probeSpec(name, { shard: 1 }));
  await system.spawnSupervisor('top', defineSupervisor({ strategy: 'one-for-all', backoffMs: 1, children }));
  await system.move({ name: 'ada' }, 2);
  system.tell({ name: 'ada' }, { type: 'crash', data: 'as a test' });
  await until('both are started again', async () => {
    const infos = await system.infos();
    return infos.filter(({ restarts, supervisor }) => restarts === 1 && supervisor === 'top').length === 2;
  });
  t.equal(system.resolve('ada')?.shard, 2);
  await system.move({ name: 'ada' }, 1);
  t.equal((await system.infos()).find(({ name }) => name === 'ada')?.restarts, 1, 'its restarts go along');
  await system.stop({ name: 'top' });
  t.equal(system.size, 0);
});

t.test('what cannot be moved stays where it was, and says why', async (t) => {
  const { system } = await openShards(t, { threads: 2 });
  await system.spawn(keeper('holder', 'holder', { shard: 1 }));
  system.spawnLocal('local', holder, { call: () => 1 });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  await system.spawn(keeper('minded', 'minded', { shard: 1 }));
  const refusals: [reference: ActorReference, shard: number, code: string][] = [
    [{ name: 'holder' }, 2, 'ERR_ACADEMY_SNAPSHOT_INVALID'],
    [{ name: 'minded' }, 2, 'ERR_ACADEMY_SNAPSHOT_INVALID'],
    [{ name: 'local' }, 1, 'ERR_ACADEMY_NOT_MOVABLE'],
    [{ shard: 1, slot: 2 ** 28, generation: 1 }, 2, 'ERR_ACADEMY_NOT_MOVABLE'],
    [{ name: 'ada' }, 7, 'ERR_ACADEMY_BAD_ARGUMENT'],
    [{ name: 'nobody' }, 2, 'ERR_ACADEMY_ACTOR_STOPPED'],
  ];
  for (const [reference, shard, code] of refusals) await t.rejects(system.move(reference, shard), { code });
  t.equal(await system.ask({ name: 'holder' }, { type: 'count' }, { deadlineMs: 5_000 }), 1, 'it goes on');
  const [one, other] = [system.move({ name: 'ada' }, 2), system.move({ name: 'ada' }, 0)];
  await t.rejects(other, { code: 'ERR_ACADEMY_NOT_MOVABLE', remedy: /wait/ });
  await one;
  const stopped = system.move({ name: 'ada' }, 1);
  const end = system.stop({ name: 'ada' });
  await t.rejects(stopped, { code: 'ERR_ACADEMY_NOT_MOVABLE' });
  await end;
  t.equal(system.resolve('ada'), undefined);
});

t.test('an actor whose journal cannot be written can be moved when it has gone back to what is on disk', async (t) => {
  const shards = await openShards(t, { threads: 2, snapshotEveryMs: 100_000 });
  const { system, store } = shards;
  await system.spawn(keeper('journal', 'journal', { shard: 1 }));
  await told(system, 'journal', 'before');
  const { write } = store;
  store.write = () => Promise.reject(new Error('the disk is full'));
  system.tell({ name: 'journal' }, { type: 'tell', data: { id: 'unwritten' } });
  await until('it is known', () => shards.mesh.logged.some(({ text }) => text.includes('the disk is full')));
  store.write = write;
  t.strictSame((await keeperReport(system, 'journal')).seen, ['before']);
  await system.move({ name: 'journal' }, 2);
  await told(system, 'journal', 'after');
  await shards.kill(2);
  t.strictSame((await keeperReport(system, 'journal')).seen, ['before', 'after']);
});

t.test('while a thread that hangs holds up a move, what waits is bounded, and senders are told', async (t) => {
  const { system } = await openShards(t, { threads: 3, hangMs: 60_000 });
  await system.spawn(probeSpec('ada', { shard: 1 }));
  await system.spawn(probeSpec('busy', { shard: 3 }));
  const lock = new Int32Array(new SharedArrayBuffer(4));
  system.tell({ name: 'busy' }, { type: 'hang', data: lock });
  await until('it hangs', () => Atomics.load(lock, 0) === 1);
  const moving = system.move({ name: 'ada' }, 2);
  await until('its place is known', () => (system.resolve('ada') as ActorAddress).shard === 2);
  const total = 2 * limits.mailboxMessagesMax;
  for (let number = 0; number < total; number++) system.tell({ name: 'ada' }, { type: 'note', data: `${number}` });
  await until('the others are refused', async () => {
    return (await system.counters())['deadLetters.mailbox-full'] === total - limits.mailboxMessagesMax;
  });
  Atomics.store(lock, 0, 0);
  Atomics.notify(lock, 0);
  await moving;
  t.strictSame(
    (await reportOf(system, 'ada')).notes,
    Array.from({ length: limits.mailboxMessagesMax }, (_, number) => `${number}`),
  );
});

t.test(
  'threads die while actors move: each comes back on one shard, and a journal has all that was receipted',
  async (t) => {
    const shards = await openShards(t, {
      threads: 3,
      folder: t.testdir(),
      snapshotEveryMs: 20,
      shardRestart: { intensity: 1_000, backoffMaxMs: 1 },
    });
    const { system, ups } = shards;
    const seed = 5;
    const random = seededRandom(seed);
    const names = ['journal', 'snapshot', 'plain'];
    for (const name of names) await system.spawn(keeper(name, name, { shard: 1 }));
    const receipted: string[] = [];
    const said: Promise<void>[] = [];
    for (let round = 0; round < 12; round++) {
      const moves = names.map((name) => system.move({ name }, 1 + Math.floor(random.next() * 3)).catch(() => null));
      for (const name of names) {
        const id = `${name} ${round}`;
        said.push(
          told(system, name, id).then(
            () => void receipted.push(id),
            () => {},
          ),
        );
      }
      for (let turn = Math.floor(random.next() * 8); turn > 0; turn--) await new Promise((go) => setImmediate(go));
      const before = ups.length;
      system.endThread(1 + Math.floor(random.next() * 3), 'killed by the test');
      await until('the shard is back', () => ups.length > before);
      await Promise.all(moves);
    }
    await Promise.all(said);
    const { seen } = await keeperReport(system, 'journal');
    for (const id of receipted.filter((each) => each.startsWith('journal')))
      t.ok(seen.includes(id), `seed ${seed}: ${id}`);
    const infos = await system.infos();
    for (const name of names) {
      t.equal(infos.filter((info) => info.name === name).length, 1, `${name} lives once`);
      const heard = (await keeperReport(system, name)).seen;
      t.equal(new Set(heard).size, heard.length, `${name} has heard nothing twice`);
    }
  },
);
