/** What is told of one actor to whoever inspects it: plain data, bounded, and without secrets. */
import type { ActorInfo, MailboxPolicy, RestartKind } from './actors.js';
import type { PersistKind } from './persistence.js';
import type { QuarantinedMessage, SupervisionStrategy } from './supervision.js';

/** Somebody whom an actor watches, or who watches it. */
export interface ReportedBond {
  /** A name, or `shard/slot/generation` of one without. */
  readonly name: string;
  /** Falls with the other, and does not only hear of it. */
  readonly isLink: boolean;
}

export interface ReportedMailbox {
  readonly depth: number;
  /** Time that the oldest message has waited; null when none waits. */
  readonly oldestAgeMs: number | null;
  /** Type of the message that is taken next. */
  readonly nextType: string | null;
  readonly capacity: number;
  readonly policy: MailboxPolicy;
}

/** What keeps it alive. */
export interface ReportedRestarts {
  readonly kind: RestartKind;
  /** Restarts within `withinMs` that are allowed to it; null: only its supervisor's bound counts. */
  readonly intensity: number | null;
  readonly withinMs: number;
  /** Those of the last `withinMs`; null where they are not counted for it alone. */
  readonly recent: number | null;
  /** Of the supervisor. */
  readonly strategy: SupervisionStrategy | null;
}

/** What its thread says of it; lists hold at most limits.reportedListMax, and `counts` says how many there are. */
export interface RunningReport {
  /** A view of the machine's context as JSON; null when no machine runs, or none is in memory. */
  readonly context: unknown;
  /** A view of what its machine was given as `input.options`. */
  readonly options: unknown;
  readonly mailbox: ReportedMailbox | null;
  readonly timers: readonly { readonly type: string; readonly dueInMs: number }[];
  readonly subscriptions: readonly { readonly event: string; readonly roomId: string | null }[];
  readonly watches: readonly ReportedBond[];
  readonly watchedBy: readonly ReportedBond[];
  /** Names of its children. */
  readonly children: readonly string[];
  readonly counts: {
    readonly timers: number;
    readonly subscriptions: number;
    readonly watches: number;
    readonly watchedBy: number;
    readonly children: number;
    /** Questions that it was asked and has not answered. */
    readonly unanswered: number;
  };
}

/**
 * One actor in `academy inspect`. Of one that has ended, or whose thread is being replaced, `running` is null: the rest
 * is what was known last.
 */
export interface ActorReport extends ActorInfo {
  /** Null for one whose definition was handed over as an object, and for a child without a name. */
  readonly module: string | null;
  readonly exportName: string | null;
  readonly parent: string | null;
  readonly persist: PersistKind;
  readonly restart: ReportedRestarts | null;
  /** Messages of its that were set aside and are still kept. */
  readonly quarantine: readonly QuarantinedMessage[];
  readonly running: RunningReport | null;
}
