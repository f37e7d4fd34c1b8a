/**
 * The vocabulary of supervision: how children are kept alive, in which order they end, and what a supervisor does
 * when it cannot keep them. Plain data, but for directives that are given as a function.
 */
import type { ActorAddress, ActorReference, ActorSpec } from './actors.js';
import type { ErrorRecord } from './errors.js';

/** Who is started again when a child falls: it alone, all children, or it and those that were started after it. */
export type SupervisionStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one' | 'dynamic';

/**
 * What is done about an error: go on with the state before it, start again with a fresh state or with the one that
 * was saved last, give the child up, or hand the error to the supervisor's own parent.
 */
export type Directive = 'resume' | 'restart' | 'restore' | 'stop' | 'escalate';

/** By the error's code or name, `*` for all others; or by a function. What is not named is started again. */
export type Directives =
  | Readonly<Record<string, Directive>>
  | ((error: ErrorRecord, errorName: string) => Directive | undefined);

/** How a message that makes its actor fall is dealt with. */
export interface PoisonOptions {
  /** Hand the message to the next life of its actor once more. False: it is lost with the crash. @default false */
  readonly redeliver: boolean;
  /** Times that one message may fail before it is set aside. @default 3 */
  readonly failuresMax: number;
}

/** A message that its actor could not survive. */
export interface QuarantinedMessage {
  /** The actor's. */
  readonly name: string;
  readonly to: ActorAddress;
  readonly from: ActorReference | null;
  readonly messageType: string;
  /** The message's data in words. */
  readonly data: string;
  readonly failures: number;
  /** By which the actor fell the last time. */
  readonly error: ErrorRecord;
  readonly atMs: number;
}

/** The delays between restarts of one child. */
export interface BackoffOptions {
  /** First delay; each further one is twice as long. @default 20 */
  readonly backoffMs: number;
  /** @default 2_000 */
  readonly backoffMaxMs: number;
  /** A child that ran for so long begins anew with the first delay. @default withinMs */
  readonly quietMs?: number;
}

export interface SupervisedActor extends ActorSpec {
  /**
   * Time that it may take to handle what waits for it, and to say a last word, before it is ended by force. When its
   * supervisor ends, all actors below that one share the longest of their times, in their order.
   * @default 5_000
   */
  readonly shutdownMs?: number;
  /**
   * What happens when the actor falls more often than `restart.intensity` of its own allows: it alone is given up, or
   * its supervisor gives up. Without an intensity of its own only the supervisor's counts. @default 'stop'
   */
  readonly beyond?: 'stop' | 'escalate';
}

export interface SupervisedSupervisor {
  readonly name: string;
  readonly supervisor: SupervisorDefinition;
}

/** What a supervisor does, apart from its children. */
export interface SupervisorOptions extends BackoffOptions {
  /** @default 'one-for-one' */
  readonly strategy: SupervisionStrategy;
  /** Restarts of all children together within `withinMs`; one more and the supervisor gives up. @default 5 */
  readonly intensity: number;
  /** @default 10_000 */
  readonly withinMs: number;
  readonly onError?: Directives;
}

/** What defineSupervisor() makes. Children start in this order, and end in the reverse order. */
export interface SupervisorDefinition extends SupervisorOptions {
  readonly kind: 'academy-supervisor';
  readonly children: readonly (SupervisedActor | SupervisedSupervisor)[];
}

export function isSupervisor(child: SupervisedActor | SupervisedSupervisor): child is SupervisedSupervisor {
  return typeof child.supervisor === 'object';
}

/** A supervisor in `academy tree`. */
export interface SupervisorInfo {
  readonly name: string;
  /** Null for the root of a tree. */
  readonly parent: string | null;
  readonly strategy: SupervisionStrategy;
  /** Null: without bound. */
  readonly intensity: number | null;
  readonly withinMs: number;
  readonly status: 'starting' | 'running' | 'restarting' | 'stopping' | 'failed';
  /** How often it was started again itself. */
  readonly restarts: number;
  /** Restarts of its children that count at present. */
  readonly recentRestarts: number;
  /** By name, in the order in which they start. */
  readonly children: readonly string[];
}
