/**
 * What hosts say to each other, as tuples: an array is laid out in a ring, or cloned between threads, faster than an
 * object with names.
 */
import type { MessagePort } from 'node:worker_threads';
import type {
  ActorAddress,
  ActorInfo,
  ActorMessage,
  ActorReference,
  ActorSpec,
  AskToken,
  DeadLetter,
  LogLevel,
  MailboxAlarm,
  MailboxOptions,
  RestartKind,
  RestartOptions,
} from '../protocol/actors.js';
import type { ErrorRecord } from '../protocol/errors.js';
import type { AcademyEventName } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import type { PacketHeader, Priority } from '../protocol/packet.js';
import type { EffectOrigin, MessageOrigin, PersistKind } from '../protocol/persistence.js';
import type { StreamOriginInfo } from '../protocol/StreamedHeader.js';
import type { StreamClass } from '../protocol/streams.js';
import type { Directive, QuarantinedMessage } from '../protocol/supervision.js';
import type { MailboxLane } from './mailboxes/Mailbox.js';
import type { KeptShard } from './persistence/ActorArchive.js';
import type { EffectVerdict } from './persistence/ShardJournal.js';
import type { Revival } from './supervision/SupervisedNode.js';
import type { FallEvent } from './supervision/supervise.js';

/** An event that an actor publishes, checked and encoded on the shard where the actor lives. */
export interface EncodedEvent {
  readonly name: AcademyEventName;
  readonly eventId: number;
  /** topicOf(roomId); 0 when the payload belongs to no room. */
  readonly topic: number;
  readonly payload: Uint8Array;
  readonly priority: Priority;
  readonly nodes?: readonly NodeId[];
  /** False: for this node's subscribers only. */
  readonly network: boolean;
  readonly traceId?: string;
  readonly from?: ActorAddress;
}

/**
 * How an actor goes on when its module has changed: in the state in which it was, afresh because that does not fit any
 * more, or with the old module because the new one cannot be used.
 */
export interface ReloadOutcome {
  readonly how: 'kept' | 'afresh' | 'unchanged';
  /** Why not in its state; null when it is. */
  readonly reason: string | null;
}

/** Everything that a host needs to start an actor, and to start it again in another thread. */
export interface ActorSeat {
  readonly address: ActorAddress;
  readonly name: string;
  readonly module: string;
  readonly exportName: string;
  readonly options: unknown;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  /** How often it was started before; 0 is a first start, whose failure is told to whoever spawned it. */
  readonly restarts: number;
  /** Its ends are judged by a supervisor on the main thread, and not by its host. */
  readonly supervised?: SeatSupervision;
  /** Keeps its images and its journal apart from those of others. */
  readonly id: number;
  readonly persist?: PersistKind;
  readonly passivateAfterMs?: number;
}

export interface SeatSupervision {
  /** What the supervisor says about errors, as far as it is data. */
  readonly directives?: Readonly<Record<string, Directive>>;
  /** It is not started yet, and holds what it is sent: its supervisor says when. */
  readonly isHeld?: boolean;
}

/** What a supervisor wants of one of its actors: hold it for a next life, start that, or end it now, whichever way. */
export type SupervisorOrder = 'hold' | 'revive' | 'kill' | 'fail';

/** One end of a link between two threads: a ring for each direction, and a port for what does not go through it. */
export interface LinkChannel {
  readonly port: MessagePort;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
}

/** What the main thread may ask of a shard: to list something, or to put on disk what has changed. */
export type ReportSubject = 'infos' | 'dead-letters' | 'quarantine' | 'save';

/** A message on its way to an actor. */
export type Addressed = readonly [
  slot: number,
  generation: number,
  type: string,
  data: unknown,
  from: ActorReference | null,
  ask: AskToken | null,
];

/** Between any two shards. */
export type PeerFrame =
  /** `remote`: it came from another node. */
  | readonly ['message', ...Addressed, remote: boolean]
  /** One message to several actors of a shard: slot, generation, slot, generation … */
  | readonly ['many', targets: readonly number[], type: string, data: unknown, from: ActorReference | null]
  | readonly ['reply', askId: number, result: unknown, error: ErrorRecord | null]
  /** A message that is an effect of a `journal` actor. */
  | readonly ['committed', ...Addressed, origin: EffectOrigin]
  /** What became of such an effect, for the actor that has sent it. */
  | readonly ['heard', slot: number, generation: number, effect: number, verdict: EffectVerdict]
  /** A message that was for an actor's earlier address. */
  | CarryFrame
  /** An actor has left the shard that says so: what was settled, heard and has failed since it rests. */
  | readonly [
      'left',
      slot: number,
      generation: number,
      settled: readonly number[],
      heard: readonly (readonly [effect: number, verdict: EffectVerdict])[],
      fault: ErrorRecord | null,
    ]
  /** To the shard that an actor has left: `shard` sends nothing more there for it. */
  | readonly ['passed', slot: number, generation: number, shard: number]
  /** To the shard where it is now: nothing of `shard` is on the way any more. */
  | readonly ['marked', slot: number, generation: number, shard: number]
  /** An answer that has come to where its asker was before. */
  | readonly ['relayed', askId: number, result: unknown, error: ErrorRecord | null]
  /** The actor that was asked lives on that shard now. */
  | readonly ['aimed', askId: number, shard: number];

/** Its lane says how the message had come in over there; `forwarded` has come since. */
export type CarryFrame = readonly [
  'carry',
  ...Addressed,
  remote: boolean,
  origin: MessageOrigin | null,
  lane: MailboxLane | 'forwarded',
];

/** From the main thread to a shard. */
export type OrderFrame =
  | readonly ['event', header: PacketHeader, payload: Uint8Array]
  /** A stream begins, whose events the shard decodes itself. */
  | readonly ['stream', stream: number, origin: StreamOriginInfo, streamClass: StreamClass]
  /** A message of definitions of the stream's ids. */
  | readonly ['stream-ids', stream: number, definitions: Uint8Array]
  /** @see StreamHandover; the payload is only lent to whoever receives the frame */
  | readonly [
      'stream-event',
      stream: number,
      eventId: number,
      position: number,
      // The payload is from start to end: a view of its own for each event would cost as much as reading it.
      bytes: Buffer,
      start: number,
      end: number,
    ]
  | readonly ['stream-end', stream: number]
  | readonly ['spawn', seat: ActorSeat, kept: KeptShard | null]
  | readonly ['stop', slot: number, generation: number]
  | readonly ['crash', slot: number, generation: number, error: ErrorRecord]
  | readonly ['supervise', slot: number, generation: number, order: SupervisorOrder, revival: Revival]
  /** Its module has changed: go on with another one. */
  | readonly ['reload', slot: number, generation: number, module: string, exportName: string]
  /** One after the other, the next when the one before has ended: slot, generation, slot, generation … */
  | readonly ['stop-each', targets: readonly number[]]
  | readonly ['named', name: string, address: ActorAddress]
  | readonly ['unnamed', name: string, address: ActorAddress]
  /** To the shard of an actor that is to move: let it rest, and say what it is. */
  | readonly ['depart', slot: number, generation: number, to: ActorAddress]
  /** It does not move after all. */
  | readonly ['stay', slot: number, generation: number]
  /** To the shard where it is to live. */
  | readonly ['arrive', seat: ActorSeat, image: Uint8Array, state: Uint8Array]
  | readonly ['unarrive', slot: number, generation: number]
  /** To all: it lives there now. `awaited` are the shards that have sent to where it was. */
  | readonly ['moved', name: string, from: ActorAddress, to: ActorAddress, awaited: readonly number[]]
  | readonly ['resolved', name: string, address: ActorAddress | null]
  | readonly ['report', request: number, subject: ReportSubject]
  /** What is to be told of one actor? Answered by null when nobody has the address. */
  | readonly ['inspect', request: number, slot: number, generation: number]
  | readonly ['link', shard: number, channel: LinkChannel]
  /** A batch of journal entries is on disk. */
  | readonly ['journaled', batch: number]
  /** It could not be written. */
  | readonly ['unjournaled', batch: number]
  /** What was kept of an actor: its image, and its journal. */
  | readonly ['kept', slot: number, generation: number, image: Uint8Array | null, entries: readonly Uint8Array[]]
  /** The shard is down: hold what is meant for it, and say that nothing is sent to it any more. */
  | readonly ['unlink', shard: number]
  /** The shard is given up. */
  | readonly ['gone', shard: number]
  | readonly ['end'];

/** From a shard to the main thread. */
export type NoticeFrame =
  | readonly ['up']
  | readonly ['started', slot: number, generation: number, kind: RestartKind, persist: PersistKind]
  | readonly ['refused', slot: number, generation: number, error: ErrorRecord]
  | readonly ['reloaded', slot: number, generation: number, outcome: ReloadOutcome]
  | readonly ['restarted', slot: number, generation: number, restarts: number, error: ErrorRecord | null]
  /** A supervised actor has come to its end; its host holds it. */
  | readonly ['fell', slot: number, generation: number, fall: Omit<FallEvent, 'type' | 'name'>]
  /** As it was told by its supervisor. */
  | readonly ['held', slot: number, generation: number]
  | readonly ['quarantined', message: QuarantinedMessage]
  /** An actor without a supervisor wants its node to know. */
  | readonly ['escalated', actor: string, error: ErrorRecord]
  | readonly ['ended', slot: number, generation: number, info: ActorInfo]
  /** An actor that is to move rests. */
  | readonly ['departing', slot: number, generation: number, to: ActorAddress, image: Uint8Array, state: Uint8Array]
  /** It goes on where it was. */
  | readonly ['stayed', slot: number, generation: number, to: ActorAddress, error: ErrorRecord]
  /** Its machine is restored on the other shard, or cannot be. */
  | readonly ['arrived', slot: number, generation: number, error: ErrorRecord | null]
  /** It runs there, with all that was on its way. */
  | readonly ['settled-in', slot: number, generation: number]
  | readonly ['resolve', name: string]
  | readonly ['unlinked', shard: number]
  | readonly ['interest', eventId: number, topic: number, interested: boolean]
  | readonly ['answer', request: number, value: unknown]
  | readonly ['dead-letters', letters: readonly DeadLetter[]]
  | readonly ['mailbox-alarm', alarm: MailboxAlarm]
  /** To be put on disk: id, sequence, entry, id, sequence, entry … */
  | readonly ['journal', batch: number, entries: readonly (number | Uint8Array)[]]
  | readonly ['images', images: Uint8Array, isWhole: boolean, trims: readonly number[], handled: number]
  /** Of one actor that is put to disk until it is needed. */
  | readonly ['image', id: number, image: Uint8Array]
  | readonly ['fetch', slot: number, generation: number]
  /** An effect of a `journal` actor, to be heeded if it has not been before. */
  | readonly ['once', id: number, effect: number, frame: NoticeFrame]
  | readonly ['publish', event: EncodedEvent]
  | readonly ['execute', askId: number, endpoint: string, payload: unknown, deadlineMs: number]
  | readonly ['tell-remote', node: NodeId, name: string, message: ActorMessage]
  | readonly ['ask-remote', askId: number, node: NodeId, name: string, message: ActorMessage, deadlineMs: number]
  | readonly ['log', level: LogLevel, actor: string, text: string, fields: Record<string, unknown> | undefined]
  | readonly ['spawn-for', actor: string, spec: ActorSpec]
  | readonly ['stop-for', target: ActorReference];

/**
 * Whether it is to or from the mesh: nobody waits for an answer, so it may be dropped, and must not pile up.
 */
export function isEventFrame(frame: Frame): boolean {
  return frame[0] === 'event' || frame[0] === 'stream-event' || frame[0] === 'publish';
}

export type Frame = PeerFrame | OrderFrame | NoticeFrame;

const peerFrames: ReadonlySet<Frame[0]> = new Set<PeerFrame[0]>([
  'message',
  'many',
  'reply',
  'committed',
  'heard',
  'carry',
  'left',
  'passed',
  'marked',
  'relayed',
  'aimed',
]);

/** Whether it is for a host, whichever shard it is on. */
export function isPeerFrame(frame: Frame): frame is PeerFrame {
  return frame[0] === 'message' || peerFrames.has(frame[0]);
}

/** Messages to actors that a frame carries; all other frames are control. */
export function messagesIn(frame: Frame): number {
  if (frame[0] === 'message' || frame[0] === 'committed' || frame[0] === 'carry') return 1;
  return frame[0] === 'many' ? frame[1].length / 2 : 0;
}
