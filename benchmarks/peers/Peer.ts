/**
 * A foreign message system, set up as its users set it up for messages that must not be lost. It carries messages;
 * what a message holds is the manner's affair (see SignalFraming). Peers pace themselves, each by its own means, and
 * hold no more than a bounded amount in memory.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { SignalNetwork } from '../multicast/SignalPath.js';

/** Bytes, or what the peer's users hand over without encoding it themselves. */
export type PeerMessage = Uint8Array | string | TrainingSignal;

export interface PeerPublisher {
  /** Takes one message; to be called only when it is not full. */
  send(message: PeerMessage): void;
  /** Whether one more message would only wait in memory. */
  readonly isFull: boolean;
  /** Resolves when it is not full, or may not be. */
  ready(): Promise<void>;
  /** Resolves when all messages have been handed to the system or the broker. */
  flush(): Promise<void>;
  /** Resolves when every receiver hears the publisher. */
  whenHeard(): Promise<void>;
  close(): Promise<void>;
}

export interface PeerReceiver {
  close(): Promise<void>;
}

/** Loads a package of benchmarks/peers/package.json; the caller states the little of it that it uses. */
export type LoadPackage = <T>(name: string) => Promise<T>;

export interface Peer {
  /** How its users encode one message: what its documentation shows. */
  readonly messages: 'json' | 'msgpackr' | 'objects';
  openPublisher(network: SignalNetwork, load: LoadPackage): Promise<PeerPublisher>;
  openReceiver(
    network: SignalNetwork,
    load: LoadPackage,
    onMessage: (message: PeerMessage) => void,
  ): Promise<PeerReceiver>;
}

/** The bytes of a message; for peers that carry text as bytes. */
export function bytesOf(message: PeerMessage): Uint8Array {
  if (typeof message === 'string') return Buffer.from(message);
  if (message instanceof Uint8Array) return message;
  throw new Error('this peer carries bytes, not objects');
}

export const loopback = '127.0.0.1';
/** Bytes that a peer may hold in memory before it is full. */
export const heldBytesMax = 1 << 20;
