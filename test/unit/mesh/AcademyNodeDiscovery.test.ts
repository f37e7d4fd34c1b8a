import t from 'tap';
import {
  AcademyNodeDiscovery,
  type AcademyNodeInfo,
  type DiscoveryOptions,
  discoveryDefaults,
} from '../../../runtime/mesh/AcademyNodeDiscovery.js';
import { AcademySmartEventRouter } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { EventPublisher, type TransportLookup } from '../../../runtime/mesh/EventPublisher.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { ReplayWindow } from '../../../runtime/mesh/ReplayWindow.js';
import { type ReceivePacket, receivePath } from '../../../runtime/mesh/receivePath.js';
import { SourceBudget } from '../../../runtime/mesh/SourceBudget.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { type AcademyEventName, requireEvent } from '../../../runtime/protocol/events.js';
import type { NodeId } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { type Packet, PacketSealer } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { NodeAnnounce } from '../../../runtime/protocol/schemas/node.js';
import { FakeTransport, identity, ManualClock, rememberingLog, settle } from './meshFixtures.js';

const codec = new MessageCodec();
const sealer = new PacketSealer('school', new Uint8Array(32).fill(1));

interface NodeOptions {
  /** Nodes of one segment hear each other's multicast. */
  readonly segment?: string;
  readonly training?: readonly string[];
  readonly rooms?: readonly string[];
  readonly alias?: string;
  readonly timings?: Partial<DiscoveryOptions>;
}

/** A simulated network: multicast within a segment, connections between any two nodes that run. */
class Net {
  readonly clock = new ManualClock();
  readonly nodes = new Map<NodeId, TestNode>();

  node(number: number, options: NodeOptions = {}): TestNode {
    return new TestNode(this, number, options);
  }

  multicast(from: TestNode, transport: string, packet: Uint8Array): void {
    for (const node of this.nodes.values()) {
      if (node.segment !== from.segment || !from.runs) continue;
      void settle().then(() => node.runs && node.receive(packet, { transport, source: `10.0.0.${from.number}:4000` }));
    }
  }

  connect(from: TestNode, to: NodeId, packet: Uint8Array): boolean {
    const node = this.nodes.get(to);
    if (!node?.runs || !from.runs || !from.addresses.has(to)) return false;
    const source = `10.0.0.${from.number}:5${from.number}`;
    void settle().then(() =>
      node.receive(packet, { transport: 'tcp-reliable', source, authenticatedNode: from.nodeId }),
    );
    return true;
  }
}

class TestNode {
  readonly nodeId: NodeId;
  readonly discovery: AcademyNodeDiscovery;
  readonly counters = new MeshCounters();
  readonly addresses = new Map<NodeId, string>();
  readonly sent: AcademyEventName[] = [];
  readonly packets: Packet[] = [];
  readonly local: AcademyEventName[] = [];
  readonly lost: string[] = [];
  readonly connects: number[] = [];
  readonly segment: string;
  training: readonly string[];
  rooms: readonly string[];
  runs = true;
  readonly publisher: EventPublisher;
  readonly #receive: ReceivePacket;
  readonly number: number;

  constructor(net: Net, number: number, options: NodeOptions) {
    const self = identity(number);
    const { clock } = net;
    this.number = number;
    this.nodeId = self.nodeId;
    this.segment = options.segment ?? 'lan';
    this.training = options.training ?? [];
    this.rooms = options.rooms ?? [];
    net.nodes.set(self.nodeId, this);
    const log = new RateLimitedLog(rememberingLog().log, clock);
    // Only streams carry proofs, and these nodes send single datagrams.
    const router = new AcademySmartEventRouter({ proofOfSource: { 'academy.genome.*': false } });
    this.publisher = new EventPublisher({
      nodeId: self.nodeId,
      router,
      writer: new PacketWriter(self.nodeId, sealer, clock, seededRandom(number)),
      transports: this.#transports(net),
      peers: {
        all: () => this.discovery.all(),
        beyondMulticast: () => this.discovery.beyondMulticast(),
      },
      counters: this.counters,
      log,
      deliverLocal: (header) => {
        const name = [...(['academy.node.discovered', 'academy.training.signal'] as const)].find(
          (each) => requireEvent(each).id === header.eventId,
        );
        if (name) this.local.push(name);
      },
    });
    this.discovery = new AcademyNodeDiscovery({
      identity: self,
      alias: options.alias ?? `node-${number}`,
      academyId: 'school',
      clock,
      random: seededRandom(number),
      codec,
      counters: this.counters,
      log,
      publish: (event) => {
        if (event.network) this.sent.push(event.name);
        return this.publisher.publish(event);
      },
      describe: () => ({
        capabilities: { training: [...this.training], genomes: [], personas: ['p1'], specializations: [] },
        rooms: this.rooms,
      }),
      capacity: () => ({ cpuLoadRatio: 0.5, memoryFreeBytes: 1.5, storageFreeBytes: -1, slotsFree: Number.NaN }),
      network: () => ({ host: '127.0.0.1', trainingPort: 1, genomePort: 2, collaborationPort: 4_000 + number }),
      reliable: {
        setPeer: ({ nodeId, host, port }) => void this.addresses.set(nodeId, `${host}:${port}`),
        forgetPeer: (nodeId) => void this.addresses.delete(nodeId),
      },
      connectStatic: async (_host, port) => {
        this.connects.push(clock.monotonicMs());
        const node = [...net.nodes.values()].find((each) => each.number + 4_000 === port);
        if (!node?.runs) throw new Error('ECONNREFUSED');
        this.addresses.set(node.nodeId, 'dialled');
        return node.nodeId;
      },
      ...(options.timings ? { options: options.timings } : {}),
    });
    this.discovery.events.on('lost', (node, reason) => this.lost.push(`${node.alias} ${reason}`));
    this.#receive = receivePath({
      nodeId: self.nodeId,
      clock,
      budget: new SourceBudget(clock),
      sealer,
      replays: new ReplayWindow(),
      router,
      counters: this.counters,
      log,
      deliver: (header, payload, from) => {
        this.packets.push({ header, payload: Uint8Array.from(payload) });
        return this.discovery.deliver(header, payload, from);
      },
    });
  }

  receive(...packet: Parameters<ReceivePacket>): void {
    this.#receive(...packet);
  }

  /** As kill -9 does it. */
  die(): void {
    this.runs = false;
  }

  knows(): string[] {
    return this.discovery
      .nodes()
      .filter(({ self }) => !self)
      .map(({ alias }) => alias)
      .sort();
  }

  info(alias: string): AcademyNodeInfo | undefined {
    return this.discovery.nodes().find((node) => node.alias === alias);
  }

  #transports(net: Net): TransportLookup {
    const group = new FakeTransport('group', 'training', []);
    return {
      has: () => true,
      get: (name) =>
        Object.assign(Object.create(group) as FakeTransport, {
          send: async (packet: Uint8Array, nodes?: readonly NodeId[]) => {
            if (name !== 'tcp-reliable') net.multicast(this, name, packet);
            const reached = nodes?.map((node) => net.connect(this, node, packet)) ?? [true];
            const success = reached.some((each) => each);
            return { success, receipt: success ? 'sent' : 'failed', bytes: packet.length };
          },
        }),
    };
  }
}

async function stopAll(...nodes: TestNode[]): Promise<void> {
  for (const node of nodes) await node.discovery.stop();
}

t.test('two nodes of one network find each other within two seconds', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1, { rooms: ['algebra'] }), net.node(2)];
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(2_000);
  t.strictSame(a.knows(), ['node-2']);
  t.match(b.info('node-1'), {
    nodeId: a.nodeId,
    self: false,
    reach: 'multicast',
    rooms: ['algebra'],
    network: {
      host: '10.0.0.1',
      collaborationPort: 4_001,
      capacity: { memoryFreeBytes: 1, storageFreeBytes: 0, slotsFree: 0 },
    },
  });
  t.equal(a.addresses.get(b.nodeId), '10.0.0.2:4002', 'and know how to connect');
  t.match(a.discovery.nodes()[0], { self: true, nodeId: a.nodeId, alias: 'node-1', reach: 'self' });
  await stopAll(a, b);
});

t.test('a node that is found is told of once on its finder’s node', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  const found: string[] = [];
  a.discovery.events.on('discovered', ({ alias }) => found.push(alias));
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(10_000);
  t.strictSame(found, ['node-2']);
  t.strictSame(a.local, ['academy.node.discovered']);
  t.equal(a.sent.filter((name) => name === 'academy.node.discovery').length, 4, 'it asked a few times, then no more');
  await stopAll(a, b);
});

t.test('a node that says goodbye is gone at once, one that dies after the expiry', async (t) => {
  const net = new Net();
  const [a, b, c] = [net.node(1), net.node(2), net.node(3)];
  for (const node of [a, b, c]) node.discovery.start();
  await net.clock.advance(2_000);
  t.strictSame(a.knows(), ['node-2', 'node-3']);
  await b.discovery.stop();
  await net.clock.advance(10);
  t.strictSame(a.lost, ['node-2 goodbye']);
  c.die();
  await net.clock.advance(discoveryDefaults.expiryMs - discoveryDefaults.announceMs);
  t.strictSame(a.knows(), ['node-3'], 'it may only be slow');
  await net.clock.advance(discoveryDefaults.announceMs + discoveryDefaults.expiryMs / 8);
  t.strictSame(a.lost, ['node-2 goodbye', 'node-3 silent']);
  t.notOk(a.addresses.has(c.nodeId));
  await stopAll(a, b, c);
  t.equal(a.discovery.nodes().length, 1);
});

t.test('discovery stops its timers', async (t) => {
  const net = new Net();
  const a = net.node(1);
  a.discovery.start();
  const asked = a.discovery.discoverAcademyNodes({ windowMs: 5_000 });
  const searched = a.discovery.findNodesWithCapability('algebra');
  await net.clock.advance(100);
  await a.discovery.stop();
  await a.discovery.stop();
  t.equal(net.clock.timers, 0);
  t.strictSame(await Promise.all([asked, searched]), [[], []], 'and whoever waited is answered');
});

t.test('a change in what a node tells is noticed', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  const changes: string[][] = [];
  a.discovery.events.on('changed', ({ capabilities }) => changes.push([...capabilities.training]));
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(5_000);
  b.training = ['algebra'];
  await net.clock.advance(5_000);
  t.strictSame(changes, [['algebra']]);
  await stopAll(a, b);
});

t.test('discoverAcademyNodes resolves with those who have answered in the window', async (t) => {
  const net = new Net();
  const [a, b, c] = [net.node(1), net.node(2), net.node(3, { segment: 'elsewhere' })];
  for (const node of [b, c]) node.discovery.start();
  const answered = a.discovery.discoverAcademyNodes({ windowMs: 200 });
  await net.clock.advance(200);
  t.match(await answered, [{ alias: 'node-2' }]);
  await stopAll(b, c);
});

t.test('a node with a capability that is known costs no packet', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2, { training: ['algebra'] })];
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(2_000);
  const before = a.sent.length;
  t.match(await a.discovery.findNodesWithCapability('algebra'), [{ alias: 'node-2' }]);
  t.equal(a.sent.length, before);
  await stopAll(a, b);
});

t.test('a capability that nobody told of is asked for, and then remembered', async (t) => {
  const net = new Net();
  const [a, b, c] = [net.node(1), net.node(2), net.node(3)];
  for (const node of [a, b, c]) node.discovery.start();
  await net.clock.advance(2_000);
  b.training = ['algebra'];
  const found = a.discovery.findNodesWithCapability('algebra');
  await net.clock.advance(300);
  t.match(await found, [{ alias: 'node-2' }]);
  const before = a.sent.length;
  t.match(await a.discovery.findNodesWithCapability('algebra'), [{ alias: 'node-2' }]);
  t.equal(a.sent.length, before);
  await stopAll(a, b, c);
});

t.test('a question that was lost is asked again', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  for (const node of [a, b]) node.discovery.start();
  await net.clock.advance(2_000);
  b.training = ['algebra'];
  b.runs = false;
  const found = a.discovery.findNodesWithCapability('algebra');
  await net.clock.advance(400);
  b.runs = true;
  await net.clock.advance(400);
  await net.clock.advance(400);
  t.match(await found, [{ alias: 'node-2' }]);
  await stopAll(a, b);
});

t.test('a capability that nobody has gives an empty list at the timeout', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(2_000);
  const startedAtMs = net.clock.monotonicMs();
  let tookMs = 0;
  const found = a.discovery.findNodesWithCapability('algebra').finally(() => {
    tookMs = net.clock.monotonicMs() - startedAtMs;
  });
  await net.clock.advance(6_000);
  t.strictSame(await found, []);
  t.equal(tookMs, 5_000);
  await stopAll(a, b);
});

t.test('nodes that multicast does not reach meet through a peer by address, and all of them meet', async (t) => {
  const net = new Net();
  const [a, b, c, d] = [
    net.node(1),
    net.node(2),
    net.node(3, { segment: 'cloud' }),
    net.node(4, { segment: 'container' }),
  ];
  for (const node of [a, b, c, d]) node.discovery.start();
  c.discovery.addStaticPeer('10.0.0.1', 4_001);
  d.discovery.addStaticPeer('10.0.0.3', 4_003);
  await net.clock.advance(4_000);
  t.strictSame(a.knows(), ['node-2', 'node-3', 'node-4']);
  t.strictSame(b.knows(), ['node-1', 'node-3', 'node-4']);
  t.strictSame(c.knows(), ['node-1', 'node-2', 'node-4']);
  t.strictSame(d.knows(), ['node-1', 'node-2', 'node-3']);
  t.strictSame([...a.discovery.beyondMulticast()].sort(), [c.nodeId, d.nodeId].sort());
  await net.clock.advance(30_000);
  t.strictSame(b.knows(), ['node-1', 'node-3', 'node-4'], 'and they stay known');

  const signal = requireEvent('academy.training.signal');
  d.packets.length = 0;
  const receipt = await b.publisher.publish({
    name: 'academy.training.signal',
    eventId: signal.id,
    topic: 1,
    payload: codec.encode({}),
    priority: 'normal',
    network: true,
  });
  await net.clock.advance(50);
  t.equal(receipt.transport, 'academy-training');
  t.equal(d.packets.filter(({ header }) => header.eventId === signal.id).length, 1, 'what is said reaches them once');

  await c.discovery.stop();
  await net.clock.advance(50);
  t.notOk(d.knows().includes('node-3'), 'a goodbye does too');
  await stopAll(a, b, d);
});

t.test('introductions do not run in circles', async (t) => {
  const net = new Net();
  const crowd = Array.from({ length: 12 }, (_, index) => net.node(10 + index));
  const outsider = net.node(9, { segment: 'cloud' });
  for (const node of [...crowd, outsider]) node.discovery.start();
  outsider.discovery.addStaticPeer('10.0.0.10', 4_010);
  await net.clock.advance(10_000);
  t.equal(outsider.knows().length, 12);
  const before = crowd.reduce((sum, node) => sum + node.sent.length, 0);
  await net.clock.advance(10 * discoveryDefaults.announceMs);
  const perPeriod = (crowd.reduce((sum, node) => sum + node.sent.length, 0) - before) / crowd.length / 10;
  t.ok(perPeriod < 1.2, `${perPeriod} introductions a node and period`);
  await stopAll(...crowd, outsider);
});

t.test('a peer by address is tried again with growing pauses, and again when it is lost', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1, { segment: 'cloud' }), net.node(2)];
  b.runs = false;
  a.discovery.start();
  a.discovery.addStaticPeer('gateway', 4_002);
  a.discovery.addStaticPeer('gateway', 4_002);
  await net.clock.advance(60_000);
  const pauses = a.connects.slice(1).map((atMs, index) => atMs - (a.connects[index] ?? 0));
  t.ok(pauses.length >= 5 && pauses.length < 14, `${pauses.length} further attempts in a minute`);
  t.ok((pauses.at(-1) ?? 0) > (pauses[0] ?? 0) * 8);
  b.runs = true;
  b.discovery.start();
  await net.clock.advance(31_000);
  t.strictSame(a.knows(), ['node-2']);
  t.equal(a.addresses.get(b.nodeId), 'gateway:4002', 'the address that was given stands');
  b.die();
  await net.clock.advance(10_000);
  t.strictSame(a.lost, ['node-2 silent']);
  b.runs = true;
  await net.clock.advance(31_000);
  t.strictSame(a.knows(), ['node-2']);
  await stopAll(a, b);
});

t.test('nobody can introduce somebody else', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  const mallory = new PacketWriter(identity(5).nodeId, sealer, net.clock, seededRandom(5));
  b.discovery.start();
  await net.clock.advance(1);
  const [genuine] = a.packets;
  const told = codec.decode(genuine?.payload ?? new Uint8Array()) as NodeAnnounce;
  const forgeries: [string, Partial<NodeAnnounce>, string][] = [
    ['another address', { network: { ...told.network, collaborationPort: 666 } }, 'forged-source'],
    ['another key', { publicKey: identity(5).publicKey }, 'forged-source'],
    ['another node', { nodeId: identity(6).nodeId }, 'forged-source'],
    ['another academy', { academyId: 'other' }, 'foreign-academy'],
    ['a goodbye', { kind: 'goodbye' }, 'forged-source'],
  ];
  for (const [index, [name, changes, reason]] of forgeries.entries()) {
    const before = a.counters.snapshot().drops[reason as 'forged-source'] ?? 0;
    const event = requireEvent('kind' in changes ? 'academy.node.announce' : 'academy.node.discovery');
    const payload = codec.encode({ ...told, timestamp: told.timestamp + 1 + index, ...changes });
    const header = mallory.header({ eventId: event.id, channel: 'training', priority: 'normal', topic: 0 });
    a.receive(mallory.seal(header, payload), { transport: 'academy-training', source: '10.0.0.5:4000' });
    t.equal(a.counters.snapshot().drops[reason as 'forged-source'], before + 1, name);
  }
  t.strictSame(a.knows(), ['node-2']);
  t.equal(a.addresses.get(b.nodeId), '10.0.0.2:4002');
  await stopAll(a, b);
});

t.test('an introduction that was recorded is not believed again', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  b.discovery.start();
  await net.clock.advance(50);
  const [recorded] = a.packets;
  await b.discovery.stop();
  await net.clock.advance(50);
  t.strictSame(a.knows(), []);
  const mallory = new PacketWriter(identity(5).nodeId, sealer, net.clock, seededRandom(5));
  const event = requireEvent('academy.node.discovery');
  const header = mallory.header({ eventId: event.id, channel: 'training', priority: 'normal', topic: 0 });
  a.receive(mallory.seal(header, recorded?.payload ?? new Uint8Array()), {
    transport: 'academy-training',
    source: '10.0.0.5:4000',
  });
  t.strictSame(a.knows(), []);
  t.match(a.counters.snapshot().drops, { replayed: 1 });
});

t.test('an answer in somebody else’s name does not count', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  for (const node of [a, b]) node.discovery.start();
  await net.clock.advance(2_000);
  const mallory = new PacketWriter(identity(5).nodeId, sealer, net.clock, seededRandom(5));
  const found = a.discovery.findNodesWithCapability('algebra', { timeoutMs: 1_000 });
  await net.clock.advance(10);
  const query = b.packets.find(({ header }) => header.eventId === requireEvent('academy.capability.query').id);
  const { requestId } = codec.decode(query?.payload ?? new Uint8Array()) as { requestId: string };
  const response = {
    requestId,
    academyId: 'school',
    nodeId: b.nodeId,
    capability: 'algebra',
    personas: [],
    timestamp: net.clock.nowMs(),
  };
  const { id } = requireEvent('academy.capability.response');
  const header = mallory.header({ eventId: id, channel: 'evolution', priority: 'normal', topic: 0 });
  a.receive(mallory.seal(header, codec.encode(response)), { transport: 'academy-evolution', source: '10.0.0.5:1' });
  await net.clock.advance(1_000);
  t.strictSame(await found, []);
  t.match(a.counters.snapshot().drops, { 'forged-source': 1 });
  await stopAll(a, b);
});

t.test('reputation comes from what was seen, never from what is said', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  for (const node of [a, b]) node.discovery.start();
  await net.clock.advance(10_000);
  t.match(a.info('node-2')?.reputation, {
    trainingQuality: null,
    collaborationScore: null,
    genomeContributions: 0,
    uptimeRatio: 1,
  });
  const share = requireEvent('academy.genome.share');
  await b.publisher.publish({
    name: share.name,
    eventId: share.id,
    topic: 0,
    payload: codec.encode({}),
    priority: 'normal',
    network: true,
  });
  a.discovery.addEvidence(b.nodeId, 'training', 1);
  a.discovery.addEvidence(b.nodeId, 'training', 0.5);
  b.runs = false;
  await net.clock.advance(5_000);
  b.runs = true;
  await net.clock.advance(3_000);
  const reputation = a.info('node-2')?.reputation;
  t.match(reputation, { trainingQuality: 0.75, genomeContributions: 1, evidence: { trainingJudged: 2 } });
  t.ok((reputation?.uptimeRatio ?? 1) < 1, 'announces that were missed count');
  await stopAll(a, b);
});

t.test('a node is resolved by id or alias, and an ambiguous alias is an error that names the ids', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2, { alias: 'bee' })];
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(2_000);
  t.equal(a.discovery.resolve('bee'), b.nodeId);
  t.equal(a.discovery.resolve('node-1'), a.nodeId);
  t.ok(a.discovery.isSelf('node-1') && a.discovery.isSelf(a.nodeId) && !a.discovery.isSelf('bee'));
  t.equal(a.discovery.resolve(identity(9).nodeId), identity(9).nodeId);
  t.throws(() => a.discovery.resolve('wasp'), { code: 'ERR_ACADEMY_NODE_UNKNOWN' });
  const c = net.node(3, { alias: 'bee' });
  c.discovery.start();
  await net.clock.advance(2_000);
  t.throws(() => a.discovery.resolve('bee'), { code: 'ERR_ACADEMY_NODE_UNKNOWN', message: new RegExp(c.nodeId) });
  await stopAll(a, b, c);
});

t.test('a node cannot be called like a word of the path grammar', async (t) => {
  const net = new Net();
  for (const alias of ['academy', 'commands', '', 'x'.repeat(limits.idCharactersMax + 1)]) {
    t.throws(() => net.node(1, { alias }), { code: 'ERR_ACADEMY_CONFIG_INVALID' }, alias.slice(0, 10));
  }
});

t.test('an introduction fits a datagram, however much a node has to tell', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1, { rooms: Array.from({ length: 500 }, (_, index) => `room-${index}`) }), net.node(2)];
  a.training = Array.from({ length: 300 }, (_, index) => `a capability with a long name, number ${index}`);
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(2_000);
  t.equal(b.info('node-1')?.reach, 'multicast');
  t.ok((b.info('node-1')?.rooms.length ?? 0) > 10, 'some of it is told');
  const found = b.discovery.findNodesWithCapability('a capability with a long name, number 299');
  await net.clock.advance(300);
  t.match(await found, [{ alias: 'node-1' }], 'and what was cut is found by asking');
  await stopAll(a, b);
});

t.test('a listener that throws harms nobody', async (t) => {
  const net = new Net();
  const [a, b] = [net.node(1), net.node(2)];
  a.discovery.events.on('discovered', () => {
    throw new AcademyError('ERR_ACADEMY_STORE', 'disk full');
  });
  a.discovery.start();
  b.discovery.start();
  await net.clock.advance(1_000);
  t.strictSame(a.knows(), ['node-2']);
  t.equal(a.counters.snapshot().handlerFailures, 1);
  await stopAll(a, b);
});
