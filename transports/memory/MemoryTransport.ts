/**
 * A multicast group without sockets: what AcademyUDPTransport is on a real network, over a MemoryNetwork. A packet may
 * be lost, late, doubled or out of order, and its sender hears it too; streams bear all of that, as they do on UDP.
 */
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import type {
  ConsumeStream,
  OutgoingStream,
  OutgoingStreamOptions,
  StreamingTransport,
} from '../../runtime/protocol/streams.js';
import type { PacketHandler, TransportSendResult, TransportStats } from '../../runtime/protocol/Transport.js';
import { sendAfterStop, sendTooLarge } from '../failures.js';
import { sentToGroup } from '../sentToGroup.js';
import type { GroupChannel } from '../udp/groupAddresses.js';
import { GroupStreams, type StreamKeys } from '../udp/stream/GroupStreams.js';
import type { DatagramMember, MemoryNetwork } from './MemoryNetwork.js';
import { MemoryStreamNetwork } from './MemoryStreamNetwork.js';

export interface MemoryTransportOptions {
  readonly network: MemoryNetwork;
  readonly nodeId: NodeId;
  readonly channel: GroupChannel;
  /** The name in the routing table. @default `academy-${channel}` */
  readonly name?: string;
  readonly streams?: StreamKeys;
}

export class MemoryTransport implements StreamingTransport {
  readonly name: string;
  readonly channel: GroupChannel;
  readonly packetBytesMax = limits.datagramBytesMax;
  readonly #network: MemoryNetwork;
  readonly #nodeId: NodeId;
  readonly #stats = { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  readonly #keys: StreamKeys | undefined;
  #member: DatagramMember | null = null;
  #streamNetwork: MemoryStreamNetwork | null = null;
  #streams: GroupStreams | null = null;
  #consume: ConsumeStream = () => null;

  constructor({ network, nodeId, channel, name = `academy-${channel}`, streams }: MemoryTransportOptions) {
    this.#keys = streams;
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
    if (this.#keys) this.#startStreams(this.#keys);
  }

  async stop(): Promise<void> {
    if (this.#member) this.#network.leave(this.channel, this.#member);
    this.#member = null;
    this.#streams?.stop();
    this.#streams = null;
    this.#streamNetwork?.close();
  }

  openStream(options: OutgoingStreamOptions): OutgoingStream {
    if (this.#streams) return this.#streams.open(options);
    const why = this.#keys ? 'is not running' : 'has no streams';
    throw new AcademyError('ERR_ACADEMY_NODE_STOPPED', `${this.name} ${why}`);
  }

  onStream(consume: ConsumeStream): void {
    this.#consume = consume;
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

  #startStreams(keys: StreamKeys): void {
    const network = this.#network;
    const streamNetwork = new MemoryStreamNetwork({ network, nodeId: this.#nodeId, group: this.channel });
    const streams = new GroupStreams(streamNetwork, keys, network.clock, (source) => this.#consume(source));
    streamNetwork.onGroupMessage((bytes, from) => streams.receiveFromGroup(bytes, from));
    streamNetwork.onDirectMessage((bytes, from) => streams.receiveDirect(bytes, from));
    this.#streamNetwork = streamNetwork;
    this.#streams = streams;
  }

  #refuse(result: TransportSendResult): TransportSendResult {
    this.#stats.sendErrors += 1;
    return result;
  }
}
