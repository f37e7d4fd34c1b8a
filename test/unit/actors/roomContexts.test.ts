import fc from 'fast-check';
import t from 'tap';
import type { RoomNotices } from '../../../actors/messages.js';
import { RoomContexts } from '../../../actors/RoomContexts.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { chatMessage } from './chatFixtures.js';

const self: ChatParticipant = { id: 'ada', name: 'Ada', type: 'persona' };
const eve: ChatParticipant = { id: 'eve', name: 'Eve', type: 'human', traits: ['curious'] };

function contexts(options: Partial<ConstructorParameters<typeof RoomContexts<{ notes: string[] }>>[0]> = {}) {
  return new RoomContexts<{ notes: string[] }>({ self, personalState: () => ({ notes: [] }), ...options });
}
const joined = (roomId: string, members: ChatParticipant[] = [self]): RoomNotices['room.joined'] => ({
  roomId,
  members,
  consent: 'academy',
  recent: [],
});
const hear = (rooms: ReturnType<typeof contexts>, roomId: string, text: string, changes = {}) =>
  rooms.note({ type: 'room.message', data: { roomId, message: chatMessage(text, { roomId, ...changes }) } });

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  for (const member of Object.values(value)) objectsIn(member, found);
  return found;
}

function deepFreeze<T>(value: T): T {
  for (const object of objectsIn(value)) if (!ArrayBuffer.isView(object)) Object.freeze(object);
  return value;
}

t.test('a secret told in one room is never in the context of another, however their talk interleaves', async () => {
  const rooms = ['architecture', 'training', 'debugging'];
  const step = fc.record({
    room: fc.constantFrom(...rooms),
    kind: fc.constantFrom('say', 'reply', 'mention', 'join', 'enter', 'leave', 'state', 'stray'),
    words: fc.lorem({ maxCount: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const memory = contexts({ historyMessagesMax: 10 });
      const lastIds = new Map<string, string>();
      for (const { room, kind, words } of steps) {
        const text = `${words} secret-of-${room}`;
        const participant = deepFreeze({ ...eve, id: `guest-secret-of-${room}` });
        if (kind === 'join') memory.note({ type: 'room.joined', data: deepFreeze(joined(room, [self, eve])) });
        else if (kind === 'enter') {
          memory.note({ type: 'room.member-joined', data: { roomId: room, participant, nodeId: 'n' } });
        } else if (kind === 'leave') {
          const data = { roomId: room, participantId: participant.id, nodeId: 'n', reason: 'left' };
          memory.note({ type: 'room.member-left', data });
        } else if (kind === 'state') memory.setPersonalState(room, { notes: [text] });
        else {
          const replyTo = kind === 'reply' ? lastIds.get(room) : undefined;
          const message = deepFreeze(
            chatMessage(text, {
              roomId: room,
              ...(replyTo ? { replyTo } : {}),
              ...(kind === 'mention' ? { mentions: ['ada'] } : {}),
            }),
          );
          lastIds.set(room, message.messageId);
          // A stray message is told in a room that it does not belong to.
          const told = kind === 'stray' ? (rooms[(rooms.indexOf(room) + 1) % 3] as string) : room;
          memory.note({ type: 'room.message', data: { roomId: told, message } });
        }
      }
      const views = rooms.map((room) => ({ room, view: deepFreeze(memory.get(room)) }));
      const pairs = views.flatMap((one) =>
        views.filter((other) => other !== one).map((other) => [one, other] as const),
      );
      return pairs.every(([one, other]) => {
        const said = JSON.stringify(one.view) ?? '';
        const shared = [...objectsIn(one.view)].filter((object) => objectsIn(other.view).has(object));
        return !said.includes(`secret-of-${other.room}`) && shared.length === 0;
      });
    }),
    { numRuns: 300 },
  );
});

t.test('a context that was handed out is frozen in time', async (t) => {
  const rooms = contexts();
  rooms.note({ type: 'room.joined', data: joined('lobby') });
  hear(rooms, 'lobby', 'first thing said');
  const before = deepFreeze(rooms.get('lobby'));
  hear(rooms, 'lobby', 'second thing said');
  rooms.note({ type: 'room.member-joined', data: { roomId: 'lobby', participant: eve, nodeId: 'n' } });
  t.equal(before?.conversationHistory.length, 1);
  t.equal(before?.participants.length, 1);
  t.equal(rooms.get('lobby')?.conversationHistory.length, 2);
});

t.test('members, roles, consent and state are those of the room', async (t) => {
  const rooms = contexts({ roles: { training: 'learner' }, role: 'moderator' });
  for (const room of ['training', 'debugging']) rooms.note({ type: 'room.joined', data: joined(room, [self, eve]) });
  rooms.setPersonalState('training', { notes: ['mine'] });
  rooms.note({
    type: 'room.member-left',
    data: { roomId: 'training', participantId: 'eve', nodeId: 'n', reason: 'left' },
  });
  t.match(rooms.get('training'), {
    roomId: 'training',
    myRole: 'learner',
    consent: 'academy',
    participants: [self],
    personalState: { notes: ['mine'] },
  });
  t.match(rooms.get('debugging'), { myRole: 'moderator', participants: [self, eve], personalState: { notes: [] } });
  t.equal(rooms.get('unheard-of'), undefined);
  t.equal(rooms.consentOf('unheard-of'), 'local');
});

t.test('it sits in a room from the first notice until it is told that it has left', async (t) => {
  const rooms = contexts();
  rooms.setPersonalState('restored', { notes: [] });
  t.same(rooms.roomIds, [], 'a state that was saved is not a seat');
  rooms.note({ type: 'room.joined', data: joined('lobby') });
  t.same(rooms.roomIds, ['lobby']);
  rooms.note({
    type: 'room.member-left',
    data: { roomId: 'lobby', participantId: 'ada', nodeId: 'n', reason: 'left' },
  });
  t.same(rooms.roomIds, []);
});

t.test(
  'the history is bounded, without repetitions, and in the order of the room even for what comes late',
  async (t) => {
    const rooms = contexts({ historyMessagesMax: 3 });
    const messages = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((text) => chatMessage(text));
    const [one, two, ...later] = messages as [(typeof messages)[0], (typeof messages)[0], ...typeof messages];
    for (const message of [one, ...later, two, one]) {
      rooms.note({ type: 'room.message', data: { roomId: 'lobby', message } });
    }
    const said = (): string[] | undefined => rooms.get('lobby')?.conversationHistory.map(({ text }) => text);
    t.same(said(), ['five', 'six', 'seven']);
    t.notOk(rooms.note({ type: 'room.message', data: { roomId: 'lobby', message: messages[6] as never } }).isNew);
    rooms.note({ type: 'room.joined', data: { ...joined('lobby'), recent: messages.slice(4) } });
    t.same(said(), ['five', 'six', 'seven'], 'joining again repeats nothing');
  },
);

t.test('the topic follows what is talked about, and a new subject shifts it', async (t) => {
  const rooms = contexts();
  const say = (text: string, changes = {}) => hear(rooms, 'lobby', text, changes);
  t.notOk(say('how do typescript generics infer the type parameter').topicShifted, 'there was none to end');
  t.notOk(say('generics infer it from the arguments', { aiGenerated: true, participantId: 'bot' }).topicShifted);
  t.notOk(say('and a default for the type parameter of generics?').topicShifted);
  t.match(rooms.get('lobby')?.currentTopic, /generics/);
  t.notOk(say('thanks!').topicShifted);
  t.ok(say('which restaurant serves good ramen nearby').topicShifted);
  t.match(rooms.get('lobby')?.currentTopic, /restaurant|ramen|serves/);
  t.notMatch(rooms.get('lobby')?.currentTopic, /generics/);
});
