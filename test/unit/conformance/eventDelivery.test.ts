/** Every declared event, from one node to the others: what the tests of single events show of one holds of all. */
import t from 'tap';
import type { EventMessage } from '../../../runtime/protocol/EventMessage.js';
import {
  ACADEMY_CHAT_EVENTS,
  type AcademyEventData,
  type AcademyEventName,
  academyEventNames,
  requireEvent,
} from '../../../runtime/protocol/events.js';
import { packetHeaderBytes } from '../../../runtime/protocol/packet.js';
import { eventExamples } from '../protocol/eventExamples.js';
import { MemoryMesh, type MemoryNode } from './MemoryMesh.js';

const { targetNodes: _, ...signalToAll } = eventExamples['academy.training.signal'];
const payloads: AcademyEventData = { ...eventExamples, 'academy.training.signal': signalToAll };
const travelling = academyEventNames.filter((name) => name !== 'academy.node.discovered');
const traceId = 'ab'.repeat(16);

/** Everything of that name, whatever room it is said in. */
function hearAll({ events, admin }: MemoryNode, name: AcademyEventName): EventMessage[] {
  const heard: EventMessage[] = [];
  const note = (event: EventMessage) => heard.push(event);
  if (requireEvent(name).roomScoped) events.on(name as 'academy.chat.message', { admin }, note as never);
  else events.on(name as 'academy.node.announce', note as never);
  return heard;
}

/** The same value with bytes in one spelling, because decoders differ in the class they give them. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, comparable(child)]));
}

for (const name of travelling) {
  t.test(`${name} is heard by each of three nodes exactly once, as it was said`, async (t) => {
    const mesh = await MemoryMesh.open(3);
    t.teardown(() => mesh.close());
    const ears = mesh.nodes.map((node) => hearAll(node, name));
    const [speaker] = mesh.nodes as [MemoryNode];
    const data = payloads[name];
    const sent = speaker.events.emitToAcademyNetwork(name, data, { traceId });
    t.equal(ears[0]?.length, 1, 'first on its own node');
    await mesh.clock.run();
    for (const heard of ears) {
      t.match(heard, [{ name, sourceNode: speaker.nodeId, traceId }]);
      t.equal(heard.length, 1);
      t.strictSame(comparable(heard[0]?.data), comparable(data));
    }
    const { transport } = await sent;
    const bytes = packetHeaderBytes + speaker.codec.encode(data).length;
    t.equal(transport, mesh.router.select({ name, priority: 'normal', bytes }).transport, 'by the one routing table');
  });
}

t.test('a payload is encoded once by who says it and decoded once by who hears it', async (t) => {
  for (const name of travelling) {
    const mesh = await MemoryMesh.open(3);
    const [speaker, listener, deaf] = mesh.nodes as [MemoryNode, MemoryNode, MemoryNode];
    const ears = [hearAll(listener, name), hearAll(listener, name)];
    const sent = speaker.events.emitToAcademyNetwork(name, payloads[name]);
    await mesh.clock.run();
    await sent;
    t.strictSame(
      ears.map(({ length }) => length),
      [1, 1],
      name,
    );
    t.match(
      [speaker, listener, deaf].map(({ codec }) => [codec.encoded, codec.decoded]),
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      name,
    );
    await mesh.close();
  }
});

t.test('an event of a room is heard by who listens to that room and by nobody of another', async (t) => {
  const ofRooms = travelling.filter((name) => requireEvent(name).roomScoped);
  for (const name of Object.values(ACADEMY_CHAT_EVENTS).filter((each) => ofRooms.includes(each))) {
    const mesh = await MemoryMesh.open(2);
    const [speaker, listener] = mesh.nodes as [MemoryNode, MemoryNode];
    const heard: string[] = [];
    for (const { events, nodeId } of [speaker, listener]) {
      for (const room of ['lobby', 'cellar']) {
        events.on(name as 'academy.chat.message', { room }, () => heard.push(`${room} ${nodeId}`));
      }
    }
    const sent = speaker.events.emitToAcademyNetwork(name, payloads[name]);
    await mesh.clock.run();
    await sent;
    t.strictSame(heard, [`lobby ${speaker.nodeId}`, `lobby ${listener.nodeId}`], name);
    await mesh.close();
  }
});
