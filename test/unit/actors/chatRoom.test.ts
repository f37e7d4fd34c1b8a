import t from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import { eventById } from '../../../runtime/protocol/events.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import type { ChatMessage } from '../../../runtime/protocol/schemas/chat.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import { ChatBench } from '../../support/ChatBench.js';

const ann: ChatParticipant = { id: 'ann', name: 'Ann', type: 'human' };
const bob: ChatParticipant = { id: 'bob', name: 'Bob', type: 'human' };

/** A member that notes what it hears. */
function listener(heard: ChatMessage[], signals: TrainingSignal[] = []) {
  return defineParticipant({
    name: 'listener',
    onMessage: (message) => heard.push(message),
    onSignal: (signal) => signals.push(signal),
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

t.test('who says something gets a receipt when it is on disk, and the members hear it', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  const heard: ChatMessage[] = [];
  await bench.openRoom('lobby');
  await bench.seat(ann, listener([]), ['lobby']);
  await bench.seat(bob, listener(heard), ['lobby']);
  const receipt = await bench.say('lobby', ann, 'hello');
  t.match(receipt, { receipt: 'stored', sequence: 1, author: `ann@${bench.identity.nodeId}` });
  t.equal(bench.log.count('lobby'), 1, 'stored when the receipt came');
  await until(() => heard.length === 1);
  t.match(heard[0], { text: 'hello', messageId: receipt.messageId, participantType: 'human', aiGenerated: false });
});

t.test('a message touches the members of its room and nobody else', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('one');
  await bench.openRoom('two');
  await bench.seat(ann, listener([]), ['one']);
  await bench.seat(bob, listener([]), ['two']);
  const deliveriesOf = async (roomId: string) =>
    ((await bench.ask(`room/${roomId}`, 'room.inspect', null)) as { deliveries: number }).deliveries;
  const before = [await deliveriesOf('one'), await deliveriesOf('two')];
  await bench.say('one', ann, 'hello');
  t.same([await deliveriesOf('one'), await deliveriesOf('two')], [(before[0] ?? 0) + 1, before[1]]);
});

t.test('commands with a fault settle with a coded error', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  await t.rejects(bench.say('nowhere', ann, 'hello'), { code: 'ERR_ACADEMY_ROOM_UNKNOWN', remedy: /lobby/ });
  await t.rejects(bench.say('lobby', ann, 'hello'), { code: 'ERR_ACADEMY_NOT_A_MEMBER' });
  await t.rejects(bench.say('lobby', ann, ''), { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /\/text/ });
  const unsure = { metadata: { aiGenerated: true, participantType: 'persona', confidence: 1.5 } };
  await t.rejects(bench.say('lobby', ann, 'x', unsure), { message: /\/metadata\/confidence/ });
});

t.test('to join twice is to join once', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  const joins: string[] = [];
  await bench.seat(
    bob,
    defineParticipant({ name: 'Bob', onMemberJoined: ({ participant }) => joins.push(participant.id) }),
    ['lobby'],
  );
  await bench.seat(ann, listener([]), ['lobby', 'lobby']);
  const room = (await bench.ask('room/lobby', 'room.inspect', null)) as { members: ChatParticipant[] };
  t.same(
    room.members.map((member) => member.id),
    ['bob', 'ann'],
  );
  await until(() => joins.length > 0);
  t.same(joins, ['ann']);
});

t.test('feedback becomes a signal that names the message, the question, the answer and the judge', async (t) => {
  const published: TrainingSignal[] = [];
  const codec = new MessageCodec();
  const bench = await ChatBench.open({
    onPublish: (event) => {
      if (eventById(event.eventId)?.name === 'academy.training.signal') {
        published.push(codec.decode(event.payload) as TrainingSignal);
      }
    },
  });
  t.teardown(() => bench.close());
  const ada: ChatParticipant = { id: 'ada', name: 'Ada', type: 'persona' };
  await bench.openRoom('lobby');
  await bench.seat(ann, listener([]), ['lobby']);
  await bench.seat(ada, listener([]), ['lobby']);
  const question = await bench.say('lobby', ann, 'what is never?');
  const answer = await bench.say('lobby', ada, 'the empty type', { replyTo: question.messageId, answerId: 'never' });
  t.equal(answer.receipt, 'stored');
  const feedback = { roomId: 'lobby', messageId: answer.messageId, judgeId: 'ann', expected: 'unknown' };
  t.match(await bench.ask('chat-daemon', 'chat.feedback', feedback), { personaId: 'ada', value: -1, propagated: true });
  await until(() => published.length === 1);
  t.match(published[0], {
    personaId: 'ada',
    messageId: answer.messageId,
    judge: `ann@${bench.identity.nodeId}`,
    expectedAnswerId: 'unknown',
    actualAnswerId: 'never',
    signal: { value: -1, inputContext: 'what is never?', source: 'human_feedback' },
  });
  const missing = { roomId: 'lobby', messageId: 'none', judgeId: 'ann', value: 1 };
  await t.rejects(bench.ask('chat-daemon', 'chat.feedback', missing), { code: 'ERR_ACADEMY_MESSAGE_NOT_FOUND' });
});

t.test('history pages backwards without a gap or a duplicate', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  await bench.seat(ann, listener([]), ['lobby']);
  const texts = Array.from({ length: 25 }, (_, index) => `message ${index}`);
  for (const text of texts) await bench.say('lobby', ann, text);
  const read: string[] = [];
  for (let before: string | null | undefined; before !== null; ) {
    const page = (await bench.ask('chat-daemon', 'chat.get-history', {
      roomId: 'lobby',
      limit: 10,
      ...(before ? { before } : {}),
    })) as {
      messages: ChatMessage[];
      cursor: string | null;
    };
    read.unshift(...page.messages.map((message) => message.text));
    before = page.cursor;
  }
  t.same(read, texts);
});

t.test('a participant that throws is started again, and the room goes on', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  const heard: ChatMessage[] = [];
  let joins = 0;
  const fragile = defineParticipant({
    name: 'Fragile',
    onJoin: () => {
      joins++;
    },
    onMessage: async (message) => {
      if (message.text === 'crash') throw new Error('on purpose');
      heard.push(message);
    },
  });
  await bench.seat(ann, listener([]), ['lobby']);
  await bench.seat(bob, fragile, ['lobby']);
  await bench.say('lobby', ann, 'crash');
  await bench.say('lobby', ann, 'still there?');
  await until(() => heard.length === 1);
  t.equal(heard[0]?.text, 'still there?');
  t.ok(joins >= 1);
});

t.test('who joins is told where the history goes on before what it was told', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  await bench.seat(ann, listener([]), ['lobby']);
  for (let index = 0; index < 60; index++) await bench.say('lobby', ann, `message ${index}`);
  const joined = (await bench.ask('chat-daemon', 'chat.join-room', {
    roomId: 'lobby',
    participant: ann,
    seat: 'participant/ann',
  })) as { cursor: string };
  const page = (await bench.ask('chat-daemon', 'chat.get-history', { roomId: 'lobby', before: joined.cursor })) as {
    messages: ChatMessage[];
  };
  t.same(
    page.messages.map(({ text }) => text),
    Array.from({ length: 10 }, (_, index) => `message ${index}`),
  );
});

t.test('an academy chat is answered with its session and the scores that were stored', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  await bench.openRoom('lobby');
  await bench.seat(ann, listener([]), ['lobby']);
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
  const result = await bench.ask('chat-daemon', 'chat.academy-chat', params);
  t.match(result, { receipt: 'stored', sessionId: 'session-1', performanceTracking });
  const { sessionId: _, ...withoutSession } = params;
  await t.rejects(bench.ask('chat-daemon', 'chat.academy-chat', withoutSession), { message: /sessionId/ });
});
