import t from 'tap';
import { AcademyEventSystem } from '../../../runtime/mesh/AcademyEventSystem.js';
import { AcademySmartEventRouter } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { AdminCapability } from '../../../runtime/mesh/AdminCapability.js';
import { EventPublisher } from '../../../runtime/mesh/EventPublisher.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import type { EventMessage } from '../../../runtime/protocol/EventMessage.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { type AcademyEventData, eventByName, type RoomScopedEventName } from '../../../runtime/protocol/events.js';
import { asNodeId, isNodeId } from '../../../runtime/protocol/identity.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { type PacketHeader, PacketSealer, topicOf } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { FakeTransports, identity, ManualClock, rememberingLog, startMs } from './meshFixtures.js';

const self = identity(1).nodeId;
const peer = identity(2).nodeId;
const sealer = new PacketSealer('school', null);

function eventSystem() {
  const clock = new ManualClock();
  const transports = new FakeTransports();
  const counters = new MeshCounters();
  const { lines, log } = rememberingLog();
  const admin = new AdminCapability();
  const codec = new MessageCodec();
  const rateLimited = new RateLimitedLog(log, clock);
  const publisher: EventPublisher = new EventPublisher({
    nodeId: self,
    router: new AcademySmartEventRouter(),
    writer: new PacketWriter(self, sealer, clock, seededRandom(1)),
    transports,
    peers: { all: () => [peer], beyondMulticast: () => [] },
    counters,
    log: rateLimited,
    deliverLocal: (header, payload) => events.deliver(header, payload),
  });
  const events: AcademyEventSystem = new AcademyEventSystem({
    nodeId: self,
    codec,
    publisher,
    admin,
    counters,
    log: rateLimited,
    resolveNode: (name) => {
      if (name === 'bee') return peer;
      if (isNodeId(name)) return name;
      throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no node ${name}`);
    },
  });
  const arrive = (name: RoomScopedEventName, data: unknown, topic: number): number =>
    events.deliver(
      {
        eventId: eventByName(name)?.id ?? 0,
        channel: 'training',
        priority: 'normal',
        hops: 0,
        timestampMs: startMs,
        session: 1,
        sequence: 1,
        sourceNode: peer,
        traceId: '0'.repeat(32),
        topic,
      } satisfies PacketHeader,
      data instanceof Uint8Array ? data : codec.encode(data),
    );
  return { events, admin, transports, sent: transports.sent, counters, lines, codec, arrive };
}

function typing(roomId: string): AcademyEventData['academy.chat.typing'] {
  return {
    participantId: 'ann',
    username: 'Ann',
    roomId,
    academyId: 'school',
    expiresInMs: 3_000,
    timestamp: startMs,
  };
}

function signal(
  changes: Partial<AcademyEventData['academy.training.signal']> = {},
): AcademyEventData['academy.training.signal'] {
  return {
    personaId: 'p',
    academyId: 'school',
    roomId: 'algebra',
    sessionId: 's',
    messageId: 'm1',
    judge: `ann@${self}`,
    signal: {
      type: 'immediate',
      value: 0.9,
      category: 'technical',
      source: 'human_feedback',
      inputContext: 'q',
      expectedBehavior: '',
      actualBehavior: 'a',
      improvementSuggestion: '',
    },
    propagateToNetwork: true,
    timestamp: startMs,
    ...changes,
  };
}

t.test('who listens to a room hears that room and no other', async (t) => {
  const { events } = eventSystem();
  const heard: string[] = [];
  events.on('academy.chat.typing', { room: 'algebra' }, ({ data }) => heard.push(data.roomId));
  await events.emit('academy.chat.typing', typing('algebra'));
  await events.emit('academy.chat.typing', typing('history'));
  t.strictSame(heard, ['algebra']);
});

t.test('nobody hears all rooms without the owner’s capability', async (t) => {
  const { events, admin } = eventSystem();
  const handler = (): void => {};
  const refused = { code: 'ERR_ACADEMY_ADMIN_REQUIRED' };
  t.throws(() => events.on('academy.chat.typing' as 'academy.node.announce', handler), refused);
  t.throws(() => events.on('academy.chat.typing', { admin: new AdminCapability() }, handler), refused);
  t.throws(() => events.on('academy.chat.typing', { admin: {} as AdminCapability }, handler), refused);
  const heard: string[] = [];
  events.on('academy.chat.typing', { admin }, ({ data }) => heard.push(data.roomId));
  await events.emit('academy.chat.typing', typing('algebra'));
  await events.emit('academy.chat.typing', typing('history'));
  t.strictSame(heard, ['algebra', 'history']);
});

t.test('an event that belongs to no room is heard by its name', async (t) => {
  const { events } = eventSystem();
  const heard: string[] = [];
  const end = events.on('academy.node.discovered', ({ data }) => heard.push(data.nodeId));
  const found = { nodeId: peer, discoveredBy: self, timestamp: startMs };
  await events.emit('academy.node.discovered', found);
  end();
  end();
  await events.emit('academy.node.discovered', found);
  t.strictSame(heard, [peer]);
});

t.test('a path names one room, and one type or all', async (t) => {
  const { events } = eventSystem();
  const heard: string[] = [];
  const end = events.onPath('/chat/room/algebra%2F1/events/typing', ({ name }) => heard.push(`one ${name}`));
  events.onPath('/chat/room/algebra%2F1/events/*', ({ name }) => heard.push(`all ${name}`));
  await events.emit('academy.chat.typing', typing('algebra/1'));
  end();
  await events.emit('academy.training.signal', signal({ roomId: 'algebra/1' }));
  await events.emit('academy.training.signal', signal({ roomId: 'algebra' }));
  t.strictSame(heard, ['one academy.chat.typing', 'all academy.chat.typing', 'all academy.training.signal']);
  const invalid = { code: 'ERR_ACADEMY_ENDPOINT_INVALID' };
  t.throws(() => events.onPath('/chat/room/*/events/typing', () => {}), invalid);
  t.throws(() => events.onPath('/chat/room/x/events/node.announce', () => {}), invalid);
  t.throws(() => events.onPath('/academy/training', () => {}), invalid);
});

t.test('data that does not fit its event goes nowhere, and the error names the field', async (t) => {
  const { events, sent } = eventSystem();
  const bad = { ...typing('algebra'), expiresInMs: -1 };
  const refused = { code: 'ERR_ACADEMY_EVENT_INVALID', message: /expiresInMs/ };
  await t.rejects(events.emitToAcademyNetwork('academy.chat.typing', bad), refused);
  await t.rejects(events.emit('academy.chat.typing', bad), refused);
  t.equal(sent.length, 0);
});

t.test('a local listener has run before the datagram leaves', async (t) => {
  const { events, sent } = eventSystem();
  let sentBefore = -1;
  events.on('academy.chat.typing', { room: 'algebra' }, () => {
    sentBefore = sent.length;
  });
  const receipt = await events.emitToAcademyNetwork('academy.chat.typing', typing('algebra'));
  t.equal(sentBefore, 0);
  t.equal(sent.length, 1);
  t.match(receipt, { word: 'sent', transport: 'academy-training' });
});

t.test('a listener that throws or rejects is reported, and the others still run', async (t) => {
  const { events, counters, lines } = eventSystem();
  const heard: number[] = [];
  const room = { room: 'algebra' };
  events.on('academy.chat.typing', room, () => {
    throw new Error('first');
  });
  events.on('academy.chat.typing', room, async () => {
    throw new Error('second');
  });
  events.on('academy.chat.typing', room, () => heard.push(1));
  await events.emit('academy.chat.typing', typing('algebra'));
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(heard, [1]);
  t.equal(counters.snapshot().handlerFailures, 2);
  t.match(lines, [{ level: 'error', fields: { fault: /first/ } }], 'one line a minute for one kind');
});

t.test('what nobody here listens to is not decoded', async (t) => {
  const { events, arrive, counters } = eventSystem();
  const garbage = Uint8Array.of(0x82, 0xa1);
  t.equal(arrive('academy.chat.typing', garbage, topicOf('algebra')), 0);
  t.strictSame(counters.snapshot().drops, {});
  events.on('academy.chat.typing', { room: 'algebra' }, () => {});
  t.equal(arrive('academy.chat.typing', garbage, topicOf('algebra')), 0);
  t.equal(arrive('academy.chat.typing', { type: 'xstate.stop' }, topicOf('algebra')), 0);
  t.equal(arrive('academy.chat.typing', typing('history'), topicOf('algebra')), 0, 'another room than its topic says');
  t.strictSame(counters.snapshot().drops, { undecodable: 1, 'invalid-payload': 2 });
  t.equal(arrive('academy.chat.typing', typing('algebra'), topicOf('algebra')), 1);
});

t.test('a listener is told who sent the event and when', async (t) => {
  const { events, arrive } = eventSystem();
  const heard: EventMessage[] = [];
  events.on('academy.chat.typing', { room: 'algebra' }, (event) => heard.push(event));
  arrive('academy.chat.typing', typing('algebra'), topicOf('algebra'));
  t.match(heard, [{ sourceNode: peer, timestampMs: startMs, priority: 'normal', data: typing('algebra') }]);
});

t.test('a training signal that may not propagate never leaves', async (t) => {
  const { events, sent } = eventSystem();
  const receipt = await events.emitToAcademyNetwork('academy.training.signal', signal({ propagateToNetwork: false }));
  t.match(receipt, { transport: 'local' });
  t.equal(sent.length, 0);
});

t.test('a training signal with targets reaches only those', async (t) => {
  const { events, sent } = eventSystem();
  await events.emitToAcademyNetwork('academy.training.signal', signal({ targetNodes: ['bee'] }), {
    nodes: [asNodeId('f'.repeat(32))],
  });
  t.match(sent, [{ transport: 'tcp-reliable', nodes: [peer] }]);
});

t.test('a signal leaves its origin once, though every listener passes it on', async (t) => {
  const { events, sent } = eventSystem();
  let handled = 0;
  events.on('academy.training.signal', { room: 'algebra' }, async ({ data }) => {
    handled += 1;
    await events.emitToAcademyNetwork('academy.training.signal', data);
  });
  await events.emitToAcademyNetwork('academy.training.signal', signal());
  const again = await events.emitToAcademyNetwork('academy.training.signal', signal());
  t.match(again, { detour: 'already-published' });
  t.equal(handled, 1);
  t.equal(sent.length, 1);
});

t.test('a signal of another node is not published again', async (t) => {
  const { events, sent } = eventSystem();
  const receipt = await events.emitToAcademyNetwork('academy.training.signal', signal({ judge: `bob@${peer}` }));
  t.match(receipt, { transport: 'local', detour: 'not-the-origin' });
  t.equal(sent.length, 0);
});

t.test('a judgement that was changed later is another signal', async (t) => {
  const { events, sent } = eventSystem();
  await events.emitToAcademyNetwork('academy.training.signal', signal());
  await events.emitToAcademyNetwork('academy.training.signal', signal({ timestamp: startMs + 1 }));
  t.equal(sent.length, 2);
});

t.test('nodes are named by id or alias, and an unknown one is an error', async (t) => {
  const { events, sent } = eventSystem();
  await events.emitToAcademyNetwork('academy.chat.typing', typing('algebra'), { nodes: ['bee'], priority: 'high' });
  t.match(sent, [{ nodes: [peer] }]);
  await t.rejects(events.emitToAcademyNetwork('academy.chat.typing', typing('algebra'), { nodes: ['wasp'] }), {
    code: 'ERR_ACADEMY_NODE_UNKNOWN',
  });
});

t.test('after close nobody hears anything', async (t) => {
  const { events } = eventSystem();
  let heard = 0;
  events.on('academy.chat.typing', { room: 'algebra' }, () => {
    heard += 1;
  });
  events.close();
  await events.emit('academy.chat.typing', typing('algebra'));
  t.equal(heard, 0);
});

t.test('a wrong name, payload or scope does not compile', async (t) => {
  const wrong = (events: AcademyEventSystem): void => {
    // @ts-expect-error: no such event
    events.emit('no-such-event', {});
    // @ts-expect-error: the payload of another event
    events.emit('academy.chat.typing', signal());
    // @ts-expect-error: a room-scoped event needs a room
    events.on('academy.chat.typing', () => {});
    // @ts-expect-error: this event belongs to no room
    events.on('academy.node.announce', { room: 'algebra' }, () => {});
    // @ts-expect-error: a signal has a number as its value
    events.on('academy.training.signal', { room: 'algebra' }, ({ data }) => data.signal.value.length);
  };
  t.type(wrong, 'function');
});
