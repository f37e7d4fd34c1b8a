/** What the parts of the load benchmark say to each other: participants to their node's process, and it to the parent. */
import type { AskToken, DeliveredMessage, Settled } from '../../runtime/protocol/actors.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import type { PlannedParticipant } from './loadPlan.js';

/** Options of a participant's actor. */
export interface LoadSpeakerOptions {
  readonly participant: ChatParticipant;
  readonly plan: PlannedParticipant;
  readonly seed: number;
}

/** One stretch of talk. The message with number k, of all participants, is due at startNs + k · intervalNs. */
export interface LoadStretch {
  /** Counts stretches, the warm-up included; what belongs to an earlier one is not counted. */
  readonly stretch: number;
  /** Of monotonicNs(). */
  readonly startNs: number;
  readonly intervalNs: number;
  /** Messages of all participants. */
  readonly messages: number;
  readonly participants: number;
}

export type LoadSpeakerEvent =
  | DeliveredMessage<'room.message', { readonly message: ChatMessage }>
  | DeliveredMessage<'load.talk', LoadStretch>
  | DeliveredMessage<'load.settled', Settled>
  | (DeliveredMessage<'load.totals', { readonly histograms: boolean }> & { readonly ask?: AskToken })
  | { readonly type: 'load.due' };

/** What the participants of one thread have done and heard in a stretch. */
export interface LoadTotals {
  readonly threadId: number;
  /** Messages said, and what became of them: a receipt `stored`, or an error by its code. */
  readonly offered: number;
  readonly stored: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Deliveries that the stored messages are worth. */
  readonly dueLocal: number;
  readonly dueRemote: number;
  readonly heardLocal: number;
  readonly heardRemote: number;
  /** Deliveries of a message that had been delivered before. */
  readonly doubled: number;
  readonly lastStoredNs: number;
  readonly lastLocalNs: number;
  readonly lastRemoteNs: number;
  /** Latencies from the time that a message was due; see encodeHistogram. Only in the answer to `report`. */
  readonly histograms?: Readonly<Record<'stored' | 'local' | 'remote', string>>;
}

/** What a node's process reports of a stretch. */
export interface LoadNodeReport {
  readonly nodeId: string;
  readonly participants: number;
  readonly threads: readonly LoadTotals[];
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** What makes the counts worthless: participants that crashed, threads that went down. */
  readonly faults: readonly string[];
  /** What else broke under the load, a room for instance. */
  readonly troubles: readonly string[];
}

export type LoadNodeQuestions = {
  /** Starts the node and seats its participants; answers its id. */
  readonly start: {
    readonly given: {
      readonly academyId: string;
      readonly alias: string;
      /** Holds everything that the run writes; removed when the parent is gone. */
      readonly runFolder: string;
      readonly dataFolder: string;
      readonly udpPort: number;
      readonly participants: readonly PlannedParticipant[];
      readonly seed: number;
    };
    readonly answer: string;
  };
  /** Nodes that it knows, itself included. */
  readonly nodes: { readonly given: null; readonly answer: number };
  readonly talk: { readonly given: LoadStretch; readonly answer: null };
  readonly totals: { readonly given: null; readonly answer: readonly LoadTotals[] };
  readonly report: { readonly given: null; readonly answer: LoadNodeReport };
  readonly stop: { readonly given: null; readonly answer: null };
};
