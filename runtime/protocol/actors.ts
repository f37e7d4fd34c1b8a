/**
 * The vocabulary between actors and what hosts them. An actor is an XState v5 machine that receives messages as
 * events and acts on the world by emitting effects; so a machine is a pure description that runs on any thread, under
 * any clock, and in a test without a host.
 */
import type { AnyActorLogic } from 'xstate';
import type { EventMessage } from './EventMessage.js';
import type { AcademyErrorCode, ErrorRecord } from './errors.js';
import type { AcademyEventData, AcademyEventName } from './events.js';
import type { NodeId } from './identity.js';
import type { MessageSchema } from './messageSchema.js';
import type { Priority } from './packet.js';
import type { MessageOrigin, PersistDefinition, PersistSpec } from './persistence.js';
import type { Directives, PoisonOptions } from './supervision.js';

/** Where an actor lives on its node. The generation tells it from one that had the slot before. */
export interface ActorAddress {
  readonly shard: number;
  readonly slot: number;
  readonly generation: number;
}

/** An actor by name on this node, or on another one. Names resolve to an address once. */
export interface ActorName {
  readonly name: string;
  readonly node?: NodeId;
}

/** The same reference for an actor on this shard, another shard or another node. */
export type ActorReference = ActorAddress | ActorName;

export function isActorAddress(reference: ActorReference): reference is ActorAddress {
  return 'slot' in reference;
}

/** What one sends. `type` is a word of the receiving machine, written by this process and never by a peer. */
export interface ActorMessage {
  readonly type: string;
  readonly data?: unknown;
}

/** Identifies a question that waits for its answer; `R` is the answer's type, for the compiler alone. */
export interface AskToken<R = unknown> {
  readonly asker: ActorReference;
  readonly id: number;
  readonly '~answer'?: R;
}

/** What a machine receives: the message with who sent it and when it was delivered. `R`: what a question is answered with. */
export interface DeliveredMessage<T extends string = string, D = unknown, R = unknown> {
  readonly type: T;
  readonly data: D;
  readonly from: ActorReference | null;
  /** Wall time of the delivery, so that machines need no clock. */
  readonly atMs: number;
  /** Present when the sender waits for an answer; reply with the effect `reply`. */
  readonly ask?: AskToken<R>;
  /** By it the host knows a message that comes twice. Of no use to machines. */
  readonly origin?: MessageOrigin;
}

/** An event of the mesh, as an actor receives it that has subscribed to it. */
export type DeliveredEvent = DeliveredMessage<'academy.event', EventMessage>;

/** The answer to an effect `ask` or `execute`: exactly one of result and error. */
export interface Settled<R = unknown> {
  readonly tag: unknown;
  readonly result?: R;
  readonly error?: ErrorRecord;
}

/**
 * What a machine emits. `tell`, `ask`, `reply`, `spawn`, `stop`, `fail` and `log` are the host's own; `subscribe`,
 * `publish` and `execute` go to the mesh.
 */
export type ActorEffect =
  | { readonly type: 'tell'; readonly to: ActorReference; readonly message: ActorMessage }
  | {
      readonly type: 'tellMany';
      readonly to: readonly ActorReference[];
      readonly message: ActorMessage;
    }
  /** The answer comes back as a message `settles` with data Settled. */
  | {
      readonly type: 'ask';
      readonly to: ActorReference;
      readonly message: ActorMessage;
      readonly deadlineMs: number;
      readonly settles: string;
      readonly tag?: unknown;
    }
  | { readonly type: 'reply'; readonly ask: AskToken; readonly result?: unknown; readonly error?: ErrorRecord }
  | { readonly type: 'spawn'; readonly spec: ActorSpec }
  | SpawnChildEffect
  | { readonly type: 'stop'; readonly target: ActorReference }
  /**
   * Be told by a message `academy.down` when that actor is gone for good, also when it is gone already. It comes after
   * all that the actor has sent. The watch ends with the life of the machine that asked for it.
   */
  | { readonly type: 'monitor'; readonly target: ActorReference; readonly tag?: unknown }
  /** Ends all watches on that actor, by the same reference. */
  | { readonly type: 'demonitor'; readonly target: ActorReference }
  /**
   * From now on a crash of one crashes the other. Who has `traps: true` in its definition is told by a message
   * `academy.exit` instead. To link to an actor that is gone is a crash, too.
   */
  | { readonly type: 'link'; readonly target: ActorReference }
  | { readonly type: 'unlink'; readonly target: ActorReference }
  /** Crashes the actor with this error: its supervisor decides. */
  | { readonly type: 'fail'; readonly error: ErrorRecord }
  | { readonly type: 'log'; readonly level: LogLevel; readonly text: string; readonly fields?: Record<string, unknown> }
  /** Hear an event of one room, or with `roomId: null` an event that belongs to no room. */
  | {
      readonly type: 'subscribe';
      readonly event: AcademyEventName;
      readonly roomId: string | null;
      /** Do not hear what this node itself publishes. @default false */
      readonly remoteOnly?: boolean;
    }
  | { readonly type: 'unsubscribe'; readonly event: AcademyEventName; readonly roomId: string | null }
  | PublishEffect
  /** A command by its endpoint; settles like `ask`. */
  | {
      readonly type: 'execute';
      readonly endpoint: string;
      readonly payload: unknown;
      readonly deadlineMs: number;
      readonly settles: string;
      readonly tag?: unknown;
    };

export type PublishEffect = {
  [N in AcademyEventName]: {
    readonly type: 'publish';
    readonly event: N;
    readonly data: AcademyEventData[N];
    readonly priority?: Priority;
    readonly nodes?: readonly NodeId[];
    /** False: this node's subscribers only. @default true */
    readonly network?: boolean;
    readonly traceId?: string;
  };
}[AcademyEventName];

/**
 * Starts a child without a name on the actor's own shard, at once and with no other thread in the way. It ends with
 * its parent.
 */
export interface SpawnChildEffect {
  readonly type: 'spawn-child';
  readonly definition: ActorDefinition;
  /** By reference, for nothing is cloned. */
  readonly options?: unknown;
  /** Type of the message that brings the child's address, with data Settled. @default nobody is told */
  readonly settles?: string;
  readonly tag?: unknown;
}

/** Data of a message `academy.down` or `academy.exit`. */
export interface Departure {
  /** As it was named by whoever watches; for a link, the address. */
  readonly target: ActorReference;
  readonly reason: DepartureReason;
  readonly error?: ErrorRecord;
  /** Of the effect `monitor`. */
  readonly tag?: unknown;
}

/** How it went: in good order, by a crash (it may come back), given up by its supervisor, or it was not there. */
export type DepartureReason = 'stopped' | 'crashed' | 'failed' | 'not-there' | 'shard-down';

/** An actor that one watches is gone. */
export type DownMessage = DeliveredMessage<'academy.down', Departure>;

/** An actor that one is linked to has crashed; only for definitions with `traps: true`. */
export type ExitMessage = DeliveredMessage<'academy.exit', Departure>;

/**
 * Tells a machine that names it that it goes on from an image: `moved` to another shard as it was, or `restored` from
 * what was last kept. It is not told to a machine that starts.
 */
export type ResumedMessage = DeliveredMessage<'academy.resumed', 'moved' | 'restored'>;

/**
 * Tells a machine that names it that a message of its found a full mailbox; the data says which one, and `further` how
 * many more of it in a flood. Who has asked is told by the answer, with ERR_ACADEMY_MAILBOX_FULL.
 */
export type UndeliveredMessage = DeliveredMessage<'academy.undelivered', DeadLetter>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * What to do when a mailbox is full: tell the sender, or make room by dropping the oldest. With `conflate` a message
 * takes the place of a waiting one of the same key, and only one of another key can find the mailbox full.
 */
export type MailboxPolicy = 'reject' | 'drop-oldest' | 'conflate';

export interface MailboxOptions {
  /** @default limits.mailboxMessagesMax */
  readonly capacity: number;
  /** @default 'reject' */
  readonly policy: MailboxPolicy;
  /**
   * Key of a message under the policy `conflate`: a path in its data ("room.id"), or a function of type and data. A
   * message without a key, and a question, is not conflated.
   */
  readonly conflateBy?: string | ((message: ActorMessage) => string | undefined);
  /** Messages that wait before an alarm is raised; raised again after it was down to half. @default 3/4 of the capacity */
  readonly alarmDepth?: number;
  /** Time that a message has waited before an alarm is raised. @default limits.mailboxAgeAlarmMs */
  readonly alarmAgeMs?: number;
}

/** Messages of one type that wait in a row are handed over as one event, whose data is the list of theirs. */
export interface BatchOptions {
  /** Of the messages that are joined. A question is not. */
  readonly type: string;
  /** Type of the event that the machine gets instead, also for a single message. */
  readonly as: string;
  /** Messages in one event at most. @default limits.turnMessagesMax */
  readonly max?: number;
}

/** When a child is started again: always, only after a crash, or never. */
export type RestartKind = 'permanent' | 'transient' | 'temporary';

export interface RestartOptions {
  /** @default 'transient' */
  readonly kind: RestartKind;
  /** Restarts allowed within `withinMs`; one more and the child is given up. @default 5 */
  readonly intensity: number;
  /** @default 10_000 */
  readonly withinMs: number;
  /** First delay before a restart; doubles up to `backoffMaxMs`. @default 20 */
  readonly backoffMs: number;
  /** @default 2_000 */
  readonly backoffMaxMs: number;
  /** Messages that wait for an actor while it is down; the senders of further ones are told. @default its mailbox's capacity */
  readonly stash?: number;
}

/** What an actor's module exports: the machine, and what the host must know to run it. `C`: its ActorContract. */
export interface ActorDefinition<C = unknown> extends PersistDefinition {
  readonly kind: 'academy-actor';
  readonly machine: AnyActorLogic;
  readonly '~contract'?: C;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  /** Message types that actors of other nodes may send; none by default. */
  readonly remoteMessages?: readonly string[];
  readonly batch?: BatchOptions;
  /** A linked actor's crash is a message `academy.exit`, and no crash of this one. @default false */
  readonly traps?: boolean;
  /** Schemas of the messages' data, by type; a message that does not fit is refused before the machine sees it. */
  readonly messages?: Readonly<Record<string, MessageSchema>>;
  /** What is done about an error of the machine. @default what its supervisor says, else it is started again */
  readonly onError?: Directives;
  /** What becomes of a message by which the machine falls. @default it is lost */
  readonly poison?: Partial<PoisonOptions>;
  /**
   * Makes the context with which an actor goes on when its module has changed while one develops it. The input is what
   * it would be started with. @default field by field, where the types are the same
   */
  readonly carryOver?: (context: unknown, input: ActorInput) => unknown;
}

/** How to start an actor on any thread: its module by URL, its name, and an input that can be cloned. */
export interface ActorSpec extends PersistSpec {
  readonly name: string;
  readonly module: string;
  /** Name of the module's export that holds the ActorDefinition. */
  readonly exportName: string;
  /** Handed to the machine as `input.options`, beside `input.self`, see ActorInput. Cloned when it crosses threads. */
  readonly options?: unknown;
  /** Shard to live on; by default the one with the least to do. */
  readonly shard?: number;
  /** Name of the supervisor whose child it is; without one it is started again by itself, by its own options. */
  readonly supervisor?: string;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
}

/** The machine's input. */
export interface ActorInput<O = unknown> {
  /** Empty for a child that was started without one. */
  readonly name: string;
  readonly self: ActorAddress;
  readonly nodeId: NodeId;
  readonly academyId: string;
  /** A seed of the actor's own, from the node's Random; a machine makes its ids and dice from it. */
  readonly seed: number;
  readonly startedAtMs: number;
  /** The shard's clock (wall time), for what a machine does when a timer and no message wakes it. */
  readonly nowMs: () => number;
  /** How often the supervisor has started it before. */
  readonly restarts: number;
  readonly options: O;
}

export type DeadLetterReason =
  | 'stale-address'
  | 'unknown-name'
  | 'mailbox-full'
  | 'dropped-oldest'
  | 'stopped'
  | 'crashed'
  | 'shard-down'
  | 'not-remote'
  | 'undecodable'
  /** Its receiver fell by it again and again. */
  | 'quarantined'
  /** Its data is not as the receiver declares it. */
  | 'invalid';

export interface DeadLetter {
  readonly reason: DeadLetterReason;
  readonly to: ActorReference;
  readonly from: ActorReference | null;
  readonly messageType: string;
  readonly atMs: number;
  /** Further ones of the same sender and reason that came in a flood and are not shown one by one. */
  readonly further?: number;
}

/** One line of `academy tree`. */
export interface ActorInfo {
  readonly name: string;
  readonly address: ActorAddress;
  readonly machine: string;
  readonly state: string;
  /** `unheard`: its thread does not answer, so that its state and counts are not known. */
  readonly status: 'running' | 'restarting' | 'passive' | 'stopped' | 'failed' | 'unheard';
  readonly restarts: number;
  readonly mailboxDepth: number;
  readonly messagesHandled: number;
  /** Name of the supervisor that it is a child of. */
  readonly supervisor?: string;
  /** Messages of its that were set aside. */
  readonly quarantined?: number;
  /** What runs its machine; see `academy tree --tiers`. */
  readonly tier?: 'compiled' | 'hosted' | 'full';
  /** Why it is not a faster tier. */
  readonly tierReasons?: readonly string[];
  /** Its mailbox is too full, or what waits in it too old. */
  readonly alarm?: MailboxAlarmKind;
  readonly lastError?: ErrorRecord;
  readonly lastErrorAtMs?: number;
}

export type MailboxAlarmKind = 'depth' | 'age';

/** A mailbox has crossed one of its thresholds. */
export interface MailboxAlarm {
  readonly name: string;
  readonly address: ActorAddress;
  readonly kind: MailboxAlarmKind;
  readonly depth: number;
  /** Time that the oldest message has waited; 0 for an alarm of the depth. */
  readonly ageMs: number;
}

/** Makes the record of an error that a machine answers with. */
export function failure(code: AcademyErrorCode, message: string, remedy?: string): ErrorRecord {
  return { code, message, ...(remedy ? { remedy } : {}) };
}
