/** Rooms, personas and daemons move between threads while people talk to them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type AIAssistantOptions, retrievalModel } from '../../actors/aiAssistant.js';
import type { ChatRoomOptions } from '../../actors/chatRoom.js';
import { dataBucket } from '../../actors/learning/dataBucket.js';
import type { PersonaReport } from '../../actors/messages.js';
import { PersonaMind } from '../../actors/PersonaMind.js';
import type { PersonaOptions } from '../../actors/persona.js';
import { serviceActor } from '../../actors/serviceActor.js';
import { createAcademyNode } from '../../index.js';
import { actorModules } from '../../node/actorModules.js';
import { personaStoreService } from '../../node/personaStoreService.js';
import { actorNames, chatCommands } from '../../runtime/protocol/actorNames.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import { PersonaStore } from '../../runtime/storage/PersonaStore.js';
import { TestRooms } from '../../testing.js';
import { questionFor, smallPack } from '../unit/actors/learntGenome.js';

const ada: ChatParticipant = { id: 'ada', name: 'Ada', type: 'persona' };
const adaActor = actorNames.participant('ada');
const lobby = actorNames.room('lobby');

/** Lessons about a word that says nothing to who has not learnt it. */
const lessons = Array.from({ length: 200 }, (_, n) => questionFor('bank-pin', n))
  .filter((question) => dataBucket(question) === 'train')
  .slice(0, 61);

t.test('a room and a persona move to and fro while people talk, and neither loses a word or a lesson', async (t) => {
  const rooms = await TestRooms.openOnThreads({ threads: 2, folder: t.testdir() });
  t.teardown(() => rooms.close());
  const { system, store } = rooms.actors;
  const learnt = new PersonaStore(store);
  system.spawnLocal(actorNames.personaStore, serviceActor, personaStoreService(learnt));
  const options: PersonaOptions = { participant: ada, knowledge: smallPack, rank: 4, saveAfterMs: 400 };
  await system.spawn({ name: adaActor, ...actorModules.persona, shard: 1, options });
  const [ann, ben] = [await rooms.person('Ann'), await rooms.person('Ben')];
  const seat = { roomId: 'lobby', participant: ada, seat: adaActor };
  await rooms.actors.ask({ name: actorNames.chatDaemon }, chatCommands.joinRoom, seat);
  const report = async () => (await rooms.actors.ask({ name: adaActor }, 'persona.inspect', null)) as PersonaReport;

  let isOver = false;
  const move = async (): Promise<void> => {
    for (let round = 0; !isOver; round++) {
      await system.move({ name: lobby }, round % 3);
      await system.move({ name: adaActor }, (round + 1) % 3);
    }
  };
  const moving = move();
  // What the test fails by otherwise ends the moves, too.
  moving.catch(() => {});
  const unheard = lessons.pop() as string;
  for (const question of lessons) {
    const { messageId, receipt } = await ann.say(question);
    t.equal(receipt, 'stored');
    await ann.judge({ roomId: 'lobby', messageId }, { expected: 'bank-pin' });
  }
  await rooms.actors.until('all is learnt', async () => (await report()).signals === lessons.length);
  await ann.say(`@Ada ${unheard}`);
  t.match(await ben.expectMessage({ from: 'ada', text: 'Under Card.' }), { answerId: 'bank-pin' });
  isOver = true;
  await moving;

  await rooms.actors.until('what it has learnt is saved', () => learnt.get('ada') !== undefined);
  await rooms.actors.until('all of it', () => {
    const mind = new PersonaMind(options, 1);
    mind.restore(learnt.get('ada') as Uint8Array);
    return mind.report().signals === lessons.length;
  });
  const said = rooms.log.recent('lobby', 1_000).filter(({ seal }) => seal.author.startsWith('ann@'));
  const texts = [...lessons, `@Ada ${unheard}`];
  t.strictSame(
    said.map(({ body, seal }) => [seal.sequence, body.text]),
    texts.map((text, number) => [number + 1, text]),
    'her chain has no gap',
  );
  const heard = ben.probe.received.flatMap(({ type, data }) => {
    const { message } = data as { message?: { participantId: string; text: string } };
    return type === 'room.message' && message?.participantId === 'ann' ? [message.text] : [];
  });
  t.strictSame(heard, texts, 'others hear each message once and in order');
  const { moves = 0, messagesLost } = await system.counters();
  t.equal(messagesLost, 0);
  t.ok(moves > 20, `${moves} moves`);
});

t.test('whatever of a node lives on a thread moves, and serves on over there', async (t) => {
  const node = await createAcademyNode({
    academyId: `moved-${process.pid}`,
    data: t.testdir(),
    name: 'Ann',
    threads: 2,
    udp: { port: 0 },
    rooms: [{ id: 'lobby', consent: 'local' }],
    personas: [{ id: 'ada', name: 'Ada', capabilities: [], knowledge: ['builtin:academy'], rooms: ['lobby'] }],
    log: { level: 'silent' },
  });
  t.teardown(() => node.stop());
  const moved: string[] = [];
  for (const { name, address } of await node.tree()) {
    try {
      for (const shard of [0, 1, 2]) if (shard !== address.shard) await node.move(name, shard);
      moved.push(name);
    } catch (error) {
      if (!(error instanceof AcademyError)) throw error;
      t.match(error, { code: 'ERR_ACADEMY_NOT_MOVABLE' }, name);
    }
  }
  const daemons = ['academy-daemon', 'chat-daemon', 'genome-manager', 'persona-manager', 'self-improvement/ada'];
  t.strictSame(moved.sort(), [...daemons, adaActor, 'participant/system', lobby].sort());
  const person = await node.person({ id: 'ann', name: 'Ann', type: 'human' }, ['lobby']);
  const answered = new Promise((resolve) => {
    person.onNotice(({ type, data }) => {
      if (type === 'room.message' && data.message.participantId === 'ada') resolve(data.message.text);
    });
  });
  await person.say({ roomId: 'lobby', text: '@Ada how do I join a room?' });
  t.type(await answered, 'string');
  t.match(await node.ask('persona-manager', 'personas.list', null), [{ personaId: 'ada' }]);
  t.match(await node.ask('self-improvement/ada', 'improvement.inspect', null), { step: 'watching' });
  t.strictSame(await node.ask('genome-manager', 'genome.list', null), []);
});

t.test(
  'an AI assistant has its model loaded where it moves to, which thinks about what was not answered',
  async (t) => {
    const folder = t.testdir();
    const rooms = await TestRooms.openOnThreads({ threads: 2, folder });
    t.teardown(() => rooms.close());
    const { system } = rooms.actors;
    const max: ChatParticipant = { id: 'max', name: 'Max', type: 'ai_assistant' };
    const maxActor = actorNames.participant('max');
    const module = new URL('./actors/models.js', import.meta.url).href;
    const asked = join(folder, 'asked');
    const options: AIAssistantOptions = {
      participant: max,
      adapter: { module, exportName: 'ponderer', options: asked },
    };
    await system.spawn({ name: maxActor, ...actorModules.aiAssistant, shard: 1, options });
    const ann = await rooms.person('Ann');
    const seat = { roomId: 'lobby', participant: max, seat: maxActor };
    await rooms.actors.ask({ name: actorNames.chatDaemon }, chatCommands.joinRoom, seat);
    await ann.say('@Max why?');
    await rooms.actors.until('it thinks', () => existsSync(asked));
    await system.move({ name: maxActor }, 2);
    t.match(await ann.expectMessage({ from: 'max' }), { text: 'I thought about "why?"' });
    await system.move({ name: maxActor }, 0);
    await ann.say('@Max and now?');
    t.match(await ann.expectMessage({ from: 'max' }), { text: 'I thought about "and now?"' });
    const inspect = () => rooms.actors.ask({ name: maxActor }, 'assistant.inspect', null);
    await rooms.actors.ask({ name: maxActor }, 'assistant.swap-model', retrievalModel(smallPack));
    await system.move({ name: maxActor }, 1);
    t.match(await inspect(), { model: 'retrieval over 4 answers', thinking: 0, rooms: ['lobby'] });

    await rooms.actors.ask({ name: maxActor }, 'assistant.swap-model', { module, exportName: 'learner' });
    await t.rejects(system.move({ name: maxActor }, 2), {
      code: 'ERR_ACADEMY_NOT_MOVABLE',
      message: /"learner" learns/,
      remedy: /start it where it is to live/,
    });
    t.match(await inspect(), { model: 'learner' }, 'it stays, and goes on');
  },
);

t.test(
  'a room and a persona that are kept go on after the death of their thread: from the log, and with what was learnt',
  async (t) => {
    const rooms = await TestRooms.openOnThreads({ threads: 1, folder: t.testdir(), snapshotEveryMs: 20 });
    t.teardown(() => rooms.close());
    const { system } = rooms.actors;
    await system.stop({ name: lobby });
    const room: ChatRoomOptions = { roomId: 'lobby', nodeKeySeed: new Uint8Array(32).fill(7) };
    await system.spawn({ name: lobby, ...actorModules.chatRoom, persist: 'snapshot', options: room });
    const options: PersonaOptions = { participant: ada, knowledge: smallPack, rank: 4, saveAfterMs: 600_000 };
    await system.spawn({ name: adaActor, ...actorModules.persona, persist: 'snapshot', options });
    const ann = await rooms.person('Ann');
    const seat = { roomId: 'lobby', participant: ada, seat: adaActor };
    await rooms.actors.ask({ name: actorNames.chatDaemon }, chatCommands.joinRoom, seat);
    const report = async () => (await rooms.actors.ask({ name: adaActor }, 'persona.inspect', null)) as PersonaReport;
    for (let round = 0; round < 3; round++) {
      for (const question of lessons.slice(10 * round, 10 * round + 10)) {
        const { messageId } = await ann.say(question);
        await ann.judge({ roomId: 'lobby', messageId }, { expected: 'bank-pin' });
      }
      await rooms.actors.until('all is learnt', async () => (await report()).signals > round * 10);
      await rooms.actors.kill(1);
    }
    await ann.say('still here');
    const said = rooms.log.recent('lobby', 1_000).filter(({ seal }) => seal.author.startsWith('ann@'));
    t.strictSame(
      said.map(({ seal }) => seal.sequence),
      said.map((_, number) => number + 1),
    );
    t.equal(said.at(-1)?.body.text, 'still here');
    const { signals } = await report();
    t.ok(signals > 0, `${signals} lessons are known of 30, and what came after the last image is lost`);
  },
);
