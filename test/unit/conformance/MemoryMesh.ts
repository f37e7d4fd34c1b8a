/** Nodes with everything between a socket and a listener, on a network in memory that doubles each datagram. */
import type { AcademyEventSystem } from '../../../runtime/mesh/AcademyEventSystem.js';
import { AcademySmartEventRouter } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import type { AdminCapability } from '../../../runtime/mesh/AdminCapability.js';
import { identityFromSeed, type NodeId } from '../../../runtime/protocol/identity.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { PacketSealer } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { MemoryNetwork } from '../../../transports/memory/MemoryNetwork.js';
import { MemoryReliableTransport, memoryHost } from '../../../transports/memory/MemoryReliableTransport.js';
import { MemoryTransport } from '../../../transports/memory/MemoryTransport.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';
import { TransportFactory } from '../../../transports/TransportFactory.js';
import { wireEvents } from '../../support/wireEvents.js';

const academyId = 'default';
/** Only streams carry proofs, and these nodes send single datagrams. */
const unprovable = { 'academy.persona.*': false, 'academy.genome.*': false, 'academy.lora.*': false };

/** Counts how often a payload is translated. */
class CountingCodec extends MessageCodec {
  encoded = 0;
  decoded = 0;

  override encode(value: unknown): Uint8Array {
    this.encoded += 1;
    return super.encode(value);
  }

  override decode(bytes: Uint8Array): unknown {
    this.decoded += 1;
    return super.decode(bytes);
  }
}

export interface MemoryNode {
  readonly nodeId: NodeId;
  readonly events: AcademyEventSystem;
  readonly admin: AdminCapability;
  readonly codec: CountingCodec;
}

export class MemoryMesh {
  readonly clock = new VirtualClock();
  readonly router = new AcademySmartEventRouter({ proofOfSource: unprovable });
  readonly nodes: MemoryNode[] = [];
  readonly #network = new MemoryNetwork({
    clock: this.clock,
    random: seededRandom(1),
    conditions: { duplicatePerMille: 1000 },
  });
  readonly #reliables: MemoryReliableTransport[] = [];
  readonly #factories: TransportFactory[] = [];

  static async open(count: number): Promise<MemoryMesh> {
    const mesh = new MemoryMesh();
    for (let number = 1; number <= count; number++) await mesh.#addNode(number);
    for (const one of mesh.#reliables) {
      for (const { nodeId, port } of mesh.#reliables) one.setPeer({ nodeId, host: memoryHost, port });
    }
    return mesh;
  }

  async close(): Promise<void> {
    for (const { events } of this.nodes) events.close();
    for (const factory of this.#factories) await factory.stopAll();
  }

  async #addNode(number: number): Promise<void> {
    const { clock, router } = this;
    const identity = identityFromSeed(new Uint8Array(32).fill(number));
    const { nodeId } = identity;
    const sealer = new PacketSealer(academyId, null);
    const codec = new CountingCodec();
    const transports = new TransportFactory();
    for (const channel of ['training', 'evolution', 'genome'] as const) {
      transports.register(new MemoryTransport({ network: this.#network, nodeId, channel }));
    }
    const reliable = new MemoryReliableTransport({ network: this.#network, identity, academyId, connectionKey: null });
    transports.register(reliable);
    const { events, admin, receive } = wireEvents({
      nodeId,
      clock,
      random: seededRandom(number),
      sealer,
      router,
      transports,
      peers: () => this.nodes.map((node) => node.nodeId).filter((id) => id !== nodeId),
      codec,
    });
    await transports.startAll((bytes, from) => void receive(bytes, from));
    this.#reliables.push(reliable);
    this.#factories.push(transports);
    this.nodes.push({ nodeId, events, admin, codec });
  }
}
