import t from 'tap';
import { introduce, isAuthentic } from '../../../runtime/mesh/NodeIntroduction.js';
import { PeerTable } from '../../../runtime/mesh/PeerTable.js';
import { isEventData } from '../../../runtime/protocol/events.js';
import type { NodeIdentity } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { packetHeaderBytes } from '../../../runtime/protocol/packet.js';
import type { NodeDiscovery } from '../../../runtime/protocol/schemas/node.js';
import { identity, startMs } from './meshFixtures.js';

const codec = new MessageCodec();

function introduction(of: NodeIdentity, changes: Partial<NodeDiscovery> = {}): NodeDiscovery {
  const about = {
    nodeId: of.nodeId,
    alias: 'ann',
    academyId: 'school',
    publicKey: of.publicKey,
    capabilities: { training: [], genomes: [], personas: [], specializations: [] },
    network: {
      host: '127.0.0.1',
      trainingPort: 1,
      genomePort: 2,
      collaborationPort: 3,
      uptimeMs: 0,
      capacity: { cpuLoadRatio: 0, memoryFreeBytes: 0, storageFreeBytes: 0, slotsFree: 0 },
    },
    rooms: [],
    timestamp: startMs,
    ...changes,
  };
  return introduce<NodeDiscovery>(of, about, codec);
}

t.test('an introduction is authentic after its way over the wire', async (t) => {
  const received = codec.decode(codec.encode(introduction(identity(1))));
  t.ok(isEventData('academy.node.discovery', received) && isAuthentic(received));
});

t.test('who signs properly, but with another key than that of the node, is not believed', async (t) => {
  const mallory = identity(5);
  t.notOk(isAuthentic(introduction(mallory, { nodeId: identity(6).nodeId })), 'its own key, another id');
  t.notOk(isAuthentic(introduction(mallory, { nodeId: identity(6).nodeId, publicKey: identity(6).publicKey })));
  t.ok(isAuthentic(introduction(identity(6))));
  t.notOk(isAuthentic(introduction(mallory, { nodeId: identity(6).nodeId })), 'also once the right key is known');
});

t.test('bytes that are no key are no reason to throw', async (t) => {
  const node = identity(7);
  t.notOk(isAuthentic({ ...introduction(node), publicKey: new Uint8Array(32) }));
  t.notOk(isAuthentic({ ...introduction(node), publicKey: new Uint8Array(3), signature: new Uint8Array(1) }));
});

t.test('an introduction of the longest lists fits a datagram and the schema', async (t) => {
  const many = (length: number): string[] => Array.from({ length: limits.listItemsMax }, () => 'é'.repeat(length));
  const capabilities = { training: many(512), genomes: many(128), personas: many(128), specializations: many(512) };
  const longest = introduction(identity(1), { capabilities, rooms: many(128), alias: 'x'.repeat(128) });
  t.ok(codec.encode(longest).length + packetHeaderBytes <= limits.datagramBytesMax);
  t.ok(isEventData('academy.node.discovery', longest) && isAuthentic(longest));
});

t.test('the same introduction is news once', async (t) => {
  const table = new PeerTable({ expiryMs: 7_000, announceMs: 2_000 }, () => {});
  const first = introduction(identity(1));
  t.ok(table.isNews(first));
  t.equal(table.introduce(first, new Uint8Array(), 0), 'new');
  t.notOk(table.isNews(first));
  const later = introduction(identity(1), { timestamp: startMs + 1 });
  t.ok(table.isNews(later));
  t.equal(table.introduce(later, new Uint8Array(), 0), 'same');
});

t.test('a full table makes room by letting the peer go that was silent longest', async (t) => {
  const evicted: string[] = [];
  const table = new PeerTable({ expiryMs: 7_000, announceMs: 2_000, peersMax: 2 }, (peer) => evicted.push(peer.nodeId));
  const [one, two, three] = [identity(1), identity(2), identity(3)];
  for (const node of [one, two]) table.introduce(introduction(node), new Uint8Array(), 0);
  table.heard(one.nodeId, true, false, 1);
  table.introduce(introduction(three), new Uint8Array(), 2);
  t.strictSame(evicted, [two.nodeId]);
  t.strictSame([...table.all()].sort(), [one.nodeId, three.nodeId].sort());
});
