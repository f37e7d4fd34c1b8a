import t, { type Test } from 'tap';
import { AcademySmartEventRouter, type RouteOverrides } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { EventStreams } from '../../../runtime/mesh/EventStreams.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { type AcademyEventData, requireEvent } from '../../../runtime/protocol/events.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { FixedLayout } from '../../../runtime/protocol/layout/FixedLayout.js';
import type { HotEventName } from '../../../runtime/protocol/layout/hotEvents.js';
import { IdTable } from '../../../runtime/protocol/layout/IdTable.js';
import { type PacketHeader, topicOf } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import type { StreamHandover } from '../../../runtime/protocol/streams.js';
import type { PacketSource } from '../../../runtime/protocol/Transport.js';
import { MemoryNetwork } from '../../../transports/memory/MemoryNetwork.js';
import { MemoryTransport } from '../../../transports/memory/MemoryTransport.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';
import { TransportFactory } from '../../../transports/TransportFactory.js';
import { eventExamples } from '../protocol/eventExamples.js';
import { rememberingLog } from './meshFixtures.js';

const signal = eventExamples['academy.training.signal'] as TrainingSignal;
const datagramKey = new Uint8Array(32).fill(5);

/** Another thread that listens to one room, and decodes what it is handed as that thread would. */
class HandedOver implements StreamHandover {
  readonly events: TrainingSignal[] = [];
  fault: Error | null = null;
  isEnded = false;
  readonly #topic: number;
  readonly #ids = new IdTable();

  constructor(roomId: string) {
    this.#topic = topicOf(roomId);
  }

  isWanted(_eventId: number, topic: number): boolean {
    return topic === this.#topic;
  }

  define(bytes: Uint8Array): void {
    this.#ids.define(Buffer.from(bytes), 0, bytes.length);
  }

  event(_eventId: number, _topic: number, _position: number, payload: Buffer): number {
    if (this.fault) throw this.fault;
    const event = FixedLayout.of('academy.training.signal').decode(payload, 0, payload.length, this.#ids);
    if (event) this.events.push(event);
    return 1;
  }

  end(): void {
    this.isEnded = true;
  }
}

interface NodeOptions {
  readonly routes?: RouteOverrides;
  readonly flowTag?: string;
  readonly limitByTag?: string;
  /** Where its events are to go, when nobody listens in its own thread. */
  readonly handedTo?: HandedOver;
}

class World {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  #nodes = 0;

  constructor(lossPerMille = 0) {
    this.network = new MemoryNetwork({ clock: this.clock, random: seededRandom(1), conditions: { lossPerMille } });
  }

  async node(t: Test, options: NodeOptions = {}) {
    const { flowTag, limitByTag, handedTo = null } = options;
    this.#nodes += 1;
    const identity = identityFromSeed(new Uint8Array(32).fill(this.#nodes));
    const random = seededRandom(this.#nodes);
    const factory = new TransportFactory();
    factory.register(
      new MemoryTransport({
        network: this.network,
        nodeId: identity.nodeId,
        channel: 'training',
        streams: { identity, datagramKey, random, ringBytes: 400_000, ...(flowTag ? { flowTag } : {}) },
      }),
    );
    const heard: { header: PacketHeader; data: AcademyEventData[HotEventName] }[] = [];
    const packets: { bytes: Uint8Array; from: PacketSource }[] = [];
    const counters = new MeshCounters();
    const { lines, log } = rememberingLog();
    const streams = new EventStreams({
      nodeId: identity.nodeId,
      transports: factory,
      router: new AcademySmartEventRouter(options.routes),
      clock: this.clock,
      counters,
      log: new RateLimitedLog(log, this.clock),
      ...(limitByTag ? { limitByTag } : {}),
      receivePacket: (bytes, from) => packets.push({ bytes: new Uint8Array(bytes), from }),
      deliver: (header, data) => heard.push({ header, data }),
      hears: () => handedTo === null,
      handOver: () => handedTo,
    });
    factory.onStreams((name) => streams.consumerOf(name));
    await factory.startAll(() => {});
    t.teardown(() => factory.stopAll());
    return { identity, factory, streams, heard, packets, counters, lines };
  }

  until(holds: () => boolean): void {
    for (let waitedMs = 0; !holds(); waitedMs += 5) {
      if (waitedMs > 30_000) throw new Error('waited in vain');
      this.clock.advance(5);
    }
  }
}

t.test('hot events are heard as they were said, once and in order, with the node that signed the stream', async (t) => {
  const world = new World(50);
  const [speaker, listener] = [await world.node(t), await world.node(t)];
  const signals = speaker.streams.publication('academy.training.signal');
  world.until(() => signals.members === 1);
  const said = Array.from({ length: 300 }, (_, index) => ({
    ...signal,
    personaId: `persona-${index % 40}`,
    messageId: `m-${index}`,
    timestamp: signal.timestamp + index,
  }));
  for (const each of said) if (!signals.publish(each)) world.until(() => signals.publish(each));
  world.until(() => listener.heard.length === 300);
  t.strictSame(
    listener.heard.map(({ data }) => data),
    said,
  );
  const headers = listener.heard.map(({ header }) => header);
  t.ok(headers.every(({ sourceNode }) => sourceNode === speaker.identity.nodeId));
  t.ok(headers.every(({ sequence }, index) => index === 0 || sequence > (headers[index - 1]?.sequence ?? 0)));
  t.match(headers[7], {
    eventId: requireEvent('academy.training.signal').id,
    channel: 'training',
    priority: 'normal',
    hops: 0,
    timestampMs: signal.timestamp + 7,
    topic: topicOf(signal.roomId),
    traceId: /^[0-9a-f]{32}$/,
  });
  t.strictSame(speaker.heard, [], 'a publisher does not hear itself');
});

t.test('what only other threads hear goes to them as it came, decoded by nobody on the way', async (t) => {
  const world = new World(50);
  const elsewhere = new HandedOver(signal.roomId);
  const [speaker, listener] = [await world.node(t), await world.node(t, { handedTo: elsewhere })];
  const signals = speaker.streams.publication('academy.training.signal', { checked: false });
  world.until(() => signals.members === 1);
  const said = Array.from({ length: 200 }, (_, index) => ({
    ...signal,
    personaId: `persona-${index % 40}`,
    roomId: index % 4 === 0 ? 'another room' : signal.roomId,
    timestamp: signal.timestamp + index,
  }));
  for (const each of said) if (!signals.publish(each)) world.until(() => signals.publish(each));
  signals.publish({ ...signal, timestamp: -1 });
  signals.publish({ ...signal, timestamp: 1 });
  world.until(() => elsewhere.events.at(-1)?.timestamp === 1);
  t.strictSame(elsewhere.events, [
    ...said.filter(({ roomId }) => roomId === signal.roomId),
    { ...signal, timestamp: 1 },
  ]);
  t.strictSame(listener.heard, []);
  const { drops, packetsDelivered } = listener.counters.snapshot();
  t.equal(drops['invalid-payload'], 1, 'what breaks a bound of the schema goes nowhere');
  t.equal(drops['no-listener'], 50, 'nor what is of a room that nobody listens to');
  t.equal(packetsDelivered, 151);
  await speaker.factory.stopAll();
  world.until(() => elsewhere.isEnded);
});

t.test('a thread that cannot take an event costs that event, and is told', async (t) => {
  const world = new World();
  const elsewhere = new HandedOver(signal.roomId);
  const [speaker, listener] = [await world.node(t), await world.node(t, { handedTo: elsewhere })];
  const signals = speaker.streams.publication('academy.training.signal');
  world.until(() => signals.members === 1);
  elsewhere.fault = new Error('its thread is gone');
  signals.publish(signal);
  world.until(() => listener.counters.snapshot().deliveryFailures === 1);
  elsewhere.fault = null;
  signals.publish(signal);
  world.until(() => elsewhere.events.length === 1);
  t.match(listener.lines.at(-1), { level: 'error', fields: { fault: 'its thread is gone' } });
});

t.test('who joins late knows the numbers of ids that were given before', async (t) => {
  const world = new World();
  const speaker = await world.node(t);
  const signals = speaker.streams.publication('academy.training.signal');
  for (let index = 0; index < 100; index++) signals.publish({ ...signal, roomId: `room-${index}` });
  world.clock.advance(500);
  const late = await world.node(t);
  world.until(() => signals.members === 1);
  signals.publish({ ...signal, roomId: 'room-3' });
  world.until(() => late.heard.length === 1);
  t.strictSame(late.heard[0]?.data, { ...signal, roomId: 'room-3' });
});

t.test('typing and presence go by a stream that loses rather than waits', async (t) => {
  const world = new World(200);
  const [speaker, listener] = [await world.node(t), await world.node(t)];
  const typing = speaker.streams.publication('academy.chat.typing');
  const example = eventExamples['academy.chat.typing'] as AcademyEventData['academy.chat.typing'];
  world.until(() => typing.members === 1);
  for (let index = 0; index < 200; index++) {
    t.ok(typing.publish({ ...example, timestamp: example.timestamp + index }), 'never held up');
    world.clock.advance(10);
  }
  const times = listener.heard.map(({ header }) => header.timestampMs);
  t.ok(times.length > 100 && times.length < 200);
  t.ok(times.every((time, index) => index === 0 || time > (times[index - 1] as number)));
});

t.test('a sealed packet goes the same way, and one that fits no slot is told, so that it goes reliably', async (t) => {
  const world = new World();
  const [speaker, listener] = [await world.node(t), await world.node(t)];
  const packets = [100, 700, 1_300].map((bytes) => Buffer.alloc(bytes, bytes & 0xff));
  for (const packet of packets) {
    t.match(await speaker.streams.sendPacket('academy-training', packet), { success: true, receipt: 'sent' });
  }
  world.until(() => listener.packets.length === 3);
  t.strictSame(
    listener.packets.map(({ bytes }) => bytes),
    packets.map((packet) => new Uint8Array(packet)),
  );
  t.ok(listener.packets.every(({ from }) => from.transport === 'academy-training'));
  t.match(await speaker.streams.sendPacket('academy-training', Buffer.alloc(1_390)), {
    success: false,
    error: { code: 'ERR_ACADEMY_PACKET_TOO_LARGE' },
  });
});

t.test('an event that must prove its node is heard in a proven stream, and in no other', async (t) => {
  const world = new World();
  const routes = { proofOfSource: { 'academy.training.signal': true } };
  const [strict, lax, listener] = [
    await world.node(t, { routes }),
    await world.node(t),
    await world.node(t, { routes }),
  ];
  const proven = strict.streams.publication('academy.training.signal');
  const tagged = lax.streams.publication('academy.training.signal');
  const chosen = lax.streams.publication('academy.training.signal', { proven: true });
  world.until(() => [proven, tagged, chosen].every(({ members }) => members === 2));
  for (const publication of [tagged, proven, chosen]) publication.publish(signal);
  world.until(() => listener.heard.length === 2 && lax.heard.length === 1 && strict.heard.length === 1);
  world.clock.advance(100);
  t.strictSame(new Set(listener.heard.map(({ header }) => header.sourceNode)).size, 2);
  t.equal(listener.counters.snapshot().drops['unproven-source'], 1);
  t.throws(() => lax.streams.publication('academy.chat.typing', { proven: true }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
  });
});

t.test('a packet of a proven stream comes with the node that is proven', async (t) => {
  const world = new World();
  const [speaker, listener] = [await world.node(t), await world.node(t)];
  void speaker.streams.sendPacket('academy-training', Buffer.alloc(100), 'node');
  void speaker.streams.sendPacket('academy-training', Buffer.alloc(100), 'member');
  world.until(() => listener.packets.length === 2);
  const nodes = listener.packets.map(({ from }) => from.provenNode);
  t.strictSame(new Set(nodes), new Set([speaker.identity.nodeId, undefined]));
});

t.test('members with the tag that was asked for pace a publication, and all hear it', async (t) => {
  const world = new World();
  const speaker = await world.node(t, { limitByTag: 'trainer' });
  const [trainer, watcher] = [await world.node(t, { flowTag: 'trainer' }), await world.node(t)];
  const publications = [
    speaker.streams.publication('academy.training.signal'),
    speaker.streams.publication('academy.training.signal', { limitBy: { tag: 'watcher' } }),
  ];
  world.until(() => publications.every(({ members }) => members === 2));
  for (const publication of publications) publication.publish(signal);
  world.until(() => trainer.heard.length === 2 && watcher.heard.length === 2);
  const isDone = publications.map(() => false);
  for (const [index, publication] of publications.entries()) {
    void publication.flush().then(() => {
      isDone[index] = true;
    });
  }
  await world.clock.run(1_000);
  t.strictSame(isDone, [true, true], 'and nobody waits for members of a tag that nobody has');
  t.throws(() => speaker.streams.publication('academy.training.signal', { limitBy: { tag: 'No Tag' } }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
  });
});

t.test('what does not fit its schema or a datagram is refused where it is said', async (t) => {
  const world = new World();
  const speaker = await world.node(t);
  const signals = speaker.streams.publication('academy.training.signal');
  const wrong = { ...signal, signal: { ...signal.signal, value: 1.5 } };
  t.throws(() => signals.publish(wrong), { code: 'ERR_ACADEMY_EVENT_INVALID' });
  const long = { ...signal, signal: { ...signal.signal, inputContext: 'x'.repeat(1_900) } };
  t.throws(() => signals.publish(long), { code: 'ERR_ACADEMY_PACKET_TOO_LARGE', remedy: /emitToAcademyNetwork/ });
});

t.test(
  'frames that are no event, unchecked ones that do not fit, and unknown kinds are dropped and counted',
  async (t) => {
    const world = new World();
    const [speaker, listener] = [await world.node(t), await world.node(t)];
    const unchecked = speaker.streams.publication('academy.training.signal', { checked: false });
    world.until(() => unchecked.members === 1);
    unchecked.publish({ ...signal, signal: { ...signal.signal, value: 1.5 } });
    world.until(() => listener.counters.snapshot().drops['invalid-payload'] === 1);
    t.strictSame(listener.heard, []);
    t.equal(listener.lines.filter((line) => JSON.stringify(line).includes('invalid-payload')).length, 1, 'logged once');
  },
);

t.test('a publication goes on when its transport was stopped and started again', async (t) => {
  const world = new World();
  const [speaker, listener] = [await world.node(t), await world.node(t)];
  const signals = speaker.streams.publication('academy.training.signal');
  world.until(() => signals.members === 1);
  signals.publish(signal);
  world.until(() => listener.heard.length === 1);
  await speaker.factory.stopAll();
  t.throws(() => signals.publish(signal), { code: 'ERR_ACADEMY_NODE_STOPPED' });
  await speaker.factory.startAll(() => {});
  signals.publish(signal);
  world.until(() => listener.heard.length === 2);
  t.strictSame(listener.heard[1]?.data, signal);
});
