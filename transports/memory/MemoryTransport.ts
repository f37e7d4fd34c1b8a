/**
 * A multicast group without sockets: what AcademyUDPTransport is on a real network, over a MemoryNetwork. A packet may
 * be lost, late, doubled or out of order, and its sender hears it too.
 */
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import type {
  PacketHandler,
  Transport,
  TransportSendResult,
  TransportStats,
} from '../../runtime/protocol/Transport.js';
import { sendAfterStop, sendTooLarge } from '../failures.js';
import { sentToGroup } from '../sentToGroup.js';
import type { GroupChannel } from '../udp/groupAddresses.js';
import type { DatagramMember, MemoryNetwork } from './MemoryNetwork.js';

export interface MemoryTransportOptions {
  readonly network: MemoryNetwork;
  readonly nodeId: NodeId;
  readonly channel: GroupChannel;
  /** The name in the routing table. @default `academy-${channel}` */
  readonly name?: string;
}

export class MemoryTransport implements Transport {
  readonly name: string;
  readonly channel: GroupChannel;
  readonly packetBytesMax = limits.datagramBytesMax;
  readonly #network: MemoryNetwork;
  readonly #nodeId: NodeId;
  readonly #stats = { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  #member: DatagramMember | null = null;

  constructor({ network, nodeId, channel, name = `academy-${channel}` }: MemoryTransportOptions) {
    this.#network = network;
    this.#nodeId = nodeId;
    this.channel = channel;
    this.name = name;
  }

  async start(handler: PacketHandler): Promise<void> {
    if (this.#member) throw new AcademyError('ERR_ACADEMY_TRANSPORT_START', `${this.name} is running already`);
    this.#member = {
      nodeId: this.#nodeId,
      receive: (bytes, from) => {
        this.#stats.packetsReceived += 1;
        this.#stats.bytesReceived += bytes.length;
        handler(bytes, { transport: this.name, source: `memory:${from}` });
      },
    };
    this.#network.join(this.channel, this.#member);
  }

  async stop(): Promise<void> {
    if (this.#member) this.#network.leave(this.channel, this.#member);
    this.#member = null;
  }

  /** To the group; `nodes` is ignored, as with multicast. */
  async send(packet: Uint8Array, _nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    if (!this.#member) return this.#refuse(sendAfterStop(this.name));
    if (packet.length > this.packetBytesMax) {
      return this.#refuse(sendTooLarge(this.name, packet.length, this.packetBytesMax));
    }
    this.#stats.packetsSent += 1;
    this.#stats.bytesSent += packet.length;
    this.#network.broadcast(this.channel, this.#nodeId, new Uint8Array(packet));
    return sentToGroup(this.channel, packet.length);
  }

  stats(): TransportStats {
    return { ...this.#stats };
  }

  #refuse(result: TransportSendResult): TransportSendResult {
    this.#stats.sendErrors += 1;
    return result;
  }
}
