/**
 * The control datagrams of a publisher: made here, signed where only the publisher itself may say so, sealed with the
 * academy's tag, and sent to the group or to one receiver.
 */
import { type NodeIdentity, signatureBytes } from '../../../../runtime/protocol/identity.js';
import type { StreamAddress } from '../../../../runtime/protocol/streams.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamSeal } from '../StreamSeal.js';
import { type DatagramKind, streamTagBytes, writePrefix } from '../streamDatagrams.js';

/** Bytes behind what is said in a signed datagram. */
export const signedEndBytes = signatureBytes + streamTagBytes;

export interface PublisherVoiceParts {
  readonly network: StreamNetwork;
  readonly identity: NodeIdentity;
  readonly seal: StreamSeal;
  readonly session: Buffer;
}

export class PublisherVoice {
  readonly #parts: PublisherVoiceParts;

  constructor(parts: PublisherVoiceParts) {
    this.#parts = parts;
  }

  /** @returns zeros behind the prefix */
  datagram(bytes: number, kind: DatagramKind): Buffer {
    const datagram = Buffer.alloc(bytes);
    writePrefix(datagram, 0, kind, this.#parts.session);
    return datagram;
  }

  /** Signs all that stands before `signedEndBytes`. */
  sign(datagram: Buffer): void {
    this.#signAt(datagram, datagram.length - signedEndBytes);
  }

  toGroup(datagram: Buffer): void {
    this.#parts.seal.sealControl(datagram);
    this.#send(datagram);
  }

  /** A setup is signed behind its tag: the academy's members check the tag first, which costs less. */
  setupToGroup(setup: Buffer, tagAt: number): void {
    this.#parts.seal.sealControl(setup, tagAt);
    this.#signAt(setup, setup.length - signatureBytes);
    this.#send(setup);
  }

  to(address: StreamAddress, datagram: Buffer): void {
    this.#parts.seal.sealControl(datagram);
    this.#parts.network.sendTo(address, datagram);
  }

  #signAt(datagram: Buffer, signedBytes: number): void {
    datagram.set(this.#parts.identity.sign(datagram.subarray(0, signedBytes)), signedBytes);
  }

  #send(datagram: Buffer): void {
    this.#parts.network.sendToGroup([datagram], datagram.length, ignoreFault);
  }
}

/** What is sent in vain is sent again: heartbeats and setups come by the clock. */
const ignoreFault = (): void => {};
