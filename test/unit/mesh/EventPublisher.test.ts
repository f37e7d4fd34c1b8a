import t from 'tap';
import { AcademySmartEventRouter, type TransportName } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { type EncodedEvent, EventPublisher } from '../../../runtime/mesh/EventPublisher.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { type AcademyEventName, requireEvent } from '../../../runtime/protocol/events.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { type Packet, PacketSealer } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { FakeTransports, identity, ManualClock, rememberingLog } from './meshFixtures.js';

const self = identity(1).nodeId;
const near = identity(2).nodeId;
const far = identity(3).nodeId;
const sealer = new PacketSealer('school', null);

function publisher(options: { transports?: readonly TransportName[]; all?: boolean } = {}) {
  const clock = new ManualClock();
  const transports = new FakeTransports(options.transports);
  const counters = new MeshCounters();
  const { lines, log } = rememberingLog();
  const order: string[] = [];
  const local: Packet[] = [];
  const known = options.all === false ? [] : [near, far];
  const parts = {
    nodeId: self,
    router: new AcademySmartEventRouter(),
    writer: new PacketWriter(self, sealer, clock, seededRandom(1)),
    transports,
    peers: { all: () => known, beyondMulticast: (): typeof known => [] },
    counters,
    log: new RateLimitedLog(log, clock),
    deliverLocal: (header: Packet['header'], payload: Uint8Array) => {
      order.push(`local, ${transports.sent.length} sent`);
      local.push({ header, payload });
    },
  };
  return {
    parts,
    publisher: new EventPublisher(parts),
    transports,
    counters,
    lines,
    order,
    local,
    sent: transports.sent,
  };
}

function event(name: AcademyEventName, changes: Partial<EncodedEvent> = {}): EncodedEvent {
  const payload = Uint8Array.of(0x80);
  return { name, eventId: requireEvent(name).id, topic: 0, payload, priority: 'normal', network: true, ...changes };
}

function opened(bytes: Uint8Array | undefined): Packet {
  const packet = sealer.open(bytes ?? new Uint8Array());
  if (typeof packet === 'string') throw new Error(packet);
  return packet;
}

t.test('local listeners hear an event before any transport does', async (t) => {
  const { publisher: mesh, order, sent, local } = publisher();
  const receipt = await mesh.publish(event('academy.training.signal', { topic: 9 }));
  t.strictSame(order, ['local, 0 sent']);
  t.equal(sent.length, 1);
  const packet = opened(sent[0]?.packet);
  t.strictSame(packet.header, local[0]?.header, 'both carry the same header');
  t.match(packet.header, { channel: 'training', topic: 9, sourceNode: self });
  t.match(receipt, { word: 'sent', transport: 'academy-training', bytes: sent[0]?.packet.length });
  t.match(receipt.eventId, /^[0-9a-f]{32}-[0-9a-f]+-training-0$/);
});

t.test('the packet is with the transport when publish returns', async (t) => {
  const { publisher: mesh, sent } = publisher();
  const receipts = [0, 1, 2].map(() => mesh.publish(event('academy.training.signal')));
  t.strictSame(
    sent.map(({ packet }) => opened(packet).header.sequence),
    [0, 1, 2],
  );
  await Promise.all(receipts);
});

t.test('an event that stays on this node reaches no transport', async (t) => {
  const { publisher: mesh, sent, local, counters } = publisher();
  t.match(await mesh.publish(event('academy.training.signal', { network: false })), {
    word: 'queued',
    transport: 'local',
  });
  await mesh.publish(event('academy.node.discovered'));
  t.equal(sent.length, 0);
  t.equal(local.length, 2);
  t.equal(counters.snapshot().eventsKeptLocal, 2);
});

t.test('an event for some nodes goes to them alone, over the reliable transport', async (t) => {
  const { publisher: mesh, sent, local } = publisher();
  const receipt = await mesh.publish(event('academy.training.signal', { nodes: [far, self, far], local: false }));
  t.match(sent, [{ transport: 'tcp-reliable', nodes: [far] }]);
  t.equal(opened(sent[0]?.packet).header.channel, 'reliable');
  t.match(receipt, { word: 'sent', transport: 'tcp-reliable', detour: 'addressed-to-nodes' });
  t.equal(local.length, 0);
});

t.test('a peer that multicast does not reach gets the same sealed packet', async (t) => {
  const { publisher: mesh, parts, sent } = publisher();
  parts.peers.beyondMulticast = () => [far];
  t.match(await mesh.publish(event('academy.chat.message')), { word: 'sent', transport: 'academy-training' });
  t.match(sent, [{ transport: 'academy-training' }, { transport: 'tcp-reliable', nodes: [far] }]);
  t.equal(sent[0]?.packet, sent[1]?.packet);
});

t.test('a peer that does not answer holds up nobody’s receipt', async (t) => {
  const { publisher: mesh, parts, transports } = publisher();
  parts.peers.beyondMulticast = () => [far];
  transports.get('tcp-reliable').answer = () => new Promise(() => {});
  t.match(await mesh.publish(event('academy.chat.message')), { word: 'sent', transport: 'academy-training' });
});

t.test('what is too large for a datagram goes reliably to every peer', async (t) => {
  const { publisher: mesh, sent, counters } = publisher();
  const receipt = await mesh.publish(
    event('academy.chat.message', { payload: new Uint8Array(limits.datagramBytesMax) }),
  );
  t.match(receipt, { transport: 'tcp-reliable', detour: 'too-large-for-datagram' });
  t.match(sent, [{ transport: 'tcp-reliable', nodes: [near, far] }]);
  t.strictSame(counters.detours(), { 'too-large-for-datagram': 1 });
});

t.test('without peers a reliable event is queued and counted', async (t) => {
  const { publisher: mesh, sent, counters } = publisher({ all: false });
  t.match(await mesh.publish(event('academy.session.update')), { word: 'queued', transport: 'local', nodes: 0 });
  t.equal(sent.length, 0);
  t.equal(counters.snapshot().eventsWithoutPeers, 1);
});

t.test('without the transport of its route an event goes reliably', async (t) => {
  const { publisher: mesh, sent } = publisher({ transports: ['tcp-reliable'] });
  t.match(await mesh.publish(event('academy.training.signal')), { detour: 'transport-not-running' });
  t.equal(sent[0]?.transport, 'tcp-reliable');
});

t.test('a group that fails is replaced by connections', async (t) => {
  const { publisher: mesh, sent, transports, counters, lines } = publisher();
  transports.get('academy-training').answer = async () => ({ success: false, receipt: 'failed', bytes: 0 });
  t.match(await mesh.publish(event('academy.training.signal')), {
    transport: 'tcp-reliable',
    detour: 'multicast-failed',
  });
  t.match(sent, [{ transport: 'academy-training' }, { transport: 'tcp-reliable', nodes: [near, far] }]);
  t.equal(counters.snapshot().sendFailures, 1);
  t.equal(lines.length, 1);
});

t.test('a network that fails altogether never loses the local delivery and never throws', async (t) => {
  const { publisher: mesh, transports, local, counters } = publisher();
  for (const name of ['academy-training', 'tcp-reliable']) {
    transports.get(name).answer = async () => {
      throw new Error('the cable is out');
    };
  }
  const receipt = await mesh.publish(event('academy.training.signal'));
  t.match(receipt, { word: 'queued', transport: 'local', detour: 'send-failed' });
  t.equal(local.length, 1);
  t.equal(counters.snapshot().sendFailures, 2);
});

t.test('a packet that no transport takes stays here, and the receipt says why', async (t) => {
  const { publisher: mesh, local } = publisher();
  const receipt = await mesh.publish(event('academy.chat.message', { payload: new Uint8Array(limits.frameBytesMax) }));
  t.match(receipt, { word: 'queued', transport: 'local', detour: 'packet-too-large' });
  t.equal(local.length, 1);
});

t.test('a local listener that throws does not keep the event from the network', async (t) => {
  const { publisher: mesh, parts, sent, counters } = publisher();
  parts.deliverLocal = () => {
    throw new Error('shard is gone');
  };
  t.match(await mesh.publish(event('academy.training.signal')), { word: 'sent' });
  t.equal(sent.length, 1);
  t.equal(counters.snapshot().deliveryFailures, 1);
});

t.test('a datagram is never more than sent, whatever its transport says', async (t) => {
  const { publisher: mesh, transports } = publisher();
  transports.get('academy-training').answer = async () => ({ success: true, receipt: 'handled', bytes: 1 });
  t.equal((await mesh.publish(event('academy.training.signal'))).word, 'sent');
  transports.get('tcp-reliable').answer = async () => ({ success: true, receipt: 'received', bytes: 1 });
  t.match(await mesh.publish(event('academy.session.update')), { word: 'received', nodes: 2 });
});

t.test('a trace id is kept, and drawn when there is none', async (t) => {
  const { publisher: mesh, sent } = publisher();
  const traceId = 'ab'.repeat(16);
  await mesh.publish(event('academy.training.signal', { traceId }));
  await mesh.publish(event('academy.training.signal', { traceId: 'not one' }));
  t.equal(opened(sent[0]?.packet).header.traceId, traceId);
  t.match(opened(sent[1]?.packet).header.traceId, /^[0-9a-f]{32}$/);
});
