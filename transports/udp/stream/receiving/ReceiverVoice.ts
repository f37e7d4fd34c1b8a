/**
 * The control datagrams of a receiver to one publisher: each bears its id, the token of its membership, and (statuses
 * and requests) a count that grows, so that recorded ones say nothing.
 */
import type { StreamAddress } from '../../../../runtime/protocol/streams.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamSeal } from '../StreamSeal.js';
import { type DatagramKind, prefixBytes, writePrefix } from '../streamDatagrams.js';

export interface ReceiverVoiceParts {
  readonly network: StreamNetwork;
  readonly seal: StreamSeal;
  readonly session: Buffer;
  readonly receiverId: Buffer;
  /** Of the publisher. */
  readonly address: StreamAddress;
}

export class ReceiverVoice {
  readonly #parts: ReceiverVoiceParts;
  #token = 0;
  /** Of the statuses and requests of this membership. */
  #count = 0;

  constructor(parts: ReceiverVoiceParts) {
    this.#parts = parts;
  }

  get token(): number {
    return this.#token;
  }

  /** The same membership goes on counting. */
  becomeMember(token: number): void {
    if (token !== this.#token) this.#count = 0;
    this.#token = token;
  }

  /** Of somebody that is no member yet. @returns zeros behind the id */
  datagram(bytes: number, kind: DatagramKind): Buffer {
    const datagram = Buffer.alloc(bytes);
    writePrefix(datagram, 0, kind, this.#parts.session);
    this.#parts.receiverId.copy(datagram, prefixBytes);
    return datagram;
  }

  /** Of a member. @returns zeros behind the token */
  memberDatagram(bytes: number, kind: DatagramKind): Buffer {
    const datagram = this.datagram(bytes, kind);
    datagram.writeUInt32BE(this.#token, 20);
    return datagram;
  }

  /** A status or a request. @returns zeros behind the count */
  countedDatagram(bytes: number, kind: DatagramKind): Buffer {
    const datagram = this.memberDatagram(bytes, kind);
    datagram.writeUInt32BE(++this.#count, 24);
    return datagram;
  }

  send(datagram: Buffer): void {
    this.#parts.seal.sealControl(datagram);
    this.#parts.network.sendTo(this.#parts.address, datagram);
  }
}
