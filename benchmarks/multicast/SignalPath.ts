/**
 * A way for training signals from one process to others: the object goes in here, and an equal object comes out
 * there. What lies between is what the benchmark compares.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

/** Where the processes of one round meet. */
export interface SignalNetwork {
  readonly academyId: string;
  /** UDP port that the members share. */
  readonly port: number;
  /** Null in an open academy. */
  readonly datagramKey: Uint8Array | null;
}

export interface SignalPublisher {
  /** Hands one signal over. It may be lost, and is then missed by the receivers. */
  publish(signal: TrainingSignal): void;
  /** Signals that the system refused to take. */
  readonly refused: number;
  close(): Promise<void>;
}

export interface SignalReceiver {
  /** Datagrams that came and were no signals. */
  readonly dropped: number;
  close(): Promise<void>;
}

export interface SignalPath {
  openPublisher(network: SignalNetwork): Promise<SignalPublisher>;
  openReceiver(network: SignalNetwork, onSignal: (signal: TrainingSignal) => void): Promise<SignalReceiver>;
}
