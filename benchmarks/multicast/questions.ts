/** What the benchmarks of signal paths ask of their publisher and their receivers, each a process. */
import type { SignalNetwork } from './SignalPath.js';

export interface OpenGiven {
  /** A name that openSignalPath knows. */
  readonly path: string;
  readonly network: SignalNetwork;
  readonly seed: number;
}

/** Signals that leave at set times, whatever becomes of those before them. */
export interface Schedule {
  /** Of monotonicNs(); the first signal is due then. */
  readonly startNs: number;
  readonly signalsPerSecond: number;
}

export interface PublisherReport {
  readonly startNs: number;
  readonly cpuSeconds: number;
  readonly refused: number;
}

export interface ReceiverReport {
  readonly received: number;
  /** Signals that were skipped over, or missing at the end. */
  readonly lost: number;
  /** Signals that came twice or behind a later one. */
  readonly disordered: number;
  /** Signals that were not what was sent. */
  readonly corrupt: number;
  /** Messages that were no signals. */
  readonly dropped: number;
  readonly lastNs: number;
  readonly cpuSeconds: number;
  /** Latencies, of a scheduled stretch only; see encodeHistogram. */
  readonly histogram: string | null;
}

export type PublisherQuestions = {
  /** Answers the port on loopback to which receivers acknowledge; null where the path paces itself. */
  readonly open: { readonly given: OpenGiven; readonly answer: number | null };
  /** Answers when all receivers hear the publisher. */
  readonly whenHeard: { readonly given: null; readonly answer: null };
  /** Publishes the next `count` signals; answers when all are handed over and, in a window, acknowledged or given up. */
  readonly publish: {
    readonly given: { readonly count: number; readonly schedule: Schedule | null };
    readonly answer: PublisherReport;
  };
};

export type ReceiverQuestions = {
  readonly open: {
    readonly given: OpenGiven & { readonly receiver: number; readonly acknowledgePort: number | null };
    readonly answer: null;
  };
  /** Starts to count anew; `count` signals will come. */
  readonly begin: {
    readonly given: { readonly count: number; readonly schedule: Schedule | null };
    readonly answer: null;
  };
  /** Answers when all have come, or nothing has for a while. */
  readonly report: { readonly given: null; readonly answer: ReceiverReport };
};
