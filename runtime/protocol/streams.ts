/**
 * Streams of a multicast group, as the mesh sees them: frames that one node writes and all members hear, in order, paced
 * by the slowest of them, and repaired. What the frames mean is the mesh's business; how they travel is the transport's.
 */
import type { NodeId } from './identity.js';
import { doesNotFit } from './layout/encodeResults.js';
import type { Transport } from './Transport.js';

/** What a stream promises: all in order; all, each as soon as it is there; or the newest, without repair. */
export const streamClasses = ['ordered', 'unordered', 'lossy'] as const;
export type StreamClass = (typeof streamClasses)[number];

/** Where a publisher or receiver is reached; on UDP an IPv4 address and a port. */
export interface StreamAddress {
  readonly host: string;
  readonly port: number;
}

/** Who publishes a stream, and what it is. */
export interface StreamSource {
  /** 16 hexadecimal characters. */
  readonly session: string;
  readonly nodeId: NodeId;
  readonly streamClass: StreamClass;
  /** Whether each run proves that this node has sent it; a tag of the group proves a member, and not which one. */
  readonly isProven: boolean;
  /** Two publishers whose frames are laid out differently have different hashes. */
  readonly layoutHash: number;
  readonly address: StreamAddress;
}

export type StreamEnd = 'closed' | 'silent' | 'stopped';

/** What a stream's frames are given to. */
export interface StreamConsumer {
  /**
   * One frame. The bytes from `at` to `end` are only lent. Must not throw.
   * @param position number of the frame in its stream
   */
  onFrame(kind: number, bytes: Buffer, at: number, end: number, position: number): void;
  /** A frame that the publisher has kept for who joins late; it comes before all that needs it, maybe more than once. */
  onDefinition(bytes: Buffer): void;
  /** No frame comes any more. */
  onEnd(reason: StreamEnd): void;
}

/** The way of a stream's hot events to other threads, which decode them themselves. */
export interface StreamHandover {
  /** Whether some thread listens to that event of that room. */
  isWanted(eventId: number, topic: number): boolean;
  /** A message of definitions; it comes before the events that need it, maybe more than once. */
  define(bytes: Uint8Array): void;
  /**
   * @param payload the event in its fixed layout, checked; only lent
   * @returns number of threads that it goes to
   */
  event(eventId: number, topic: number, position: number, payload: Buffer): number;
  end(): void;
}

/** @returns null: nobody here takes it, because its layouts are others */
export type ConsumeStream = (source: StreamSource) => StreamConsumer | null;

/**
 * Encodes a frame's payload into `target` from `at`, never beyond `limit`.
 * @returns where it ends; or a negative number, and then nothing counts: `frameDoesNotFit` asks for an empty slot
 */
export type FrameEncoder<T> = (value: T, target: Buffer, at: number, limit: number) => number;
/** The layouts' own word for it, so that their encoders are frame encoders as they are. */
export const frameDoesNotFit = doesNotFit;

/** What became of a frame: taken, refused for now, or refused by its own encoder with that (negative) number. */
export type WriteOutcome = 'taken' | 'full' | 'too-large' | number;

/** A frame whose payload is there already. */
export const copyFrame: FrameEncoder<Uint8Array> = (payload, target, at, limit) => {
  if (at + payload.length > limit) return frameDoesNotFit;
  target.set(payload, at);
  return at + payload.length;
};

export interface OutgoingStreamOptions {
  readonly streamClass: StreamClass;
  readonly layoutHash: number;
  /** The frame kind of `define`. */
  readonly definitionKind: number;
  /**
   * Whether runs are signed with this node's key, so that no other member can forge them. Costs a signature for up to
   * eight runs, and each receiver its check. Not for lossy streams. @default false
   */
  readonly isProven?: boolean;
  /**
   * Which members pace the stream: those that have said this flow tag. All others hear it as well, and lose what they
   * are too slow for, which is counted; without one of that tag nobody paces it. @default all members
   */
  readonly limitBy?: { readonly tag: string };
}

export interface OutgoingStreamStats {
  readonly framesWritten: number;
  readonly slotsSent: number;
  readonly bytesSent: number;
  readonly runsSent: number;
  readonly slotsRepaired: number;
  /** Asked for and no longer kept. */
  readonly repairsRefused: number;
  /** Asked for more often than a member may. */
  readonly repairsOverBudget: number;
  /** Asked for again while the repair was under way. */
  readonly repairsSuppressed: number;
  /** Times that a frame was not taken because a member was behind. */
  readonly backPressure: number;
  readonly membersJoined: number;
  readonly membersEvicted: number;
  readonly membersLeft: number;
  readonly badControl: number;
  /** Answers to joiners that were not given, because too many were asked for from one host or in all. */
  readonly answersOverBudget: number;
  readonly sendErrors: number;
}

export interface OutgoingStream {
  /** Receivers that have joined. */
  readonly members: number;
  /** Payload bytes of the largest frame. */
  readonly payloadBytesMax: number;
  /** Payload bytes of the largest definition. */
  readonly definitionBytesMax: number;
  /** Frames written so far; the next one has this number. */
  readonly position: number;
  readonly isClosed: boolean;
  write<T>(kind: number, encode: FrameEncoder<T>, value: T): WriteOutcome;
  /** A frame that later receivers need as well: it is kept and given to each that joins. @returns false at the limit */
  define(payload: Uint8Array): boolean;
  /** Resolves when there is room again. @throws AcademyError ERR_ACADEMY_NODE_STOPPED when the stream is closed */
  ready(): Promise<void>;
  /** Sends what is written now instead of at the end of the turn. */
  flush(): void;
  /** Resolves when every member that paces the stream has all that was written so far. */
  delivered(): Promise<void>;
  close(): void;
  stats(): OutgoingStreamStats;
}

/** A transport whose group carries streams. */
export interface StreamingTransport extends Transport {
  /** @throws AcademyError ERR_ACADEMY_NODE_STOPPED while it does not run */
  openStream(options: OutgoingStreamOptions): OutgoingStream;
  /** Who takes the streams that are heard from now on; kept over stop and start. */
  onStream(consume: ConsumeStream): void;
}

export function isStreaming(transport: Transport): transport is StreamingTransport {
  return 'openStream' in transport && 'onStream' in transport;
}
