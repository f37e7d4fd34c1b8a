/**
 * A way for training signals from one process to others: the object goes in here, and an equal object comes out
 * there. What lies between is what the benchmarks compare.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

/** Where the processes of one round meet. */
export interface SignalNetwork {
  readonly academyId: string;
  /** UDP port that the members share, or TCP port of the publisher or broker. */
  readonly port: number;
  /** Null in an open academy. */
  readonly datagramKey: Uint8Array | null;
  /** How many receivers there will be. */
  readonly receivers: number;
  /** Of 1000 datagrams, how many each receiver throws away as if the network had; only streams can bear it. */
  readonly lossPerMille?: number;
  /** Where the packages of foreign systems are; null for paths that need none. */
  readonly peersFolder: string | null;
}

export interface SignalPublisher {
  /** @returns false when the signal was not taken: offer it again after ready() */
  publish(signal: TrainingSignal): boolean;
  /** Resolves when it is worth offering a signal again. */
  ready(): Promise<void>;
  /** Resolves when everything that was taken has been handed to the system. */
  flush(): Promise<void>;
  /** Resolves when every receiver of the network hears what is published. */
  whenHeard(): Promise<void>;
  /** Signals that the system refused to take, after publish() had taken them. */
  readonly refused: number;
  close(): Promise<void>;
}

export interface SignalReceiver {
  /** Messages that came and were no signals. */
  readonly dropped: number;
  close(): Promise<void>;
}

export interface SignalPath {
  /**
   * `window`: bare datagrams, which would be lost without an AckWindow around them. `own`: the path takes no more than
   * it can bear, and publish() says so.
   */
  readonly pacing: 'window' | 'own';
  openPublisher(network: SignalNetwork): Promise<SignalPublisher>;
  openReceiver(network: SignalNetwork, onSignal: (signal: TrainingSignal) => void): Promise<SignalReceiver>;
}

/** What a publisher that takes everything at once has to say about its pace. */
export const takesAllAtOnce = {
  ready: () => Promise.resolve(),
  flush: () => Promise.resolve(),
  whenHeard: () => Promise.resolve(),
} as const;
