import t, { type Test } from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import { actorNames, chatCommands } from '../../../runtime/protocol/actorNames.js';
import { eventById } from '../../../runtime/protocol/events.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import type { ChatMessage } from '../../../runtime/protocol/schemas/chat.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import { TestRooms, type TestRoomsOptions } from '../../../testing.js';

async function open(t: Test, options: TestRoomsOptions = {}): Promise<TestRooms> {
  const rooms = await TestRooms.open({ seed: 7, ...options });
  t.teardown(() => rooms.close());
  return rooms;
}

function command({ actors }: TestRooms, type: string, data: unknown): Promise<unknown> {
  return actors.ask({ name: actorNames.chatDaemon }, type, data);
}

function inspect<S>({ actors }: TestRooms, roomId: string): Promise<S> {
  return actors.ask({ name: actorNames.room(roomId) }, 'room.inspect', null) as Promise<S>;
}

t.test('who says something gets a receipt when it is on disk, and the members hear it', async (t) => {
  const rooms = await TestRooms.openOnThreads({ threads: 0, folder: t.testdir() });
  t.teardown(() => rooms.close());
  const ann = await rooms.person('Ann');
  const bob = await rooms.person('Bob');
  const receipt = await ann.say('hello');
  t.match(receipt, { receipt: 'stored', sequence: 1, author: `ann@${rooms.actors.mesh.nodeId}` });
  t.equal(rooms.log.count('lobby'), 1, 'stored when the receipt came');
  const { messageId } = receipt;
  t.match(await bob.expectMessage(), { text: 'hello', messageId, participantType: 'human', aiGenerated: false });
});

t.test('a message touches the members of its room and nobody else', async (t) => {
  const rooms = await open(t);
  const ann = await rooms.person('Ann', ['one']);
  await rooms.person('Bob', ['two']);
  const deliveriesOf = async (roomId: string): Promise<number> =>
    (await inspect<{ deliveries: number }>(rooms, roomId)).deliveries;
  const before = [await deliveriesOf('one'), await deliveriesOf('two')];
  await ann.say('hello');
  t.same([await deliveriesOf('one'), await deliveriesOf('two')], [(before[0] ?? 0) + 1, before[1]]);
});

t.test('commands with a fault settle with a coded error', async (t) => {
  const rooms = await open(t);
  const ann = await rooms.person('Ann', []);
  await t.rejects(ann.say('hello', { roomId: 'nowhere' }), { code: 'ERR_ACADEMY_ROOM_UNKNOWN', remedy: /lobby/ });
  await t.rejects(ann.say('hello'), { code: 'ERR_ACADEMY_NOT_A_MEMBER' });
  await t.rejects(ann.say(''), { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /\/text/ });
  const metadata = { aiGenerated: true, participantType: 'persona', confidence: 1.5 } as const;
  await t.rejects(ann.say('x', { metadata }), { message: /\/metadata\/confidence/ });
});

t.test('to join twice is to join once', async (t) => {
  const rooms = await open(t);
  const joins: string[] = [];
  const bob = defineParticipant({
    name: 'Bob',
    rooms: ['lobby'],
    onMemberJoined: ({ participant }) => joins.push(participant.id),
  });
  await rooms.seat(bob);
  await rooms.person('Ann', ['lobby', 'lobby']);
  const { members } = await inspect<{ members: ChatParticipant[] }>(rooms, 'lobby');
  t.same(
    members.map(({ id }) => id),
    ['bob', 'ann'],
  );
  t.same(joins, ['ann']);
});

t.test('feedback becomes a signal that names the message, the question, the answer and the judge', async (t) => {
  const rooms = await open(t);
  const ann = await rooms.person('Ann');
  const ada = await rooms.person({ id: 'ada', name: 'Ada', type: 'persona' });
  const question = await ann.say('what is never?');
  const answer = await ada.say('the empty type', { replyTo: question.messageId, answerId: 'never' });
  t.equal(answer.receipt, 'stored');
  const { messageId } = answer;
  const judged = await ann.judge({ roomId: 'lobby', messageId }, { expected: 'unknown' });
  t.match(judged, { personaId: 'ada', value: -1, propagated: true });
  await rooms.advance(0);
  const codec = new MessageCodec();
  const { mesh } = rooms.actors;
  const signals = mesh.published.filter(({ eventId }) => eventById(eventId)?.name === 'academy.training.signal');
  t.match(
    signals.map(({ payload }) => codec.decode(payload) as TrainingSignal),
    [
      {
        personaId: 'ada',
        messageId,
        judge: `ann@${mesh.nodeId}`,
        expectedAnswerId: 'unknown',
        actualAnswerId: 'never',
        signal: { value: -1, inputContext: 'what is never?', source: 'human_feedback' },
      },
    ],
  );
  const missing = ann.judge({ roomId: 'lobby', messageId: 'none' }, { value: 1 });
  await t.rejects(missing, { code: 'ERR_ACADEMY_MESSAGE_NOT_FOUND' });
});

t.test('history pages backwards without a gap or a duplicate', async (t) => {
  const rooms = await open(t);
  const ann = await rooms.person('Ann');
  const texts = Array.from({ length: 25 }, (_, index) => `message ${index}`);
  for (const text of texts) await ann.say(text);
  const read: string[] = [];
  for (let before: string | null | undefined; before !== null; ) {
    const page = (await command(rooms, chatCommands.getHistory, {
      roomId: 'lobby',
      limit: 10,
      ...(before ? { before } : {}),
    })) as { messages: ChatMessage[]; cursor: string | null };
    read.unshift(...page.messages.map((message) => message.text));
    before = page.cursor;
  }
  t.same(read, texts);
});

t.test('a participant that throws is started again, and the room goes on', async (t) => {
  const rooms = await open(t);
  const heard: ChatMessage[] = [];
  let joins = 0;
  const fragile = defineParticipant({
    name: 'Fragile',
    rooms: ['lobby'],
    onJoin: () => {
      joins++;
    },
    onMessage: async (message) => {
      if (message.text === 'crash') throw new Error('on purpose');
      heard.push(message);
    },
  });
  await rooms.seat(fragile);
  const ann = await rooms.person('Ann');
  await ann.say('crash');
  await ann.say('still there?');
  await rooms.actors.simulation.until('it is heard', () => heard.length === 1);
  t.equal(heard[0]?.text, 'still there?');
  t.ok(joins >= 1);
});

t.test('who joins is told where the history goes on before what it was told', async (t) => {
  const rooms = await open(t);
  const ann = await rooms.person('Ann');
  for (let index = 0; index < 60; index++) await ann.say(`message ${index}`);
  const { participant, probe } = ann;
  const join = { roomId: 'lobby', participant, seat: probe.name };
  const { cursor } = (await command(rooms, chatCommands.joinRoom, join)) as { cursor: string };
  const page = (await command(rooms, chatCommands.getHistory, { roomId: 'lobby', before: cursor })) as {
    messages: ChatMessage[];
  };
  t.same(
    page.messages.map(({ text }) => text),
    Array.from({ length: 10 }, (_, index) => `message ${index}`),
  );
});

t.test('an academy chat is answered with its session and the scores that were stored', async (t) => {
  const rooms = await open(t);
  await rooms.person('Ann');
  const performanceTracking = {
    technicalAccuracy: 0.9,
    collaborationQuality: null,
    humanSatisfaction: null,
    contextAwareness: 0.5,
    responseLatencyMs: 12,
  };
  const params = {
    roomId: 'lobby',
    participantId: 'ann',
    text: 'measured',
    messageType: 'text',
    sessionId: 'session-1',
    performanceTracking,
    metadata: { aiGenerated: false, participantType: 'human', confidence: 1 },
  };
  const result = await command(rooms, chatCommands.academyChat, params);
  t.match(result, { receipt: 'stored', sessionId: 'session-1', performanceTracking });
  const { sessionId: _, ...withoutSession } = params;
  await t.rejects(command(rooms, chatCommands.academyChat, withoutSession), { message: /sessionId/ });
});
