import t, { type Test } from 'tap';
import { aiAssistant, retrievalModel } from '../../../actors/aiAssistant.js';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import { human } from '../../../actors/human.js';
import { persona } from '../../../actors/persona.js';
import { system } from '../../../actors/system.js';
import { actorNames, chatCommands } from '../../../runtime/protocol/actorNames.js';
import type { ActorDefinition } from '../../../runtime/protocol/actors.js';
import { eventById } from '../../../runtime/protocol/events.js';
import type { SendMessageResult } from '../../../runtime/protocol/schemas/commands.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { TestRooms } from '../../../testing.js';
import { chatMessage } from '../actors/chatFixtures.js';
import { type DrivenActor, driveActor } from '../actors/driveActor.js';
import { smallPack } from '../actors/learntGenome.js';

const ann: ChatParticipant = { id: 'ann', name: 'Ann', type: 'human' };

const message = {
  roomId: 'lobby',
  participantId: 'ann',
  text: 'hello',
  messageType: 'text',
  metadata: { aiGenerated: false, participantType: 'human', confidence: 1 },
};

async function lobby(t: Test, consent: 'local' | 'academy' = 'academy') {
  const rooms = await TestRooms.open({ seed: 7, rooms: [] });
  t.teardown(() => rooms.close());
  await rooms.openRoom('lobby', consent);
  await rooms.person(ann);
  const ask = (type: string, data: unknown) => rooms.actors.ask({ name: actorNames.chatDaemon }, type, data);
  return { rooms, ask };
}

/** A copy of the record without the field at the path. */
function without(record: object, [key = '', ...rest]: readonly string[]): object {
  const { [key]: field, ...others } = record as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [key]: without(field as object, rest) };
}

t.test('who sends a message learns its id, its place and its time', async (t) => {
  const { ask } = await lobby(t);
  const receipt = (await ask(chatCommands.sendMessage, message)) as SendMessageResult;
  t.match(receipt, { messageId: /./, sequence: 1, receipt: 'stored' });
  t.ok(Number.isSafeInteger(receipt.timestamp) && receipt.timestamp > 0);
  const next = (await ask(chatCommands.sendMessage, message)) as SendMessageResult;
  t.equal(next.sequence, 2);
  t.not(next.messageId, receipt.messageId);
  t.ok(next.timestamp >= receipt.timestamp);
});

t.test('a message that lacks a field, or has a wrong one, is refused with the path', async (t) => {
  const { ask } = await lobby(t);
  const required = [
    'roomId',
    'participantId',
    'text',
    'messageType',
    'metadata',
    'metadata.aiGenerated',
    'metadata.participantType',
    'metadata.confidence',
  ].map((path) => path.split('.'));
  for (const path of required) {
    const fault = ask(chatCommands.sendMessage, without(message, path));
    const said = { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: new RegExp(path.at(-1) as string) };
    await t.rejects(fault, said, path.join('.'));
  }
  for (const confidence of [-0.01, 1.01, Number.NaN, '1']) {
    const metadata = { ...message.metadata, confidence };
    const said = { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /\/metadata\/confidence/ };
    await t.rejects(ask(chatCommands.sendMessage, { ...message, metadata }), said, String(confidence));
  }
  await t.rejects(ask(chatCommands.sendMessage, { ...message, messageType: 'song' }), { message: /\/messageType/ });
});

t.test('a participant without id, name or type, or of an unknown type, is refused with the path', async (t) => {
  const { ask } = await lobby(t);
  const join = (participant: object) =>
    ask(chatCommands.joinRoom, { roomId: 'lobby', participant, seat: 'participant/ann' });
  for (const field of ['id', 'name', 'type']) {
    const said = { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: new RegExp(field) };
    await t.rejects(join(without(ann, [field])), said, field);
    await t.rejects(join({ ...ann, [field]: '' }), said, `empty ${field}`);
  }
  await t.rejects(join({ ...ann, type: 'hybrid' }), { message: /\/participant\/type/ });
});

t.test('a person whose answers are partly an AI’s sits in a room as one member, with traits that say so', async (t) => {
  const { rooms, ask } = await lobby(t);
  const cyd: ChatParticipant = { id: 'cyd', name: 'Cyd', type: 'human', traits: ['hybrid', 'rag'] };
  await rooms.person(cyd);
  const room = (await rooms.actors.ask({ name: actorNames.room('lobby') }, 'room.inspect', null)) as {
    members: ChatParticipant[];
  };
  t.strictSame(room.members, [ann, cyd]);
  for (const aiGenerated of [false, true]) {
    const metadata = { aiGenerated, participantType: 'human', confidence: 0.8 };
    const said = { ...message, participantId: 'cyd', text: `by an AI: ${aiGenerated}`, metadata };
    t.match(await ask(chatCommands.sendMessage, said), { receipt: 'stored' });
  }
  t.match(await ask(chatCommands.getHistory, { roomId: 'lobby' }), {
    messages: [
      { participantType: 'human', aiGenerated: false },
      { participantType: 'human', aiGenerated: true },
    ],
  });
});

t.test('feedback leaves the node only where the room consents to it', async (t) => {
  for (const consent of ['local', 'academy'] as const) {
    const { rooms, ask } = await lobby(t, consent);
    const { messageId } = (await ask(chatCommands.sendMessage, message)) as SendMessageResult;
    const feedback = { roomId: 'lobby', messageId, judgeId: 'ann', expected: 'greeting' };
    t.match(await ask(chatCommands.feedback, feedback), { propagated: consent === 'academy' });
    const { published } = rooms.actors.mesh;
    const signals = published.filter(({ eventId }) => eventById(eventId)?.name === 'academy.training.signal');
    t.ok(
      signals.every(({ network }) => network === (consent === 'academy')),
      consent,
    );
  }
});

/** Everyone who speaks, and what makes them say something. */
const speakers: readonly [who: string, definition: ActorDefinition, speak: (actor: DrivenActor) => unknown, object][] =
  [
    [
      'a person',
      human,
      (actor) => actor.question('seat.say', { roomId: 'lobby', text: 'hello' }),
      { participant: ann },
    ],
    [
      'the system',
      system,
      (actor) => actor.send('system.notice', { roomId: 'lobby', text: 'hello' }),
      { participant: { id: 'system', name: 'System', type: 'system' } },
    ],
    [
      'a persona',
      persona,
      (actor) => {
        actor.settle('persona.woken', { result: null });
        hear(actor, '@Ada how can I borrow money');
      },
      { participant: { id: 'ada', name: 'Ada', type: 'persona' }, knowledge: smallPack },
    ],
    [
      'an assistant',
      aiAssistant,
      (actor) => hear(actor, '@Guide how can I borrow money'),
      { participant: { id: 'guide', name: 'Guide', type: 'ai_assistant' }, adapter: retrievalModel(smallPack) },
    ],
    [
      'a participant of one’s own',
      defineParticipant({ name: 'Echo', onMention: (heard, me) => me.reply(heard, heard.text) }),
      (actor) => hear(actor, '@Echo hello', 'echo'),
      {},
    ],
  ];

function hear(actor: DrivenActor, text: string, ...mentions: string[]): void {
  actor.send('room.joined', { roomId: 'lobby', members: [], consent: 'academy', recent: [] });
  actor.send('room.message', { roomId: 'lobby', message: chatMessage(text, { mentions: [...mentions] }) });
}

for (const [who, definition, speak, options] of speakers) {
  t.test(`${who} speaks by the one command that the chat daemon handles`, async (t) => {
    const actor = driveActor(definition, options);
    t.teardown(() => actor.stop());
    speak(actor);
    for (;;) {
      const spoken = actor.effects.find(
        (effect) => (effect.type === 'tell' || effect.type === 'ask') && effect.message.type.startsWith('chat.'),
      );
      if (spoken) return t.match(spoken, { to: { name: 'chat-daemon' }, message: { type: 'chat.send-message' } });
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}
