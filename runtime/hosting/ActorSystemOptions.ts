/** What an ActorSystem is made with, and what it tells those who listen to it. */
import type { ActorAddress, DeadLetter, MailboxAlarm, RestartOptions } from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';
import type { ErrorRecord } from '../protocol/errors.js';
import type { NodeId } from '../protocol/identity.js';
import type { Random } from '../protocol/Random.js';
import type { QuarantinedMessage } from '../protocol/supervision.js';
import type { ActorMesh } from './events/ActorMesh.js';
import type { MessageCourier } from './mailboxes/MessageCourier.js';
import type { ActorStorage } from './persistence/ActorStorage.js';

export interface ActorSystemOptions {
  readonly nodeId: NodeId;
  readonly academyId: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Worker threads, one shard each; 0 hosts all actors in the main thread. */
  readonly threads: number;
  readonly mesh: ActorMesh;
  /** Heap of each worker thread. @default what V8 takes */
  readonly maxHeapMb?: number;
  /** A worker thread whose loop has not turned for so long is ended, and its actors come back. @default 5_000 */
  readonly hangMs?: number;
  /** Where actors that persist are kept. @default memory: they outlive their threads, and not the node */
  readonly storage?: ActorStorage;
  /** How often images of actors that have changed are taken. @default 1_000 */
  readonly snapshotEveryMs?: number;
  /** For actors whose definition and spec say nothing else. @default defaultRestart */
  readonly restart?: Partial<RestartOptions>;
  /** For the threads themselves. @default defaultShardRestart */
  readonly shardRestart?: Partial<RestartOptions>;
  /** How the main thread's turns are put off; a simulation hands in its own. @default setImmediate */
  readonly defer?: (turn: () => void) => void;
  /** Carries the messages to actors of the main thread; for tests. @default straight into their mailboxes */
  readonly courier?: MessageCourier;
}

export interface ActorSystemEvents {
  'actor-restarted': [{ name: string; address: ActorAddress; restarts: number; error: ErrorRecord | null }];
  /** Its supervisor has given it up, or its shard is gone. Its name is free. */
  'actor-failed': [{ name: string; address: ActorAddress; error: ErrorRecord | null }];
  'shard-down': [{ shard: number; cause: string; actors: number; isReplaced: boolean }];
  'shard-up': [{ shard: number; actors: number; lost: number; millis: number }];
  /** At most 32 a turn and shard; the counters count all. */
  'dead-letter': [DeadLetter];
  /** A mailbox is too full, or what waits in it too old. At most 16 a second and shard; the counters count all. */
  'mailbox-alarm': [MailboxAlarm];
  /** A supervisor had given up, and was started again with its children by its parent. */
  'supervisor-restarted': [{ name: string; restarts: number; error: ErrorRecord | null }];
  /** A supervisor without a parent has given up, or an actor without a supervisor wants its node to know. */
  escalated: [{ name: string; error: ErrorRecord }];
  /** A message was set aside because its actor fell by it again and again. */
  quarantined: [QuarantinedMessage];
}
