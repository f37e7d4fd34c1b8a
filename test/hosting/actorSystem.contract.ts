/** What every actor system promises, wherever its actors live; run in the main thread and on worker threads. */
import t, { type Test } from 'tap';
import type { ActorEffect, ActorSpec } from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { headerOf } from '../../testing/RecordingMesh.js';
import { until } from '../../testing/realTime.js';
import { eventExamples } from '../unit/protocol/eventExamples.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';
import { StreamFeed } from './StreamFeed.js';

const typing = {
  participantId: 'ada',
  username: 'Ada',
  roomId: 'kitchen',
  academyId: 'test',
  expiresInMs: 5_000,
  timestamp: 1_700_000_000_000,
};

export function actorSystemContract(title: string, threads: number): void {
  t.test(title, (t) => contract(t, threads));
}

async function contract(t: Test, threads: number): Promise<void> {
  const { system, mesh } = await openShards(t, { threads });
  const { nodeId } = mesh;
  mesh.commands.set('/a/b', (payload, deadlineMs) => ({ payload, deadlineMs }));
  mesh.onRemoteAsk = (node, name, { type }) => `${node.slice(0, 2)} ${name} ${type}`;
  // Threads take a while to start, so the tests share one system; each leaves it empty and counts from zero.
  let countersBefore: Record<string, number> = {};
  const counted = async (): Promise<Record<string, number>> => {
    const counters = await system.counters();
    const since = Object.entries(counters).map(([name, count]) => [name, count - (countersBefore[name] ?? 0)]);
    return Object.fromEntries(since);
  };
  const promise = (name: string, body: (t: Test) => Promise<void>): void => {
    t.test(name, async (t) => {
      countersBefore = await system.counters();
      for (const record of [mesh.logged, mesh.told, mesh.published]) record.length = 0;
      t.teardown(async () => {
        system.removeAllListeners();
        for (const { name, status } of await system.infos()) if (status !== 'failed') await system.stop({ name });
      });
      await body(t);
    });
  };
  const note = (name: string, data: string): void => system.tell({ name }, { type: 'note', data });
  const order = (name: string, data: ActorEffect | readonly ActorEffect[]): void =>
    system.tell({ name }, { type: 'emit', data });
  /** Places a pair so that their messages cross threads where there are threads. */
  const spawnPair = async (rest: Partial<ActorSpec> = {}): Promise<void> => {
    await system.spawn(probeSpec('ada', { ...rest, shard: threads === 0 ? 0 : 1 }));
    await system.spawn(probeSpec('ben', { ...rest, shard: threads < 2 ? 0 : 2 }));
  };

  promise('an actor answers what it is asked, in the order of what it was told', async (t) => {
    const address = await system.spawn(probeSpec('ada', { options: { colour: 'blue' } }));
    for (let index = 0; index < 300; index++) note('ada', String(index));
    const report = await reportOf(system, 'ada');
    t.strictSame(
      report.notes,
      Array.from({ length: 300 }, (_, index) => String(index)),
    );
    t.strictSame(report.self, address, 'the machine knows its address');
    t.strictSame(report.options, { colour: 'blue' });
    t.strictSame(system.resolve('ada'), address);
  });

  promise('actors reach each other by name and by address', async (t) => {
    await spawnPair();
    const ada = system.resolve('ada');
    if (!ada) throw new Error('ada has no address');
    order('ben', [
      { type: 'tell', to: { name: 'ada' }, message: { type: 'note', data: 'by name' } },
      { type: 'tell', to: ada, message: { type: 'note', data: 'by address' } },
      { type: 'tell', to: { name: 'ada', node: nodeId }, message: { type: 'note', data: 'by node and name' } },
      { type: 'tellMany', to: [ada, { name: 'ada' }, { name: 'ben' }], message: { type: 'note', data: 'to many' } },
    ]);
    await until('ada has all', async () => (await reportOf(system, 'ada')).notes.length === 5);
    t.strictSame((await reportOf(system, 'ada')).notes, [
      'by name',
      'by address',
      'by node and name',
      'to many',
      'to many',
    ]);
    t.strictSame((await reportOf(system, 'ben')).notes, ['to many']);
  });

  promise('a question of an actor settles: by an answer, a deadline, and the death of the asked', async (t) => {
    await spawnPair();
    const ask = (tag: string, to: string, type: string, deadlineMs = 10_000): ActorEffect => ({
      type: 'ask',
      to: { name: to },
      message: { type, data: type === 'crash' ? 'on purpose' : null },
      deadlineMs,
      settles: 'settled',
      tag,
    });
    order('ada', [
      ask('nobody', 'nobody', 'report'),
      ask('kept', 'ben', 'keep'),
      ask('crashed', 'ben', 'crash'),
      {
        type: 'ask',
        to: { name: 'x', node: otherNode },
        message: { type: 'q' },
        deadlineMs: 900,
        settles: 'settled',
        tag: 'far',
      },
      { type: 'execute', endpoint: '/a/b', payload: 1, deadlineMs: 900, settles: 'settled', tag: 'command' },
      { type: 'execute', endpoint: 'fails', payload: 1, deadlineMs: 900, settles: 'settled', tag: 'failing' },
    ]);
    await until('all have settled', async () => (await reportOf(system, 'ada')).notes.length === 6);
    t.strictSame(
      new Set((await reportOf(system, 'ada')).notes),
      new Set([
        'nobody: ERR_ACADEMY_ACTOR_STOPPED',
        'kept: ERR_ACADEMY_ASK_FAILED',
        'crashed: ERR_ACADEMY_ASK_FAILED',
        'far: "22 x q"',
        'command: {"payload":1,"deadlineMs":900}',
        'failing: ERR_ACADEMY_COMMAND_FAILED',
      ]),
    );
    order('ada', ask('late', 'ben', 'keep', 20));
    await until('the deadline has passed', async () => (await reportOf(system, 'ada')).notes.length === 7);
    order('ada', ask('stopped', 'ben', 'keep'));
    order('ada', { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: 'asked' } });
    await until('ben was asked', async () => (await reportOf(system, 'ben')).notes.length === 1);
    await system.stop({ name: 'ben' });
    await until('it has settled', async () => (await reportOf(system, 'ada')).notes.length === 8);
    t.strictSame((await reportOf(system, 'ada')).notes.slice(6), [
      'late: ERR_ACADEMY_DEADLINE',
      'stopped: ERR_ACADEMY_ACTOR_STOPPED',
    ]);
  });

  promise('a question from outside settles by a coded error', async (t) => {
    await system.spawn(probeSpec('ada'));
    const ask = (name: string, type: string, deadlineMs = 10_000) =>
      system.ask({ name }, { type, data: 'on purpose' }, { deadlineMs });
    await t.rejects(ask('nobody', 'report'), { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: /"nobody"/ });
    await t.rejects(ask('ada', 'keep', 20), { code: 'ERR_ACADEMY_DEADLINE' });
    await t.rejects(ask('ada', 'crash'), { code: 'ERR_ACADEMY_ASK_FAILED' });
    await t.rejects(ask('ada', 'report', 0), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    await t.rejects(ask('ada', 'report', Number.NaN), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  });

  promise('a crashed actor comes back at its address with the messages that waited behind the crash', async (t) => {
    const restarted: unknown[] = [];
    system.on('actor-restarted', (detail) => restarted.push(detail));
    const address = await system.spawn(probeSpec('ada'));
    note('ada', 'forgotten with the crash');
    system.tell({ name: 'ada' }, { type: 'crash', data: 'on purpose' });
    for (let index = 0; index < 100; index++) note('ada', String(index));
    const report = await reportOf(system, 'ada');
    t.strictSame(
      report.notes,
      Array.from({ length: 100 }, (_, index) => String(index)),
    );
    t.equal(report.restarts, 1);
    t.strictSame(report.self, address);
    await until('the node is told', () => restarted.length === 1);
    t.match(restarted[0], { name: 'ada', restarts: 1, error: { message: 'on purpose' } });
    t.match((await system.deadLetters()).at(-1), { reason: 'crashed', messageType: 'crash', to: address });
    t.match(await counted(), { restarts: 1, 'deadLetters.crashed': 1, failures: 0 });
  });

  promise('a machine also comes back from a crash that no message caused, and from its own complaint', async (t) => {
    await system.spawn(probeSpec('ada'));
    const seeds = new Set([(await reportOf(system, 'ada')).seed]);
    const restarts = async (): Promise<number> => (await reportOf(system, 'ada')).restarts;
    system.tell({ name: 'ada' }, { type: 'crash-later', data: 'in a timer' });
    await until('it crashed in a timer', async () => (await restarts()) === 1);
    seeds.add((await reportOf(system, 'ada')).seed);
    order('ada', { type: 'fail', error: { code: 'ERR_ACADEMY_STORE', message: 'no store' } });
    await until('it complained', async () => (await restarts()) === 2);
    order('ada', {
      type: 'publish',
      event: 'academy.chat.typing',
      data: { roomId: 1 },
    } as unknown as ActorEffect);
    await until('it published nonsense', async () => (await restarts()) === 3);
    order('ada', { type: 'tell' } as unknown as ActorEffect);
    await until('it emitted half an effect', async () => (await restarts()) === 4);
    const info = (await system.infos()).find(({ name }) => name === 'ada');
    t.match(info, { name: 'ada', machine: 'probe', state: 'running', status: 'running', restarts: 4 });
    t.equal(seeds.size, 2, 'each life has a seed of its own');
  });

  promise('100 crashes in a row stop one child, and its siblings lose nothing', async (t) => {
    const failed: unknown[] = [];
    system.on('actor-failed', (detail) => failed.push(detail));
    const shard = threads === 0 ? 0 : 1;
    await system.spawn(probeSpec('ada', { shard }));
    await system.spawn(probeSpec('ben', { shard }));
    for (let index = 0; index < 100; index++) {
      system.tell({ name: 'ada' }, { type: 'crash', data: `crash ${index}` });
      note('ben', String(index));
    }
    await until('ada is given up', () => failed.length === 1);
    t.match(failed[0], { name: 'ada', error: { message: 'crash 5' } });
    t.equal((await reportOf(system, 'ben')).notes.length, 100);
    t.match(await counted(), {
      actors: 1,
      failures: 1,
      restarts: 5,
      'deadLetters.crashed': 6,
      'deadLetters.stopped': 94,
      messagesWaiting: 0,
    });
    t.match(
      (await system.infos()).find(({ name }) => name === 'ada'),
      { status: 'failed', lastError: { message: 'crash 5' } },
    );
    t.equal(system.resolve('ada'), undefined);
    await system.spawn(probeSpec('ada'));
    t.strictSame((await reportOf(system, 'ada')).notes, [], 'its name is free');
  });

  promise('what a crashed machine had invoked is stopped', async (t) => {
    const ticks = new Int32Array(new SharedArrayBuffer(4));
    await system.spawn(probeSpec('ada', { options: { ticks } }));
    system.tell({ name: 'ada' }, { type: 'invoke', data: null });
    await until('it ticks', () => Atomics.load(ticks, 0) > 0);
    system.tell({ name: 'ada' }, { type: 'crash', data: 'on purpose' });
    t.equal((await reportOf(system, 'ada')).restarts, 1);
    const before = Atomics.load(ticks, 0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    t.equal(Atomics.load(ticks, 0), before);
  });

  promise('a final state ends a transient actor, and starts a permanent one again', async (t) => {
    const ada = await system.spawn(probeSpec('ada'));
    await system.spawn(probeSpec('ben', { exportName: 'permanentProbe' }));
    system.tell({ name: 'ada' }, { type: 'finish', data: null });
    system.tell({ name: 'ben' }, { type: 'finish', data: null });
    await until('ada has ended', () => system.resolve('ada') === undefined);
    t.equal((await reportOf(system, 'ben')).restarts, 1);
    await t.rejects(system.ask(ada, { type: 'report' }, { deadlineMs: 1_000 }), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  });

  promise('a temporary actor is not started again', async (t) => {
    await system.spawn(probeSpec('ada', { exportName: 'temporaryProbe' }));
    system.tell({ name: 'ada' }, { type: 'crash', data: 'on purpose' });
    await until('it is given up', () => system.resolve('ada') === undefined);
    t.match(await counted(), { restarts: 0, failures: 1, actors: 0 });
  });

  promise('a stopped actor first handles what waits, says a last word, and its name is free', async (t) => {
    const lastWord: ActorEffect = { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: 'farewell' } };
    await system.spawn(probeSpec('ben'));
    await system.spawn(probeSpec('ada', { options: { lastWord } }));
    for (let index = 0; index < 200; index++) {
      order('ada', { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: String(index) } });
    }
    await system.stop({ name: 'ada' });
    t.equal(system.resolve('ada'), undefined);
    await until('ben has heard all', async () => (await reportOf(system, 'ben')).notes.length === 201);
    t.equal((await reportOf(system, 'ben')).notes[200], 'farewell');
    await system.stop({ name: 'ada' });
    await t.rejects(system.stop({ name: 'ada', node: otherNode }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  });

  promise('a stale address goes to dead letters, never to a stranger', async (t) => {
    const shard = threads === 0 ? 0 : 1;
    const old = await system.spawn(probeSpec('ada', { shard }));
    await system.stop(old);
    const young = await system.spawn(probeSpec('ben', { shard }));
    t.equal(young.slot, old.slot, 'the slot is used again');
    t.not(young.generation, old.generation);
    system.tell(old, { type: 'note', data: 'for ada only' });
    system.tell({ ...old, slot: 999 }, { type: 'note', data: 'for nobody' });
    system.tell({ ...old, shard: 7 }, { type: 'note', data: 'for no shard' });
    t.strictSame((await reportOf(system, 'ben')).notes, []);
    await until('they are counted', async () => (await counted())['deadLetters.stale-address'] === 3);
    t.equal((await system.deadLetters()).filter(({ reason }) => reason === 'stale-address').length, 3);
  });

  promise('a full mailbox tells the sender', async (t) => {
    await spawnPair();
    const shard = threads === 0 ? 0 : 1;
    await system.spawn(probeSpec('narrow', { exportName: 'narrowProbe', shard }));
    const letters: string[] = [];
    system.on('dead-letter', (letter) => letters.push(`${letter.reason} ${letter.messageType}`));
    const answers = Promise.allSettled(Array.from({ length: 6 }, () => reportOf(system, 'narrow')));
    const codes = (await answers).map((each) => (each.status === 'rejected' ? each.reason.code : 'answered'));
    t.strictSame(codes, ['answered', 'answered', 'answered', ...new Array(3).fill('ERR_ACADEMY_MAILBOX_FULL')]);
    await until('the node is told', () => letters.length === 3);
    t.strictSame(letters, new Array(3).fill('mailbox-full report'));

    const tell: ActorEffect = { type: 'tell', to: { name: 'narrow' }, message: { type: 'note', data: 'x' } };
    order('ben', new Array(5).fill(tell));
    await until('ben knows', async () => (await reportOf(system, 'ben')).notes.length === 2);
    t.strictSame((await reportOf(system, 'ben')).notes, ['undelivered note', 'undelivered note']);
  });

  promise('a mailbox may drop the oldest instead', async (t) => {
    await system.spawn(probeSpec('ada', { exportName: 'forgetfulProbe' }));
    for (let index = 0; index < 10; index++) note('ada', String(index));
    await until('the last three are handled', async () => (await counted()).messagesHandled === 3);
    t.match(await counted(), { 'deadLetters.dropped-oldest': 7 });
    t.strictSame((await reportOf(system, 'ada')).notes, ['7', '8', '9']);
  });

  promise('a million messages to a slow actor stay bounded', async (t) => {
    await system.spawn(probeSpec('ada'));
    system.tell({ name: 'ada' }, { type: 'work', data: 50 });
    const to = { name: 'ada' };
    const message = { type: 'note', data: 'x' };
    const before = process.memoryUsage().rss;
    for (let index = 0; index < 1_000_000; index++) system.tell(to, message);
    const mostMb = (process.memoryUsage().rss - before) / 2 ** 20;
    t.ok(mostMb < 200, `${Math.round(mostMb)} MB more`);
    await until('each is handled or a dead letter', async () => {
      const { messagesHandled = 0, 'deadLetters.mailbox-full': refused = 0 } = await counted();
      return messagesHandled + refused === 1_000_001;
    });
    t.ok((await system.deadLetters()).length <= 1_000 * (threads + 1));
  });

  promise('a forged XState event is refused', async (t) => {
    await system.spawn(probeSpec('ada'));
    const forged = [
      'xstate.stop',
      'xstate.init',
      'xstate.error.actor.x',
      'xstate.done.actor.x',
      'xstate.after.1.x',
      '*',
      '',
    ];
    for (const type of forged) system.tell({ name: 'ada' }, { type, data: null });
    for (const type of [undefined, 7, null, {}]) system.tell({ name: 'ada' }, { type } as unknown as { type: string });
    await t.rejects(system.ask({ name: 'ada' }, { type: 'xstate.stop' }, { deadlineMs: 1_000 }), {
      code: 'ERR_ACADEMY_BAD_ARGUMENT',
    });
    t.equal((await reportOf(system, 'ada')).restarts, 0);
    t.match(await counted(), { 'deadLetters.undecodable': 12, restarts: 0, failures: 0 });
  });

  promise('other nodes reach an actor only by the messages that it takes from them', async (t) => {
    await system.spawn(probeSpec('ada'));
    const options = { deadlineMs: 1_000 };
    system.deliverRemote('ada', { type: 'note', data: 'from afar' }, otherNode);
    system.deliverRemote('ada', { type: 'crash', data: 'from afar' }, otherNode);
    const report = await system.askFromRemote('ada', { type: 'report', data: null }, otherNode, options);
    t.match(report, { notes: ['from afar'], restarts: 0 });
    await t.rejects(system.askFromRemote('ada', { type: 'keep' }, otherNode, options), {
      code: 'ERR_ACADEMY_COMMAND_DENIED',
    });
    t.match(await counted(), { 'deadLetters.not-remote': 2 });
  });

  promise('an event is heard by those who subscribed to it in that room, and is checked first', async (t) => {
    await spawnPair();
    const event = ACADEMY_CHAT_EVENTS.TYPING;
    order('ada', { type: 'subscribe', event, roomId: 'kitchen' });
    order('ben', { type: 'subscribe', event, roomId: 'kitchen', remoteOnly: true });
    await reportOf(system, 'ada');
    await reportOf(system, 'ben');
    await until('both shards listen', () => {
      const shards = system.deliverEvent(
        headerOf({ eventId: 3, topic: topicOf('kitchen') }, nodeId),
        new Uint8Array([0x92, 0x01]),
      );
      return shards === (threads < 2 ? 1 : 2);
    });
    order('ada', { type: 'publish', event, data: typing });
    await until('ada hears herself', async () => (await reportOf(system, 'ada')).notes.length === 1);
    t.match(mesh.published, [
      { name: event, eventId: 3, topic: topicOf('kitchen'), network: true, priority: 'normal' },
    ]);

    const codec = new MessageCodec();
    const send = (data: unknown, topic = topicOf('kitchen')): number => {
      const reused = Buffer.from(codec.encode(data));
      const shards = system.deliverEvent(headerOf({ eventId: 3, topic }, otherNode), reused);
      reused.fill(0xc1);
      return shards;
    };
    send({ ...typing, username: 'Cy' });
    send({ ...typing, expiresInMs: 'long' });
    send({ ...typing, roomId: 'another room of this topic' });
    t.equal(send(typing, topicOf('cellar')), 0);
    await until('ben hears the other node', async () => (await reportOf(system, 'ben')).notes.length === 1);
    await until('ada too', async () => (await reportOf(system, 'ada')).notes.length === 2);
    t.match((await reportOf(system, 'ben')).notes, [/^academy\.chat\.typing .*"Cy"/]);
    const { dropsUndecodable = 0, dropsInvalidPayload, eventsDelivered } = await counted();
    t.ok(dropsUndecodable >= 1);
    t.equal(dropsInvalidPayload, threads < 2 ? 1 : 2, 'once for each shard that decoded it');
    t.equal(eventsDelivered, 3);

    order('ada', { type: 'unsubscribe', event, roomId: 'kitchen' });
    await system.stop({ name: 'ben' });
    await until('nobody listens', () => send(typing) === 0);
  });

  promise(
    'events of a stream are decoded where their listeners live, in order, whenever those begin to listen',
    async (t) => {
      await spawnPair();
      const event = 'academy.training.signal';
      const signal = eventExamples[event] as TrainingSignal;
      const inRoom = (roomId: string, number: number): TrainingSignal => ({
        ...signal,
        roomId,
        messageId: `m-${number}`,
      });
      const feed = new StreamFeed(system);
      t.equal(feed.say(inRoom('kitchen', 0)), 0, 'nobody listens yet');
      order('ada', { type: 'subscribe', event, roomId: 'kitchen' });
      await until('ada listens', () => feed.isWanted('kitchen'));
      for (let number = 1; number <= 50; number++) feed.say(inRoom(number % 5 === 0 ? 'cellar' : 'kitchen', number));
      order('ben', { type: 'subscribe', event, roomId: 'kitchen' });
      await reportOf(system, 'ben');
      const shards = threads < 2 ? 1 : 2;
      await until('both shards listen', () => feed.say(inRoom('kitchen', 51)) === shards);
      feed.feed(Buffer.from([0xdc, 0, 3, 0xcd, 0, 1]), 'kitchen');
      feed.say(inRoom('kitchen', 52));
      const heard = async (name: string): Promise<string[]> =>
        (await reportOf(system, name)).notes.map((note) => /"messageId":"(m-\d+)"/.exec(note)?.[1] ?? note);
      await until('both have heard the last', async () => {
        const last = [(await heard('ada')).at(-1), (await heard('ben')).at(-1)];
        return last.every((messageId) => messageId === 'm-52');
      });
      const unlike = (messageId: string): boolean => messageId !== 'm-51' && messageId !== 'm-52';
      const expected = Array.from({ length: 50 }, (_, index) => index + 1).filter((number) => number % 5 !== 0);
      t.strictSame(
        (await heard('ada')).filter(unlike),
        expected.map((number) => `m-${number}`),
      );
      t.match((await reportOf(system, 'ben')).notes.at(-1), JSON.stringify(inRoom('kitchen', 52)).slice(1, 60));
      t.equal((await counted()).dropsUndecodable, shards, 'what is no event is counted where it is looked at');
      feed.stream.end();
    },
  );

  promise('a subscription holds over a crash when the machine renews it, and ends when it does not', async (t) => {
    const event = ACADEMY_CHAT_EVENTS.TYPING;
    const subscribe: ActorEffect = { type: 'subscribe', event, roomId: 'kitchen' };
    await system.spawn(probeSpec('ada', { options: { onStart: [subscribe] } }));
    await system.spawn(probeSpec('ben'));
    order('ben', subscribe);
    await reportOf(system, 'ben');
    for (const name of ['ada', 'ben']) system.tell({ name }, { type: 'crash', data: 'on purpose' });
    for (const name of ['ada', 'ben']) t.equal((await reportOf(system, name)).restarts, 1);
    system.deliverEvent(
      headerOf({ eventId: 3, topic: topicOf('kitchen') }, otherNode),
      new MessageCodec().encode(typing),
    );
    await until('ada hears it', async () => (await reportOf(system, 'ada')).notes.length === 1);
    t.strictSame((await reportOf(system, 'ben')).notes, []);
  });

  promise('an actor spawns and stops others, talks to other nodes, and logs', async (t) => {
    await system.spawn(probeSpec('ada'));
    order('ada', [
      { type: 'spawn', spec: probeSpec('ben') },
      { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: 'while it is being started' } },
      { type: 'tell', to: { name: 'far', node: otherNode }, message: { type: 'hello' } },
      { type: 'log', level: 'info', text: 'here I am' },
      { type: 'spawn', spec: probeSpec('ada') },
    ]);
    await until('ben lives', () => system.resolve('ben') !== undefined);
    await until('ben has it', async () => (await reportOf(system, 'ben')).notes[0] === 'while it is being started');
    t.match(mesh.told, [{ node: otherNode, name: 'far', message: { type: 'hello' } }]);
    t.ok(mesh.logged.some(({ actor, text }) => actor === 'ada' && text === 'here I am'));
    await until('the name is refused', () =>
      mesh.logged.some(({ text }) => /cannot spawn "ada": .*belongs/.test(text)),
    );
    order('ada', { type: 'stop', target: { name: 'ben' } });
    await until('ben has ended', () => system.resolve('ben') === undefined);
  });

  promise('a mesh that throws is logged and harms no actor', async (t) => {
    await system.spawn(probeSpec('ada'));
    const { publish, tellRemote } = mesh;
    t.teardown(() => Object.assign(mesh, { publish, tellRemote }));
    mesh.publish = mesh.tellRemote = () => {
      throw new Error('no socket');
    };
    order('ada', [
      { type: 'publish', event: ACADEMY_CHAT_EVENTS.TYPING, data: typing },
      { type: 'tell', to: { name: 'far', node: otherNode }, message: { type: 'hello' } },
    ]);
    const said = (): string[] => mesh.logged.filter(({ actor }) => actor === 'mesh').map(({ text }) => text);
    await until('both are logged', () => said().length === 2);
    t.strictSame(said(), ['no socket', 'no socket']);
    t.equal((await reportOf(system, 'ada')).restarts, 0);
  });

  promise('an actor that cannot be started is a coded error that says what, where and what to do', async (t) => {
    const here = (file: string): string => new URL(`./actors/${file}`, import.meta.url).href;
    const spawn = (rest: Partial<ActorSpec>): Promise<unknown> => system.spawn(probeSpec('ada', rest));
    const code = 'ERR_ACADEMY_ACTOR_MODULE';
    await t.rejects(spawn({ exportName: 'prob' }), {
      code,
      message: /probe\.js.*no export "prob"/,
      remedy: /probe, /,
    });
    await t.rejects(spawn({ exportName: 'plainMachine' }), {
      code,
      message: /"plainMachine".*not an actor/,
      remedy: /defineActor/,
    });
    await t.rejects(spawn({ module: here('missing.js') }), {
      code,
      message: /missing\.js/,
      remedy: /check the path/,
    });
    await t.rejects(spawn({ module: './probe.js' }), { code, message: /relative/, remedy: /import\.meta\.url/ });
    await t.rejects(spawn({ module: 'data:text/javascript,throw new Error("the module is broken")' }), {
      code,
      message: /the module is broken/,
    });
    await t.rejects(spawn({ module: here('crashesOnStart.js'), exportName: 'crashesOnStart' }), {
      code,
      message: /no such table/,
    });
    await t.rejects(spawn({ shard: 9 }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    await t.rejects(spawn({ name: '' }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    await t.rejects(spawn({ mailbox: { capacity: 0 } }), {
      code: 'ERR_ACADEMY_BAD_ARGUMENT',
      message: /mailbox\.capacity/,
    });
    await spawn({});
    await t.rejects(spawn({}), { code: 'ERR_ACADEMY_NAME_TAKEN', message: /"ada"/ });
    t.match(await counted(), { actors: 1, restarts: 0, failures: 0 });
  });

  promise('a service lives in the main thread with its objects, and all reach it by name', async (t) => {
    const { narrowProbe } = await import('./actors/probe.js');
    const { crashesOnStart } = await import('./actors/crashesOnStart.js');
    const store = { open: (): string => 'by reference' };
    const address = system.spawnLocal('store', narrowProbe, store);
    t.equal(address.shard, 0);
    t.equal((await reportOf(system, 'store')).options, store);
    await system.spawn(probeSpec('ada'));
    order('ada', { type: 'tell', to: { name: 'store' }, message: { type: 'note', data: 'stored' } });
    await until('it is told', async () => (await reportOf(system, 'store')).notes.length === 1);
    t.throws(() => system.spawnLocal('store', narrowProbe), { code: 'ERR_ACADEMY_NAME_TAKEN' });
    t.throws(() => system.spawnLocal('broken', crashesOnStart), { code: 'ERR_ACADEMY_ACTOR_MODULE' });
    t.equal(system.resolve('broken'), undefined);
  });

  t.test('shutdown stops the latest first, after what waits for them, and leaves no thread', async (t) => {
    const countHandles = (): number =>
      process.getActiveResourcesInfo().filter((kind) => /MessagePort|Worker/.test(kind)).length;
    const handlesBefore = countHandles();
    const { system, mesh } = await openShards(t, { threads });
    const { probe } = await import('./actors/probe.js');
    const heard: string[] = [];
    system.spawnLocal('witness', probe);
    const lastWord = (name: string): ActorEffect => ({ type: 'log', level: 'info', text: `${name} goes` });
    for (const name of ['ada', 'ben', 'cy']) {
      await system.spawn(probeSpec(name, { options: { lastWord: lastWord(name) } }));
      for (let index = 0; index < 100; index++) {
        system.tell(
          { name },
          {
            type: 'emit',
            data: { type: 'tell', to: { name: 'witness' }, message: { type: 'note', data: 'x' } },
          },
        );
      }
    }
    const pending = system.ask({ name: 'witness' }, { type: 'keep' }, { deadlineMs: 60_000 });
    pending.catch((error) => heard.push(error.code));
    await system.shutdown({ limitMs: 5_000 });
    t.strictSame(
      mesh.logged.filter(({ level }) => level === 'info').map(({ text }) => text),
      ['cy goes', 'ben goes', 'ada goes'],
    );
    t.match(await system.counters(), { actors: 0, messagesHandled: 601 });
    await until('the question has settled', () => heard.length === 1);
    t.strictSame(heard, ['ERR_ACADEMY_ACTOR_STOPPED']);
    await system.shutdown({ limitMs: 5_000 });
    system.tell({ name: 'ada' }, { type: 'note', data: 'too late' });
    await t.rejects(system.spawn(probeSpec('late')), { code: 'ERR_ACADEMY_NODE_STOPPED' });
    await t.rejects(reportOf(system, 'ada'), { code: 'ERR_ACADEMY_NODE_STOPPED' });
    // A port is gone a moment after it was closed.
    await until('no thread and no port is left', () => countHandles() <= handlesBefore);
  });
}
