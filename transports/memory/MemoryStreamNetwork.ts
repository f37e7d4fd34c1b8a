/**
 * The network of a stream inside one process: what UdpGroupSockets is on a real one, over a MemoryNetwork. Each slot is
 * a datagram that is lost, late or doubled by itself; what arrives in the same moment from one sender is handed over in
 * one piece, as a kernel with receive offload does.
 */
import type { Clock } from '../../runtime/protocol/Clock.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import type { StreamAddress } from '../../runtime/protocol/streams.js';
import type { StreamMessageHandler, StreamNetwork } from '../udp/stream/StreamNetwork.js';
import type { DatagramMember, MemoryNetwork } from './MemoryNetwork.js';

export interface MemoryStreamNetworkOptions {
  readonly network: MemoryNetwork;
  readonly nodeId: NodeId;
  readonly group: string;
  /** 46 as with segment offload, 1 as without. @default 46 */
  readonly runSlotsMax?: number;
  /** @default 1024 */
  readonly receiveSlots?: number;
}

/** Datagrams of one sender that have come in this moment. */
interface Batch {
  readonly from: NodeId;
  readonly datagrams: Uint8Array[];
}

export class MemoryStreamNetwork implements StreamNetwork {
  readonly runSlotsMax: number;
  readonly receiveSlots: number;
  readonly #network: MemoryNetwork;
  readonly #clock: Clock;
  readonly #nodeId: NodeId;
  readonly #group: string;
  readonly #members: [group: string, member: DatagramMember][] = [];
  #batch: Batch | null = null;
  #isClosed = false;

  constructor({ network, nodeId, group, runSlotsMax = 46, receiveSlots = 1_024 }: MemoryStreamNetworkOptions) {
    this.#network = network;
    this.#clock = network.clock;
    this.#nodeId = nodeId;
    this.#group = `stream ${group}`;
    this.runSlotsMax = runSlotsMax;
    this.receiveSlots = receiveSlots;
  }

  sendToGroup(pieces: readonly Buffer[], slotBytes: number, done: (fault: Error | null) => void): void {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += slotBytes) {
        const datagram = new Uint8Array(piece.subarray(at, Math.min(piece.length, at + slotBytes)));
        if (!this.#isClosed) this.#network.broadcast(this.#group, this.#nodeId, datagram);
      }
    }
    this.atEndOfTurn(() => done(null));
  }

  sendTo({ host }: StreamAddress, datagram: Buffer): void {
    if (!this.#isClosed) this.#network.broadcast(directGroup(host as NodeId), this.#nodeId, new Uint8Array(datagram));
  }

  onGroupMessage(handler: StreamMessageHandler): void {
    this.#join(this.#group, (bytes, from) => {
      if (this.#batch?.from === from) {
        this.#batch.datagrams.push(bytes);
        return;
      }
      const batch: Batch = { from, datagrams: [bytes] };
      this.#batch = batch;
      this.atEndOfTurn(() => {
        if (this.#batch === batch) this.#batch = null;
        if (!this.#isClosed) handler(Buffer.concat(batch.datagrams), addressOf(from));
      });
    });
  }

  onDirectMessage(handler: StreamMessageHandler): void {
    this.#join(directGroup(this.#nodeId), (bytes, from) => handler(Buffer.from(bytes), addressOf(from)));
  }

  atEndOfTurn(callback: () => void): void {
    this.#clock.setTimeout(callback, 0);
  }

  close(): void {
    this.#isClosed = true;
    for (const [group, member] of this.#members) this.#network.leave(group, member);
  }

  #join(group: string, receive: DatagramMember['receive']): void {
    const member: DatagramMember = { nodeId: this.#nodeId, receive };
    this.#members.push([group, member]);
    this.#network.join(group, member);
  }
}

/** A group of one stands for an address. */
function directGroup(nodeId: NodeId): string {
  return `stream-direct ${nodeId}`;
}

function addressOf(nodeId: NodeId): StreamAddress {
  return { host: nodeId, port: 1 };
}
