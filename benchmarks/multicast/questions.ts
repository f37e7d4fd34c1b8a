/** What the benchmark asks of its publisher and its receivers, each a process. */
import type { SignalNetwork } from './SignalPath.js';

export const signalPathNames = ['bare', 'transport'] as const;
export type SignalPathName = (typeof signalPathNames)[number];

export interface OpenGiven {
  readonly path: SignalPathName;
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
  /** Datagrams that were no signals. */
  readonly dropped: number;
  readonly lastNs: number;
  readonly cpuSeconds: number;
  /** Latencies, of a scheduled stretch only; see encodeHistogram. */
  readonly histogram: string | null;
}

export type PublisherQuestions = {
  /** Answers the port on loopback to which receivers acknowledge. */
  readonly open: { readonly given: OpenGiven & { readonly receivers: number }; readonly answer: number };
  /** Publishes the next `count` signals and answers when all are acknowledged or given up. */
  readonly publish: {
    readonly given: { readonly count: number; readonly schedule: Schedule | null };
    readonly answer: PublisherReport;
  };
};

export type ReceiverQuestions = {
  readonly open: {
    readonly given: OpenGiven & { readonly receiver: number; readonly acknowledgePort: number };
    readonly answer: null;
  };
  /** Starts to count anew. */
  readonly begin: { readonly given: { readonly schedule: Schedule | null }; readonly answer: null };
  readonly report: { readonly given: { readonly count: number }; readonly answer: ReceiverReport };
};
