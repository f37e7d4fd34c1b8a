/**
 * The supervisors of a node's actors. They live in the main thread, which outlives every shard, and their children on
 * any shard: what a crash costs is one frame each way. A shard that dies takes its children with it as if each had
 * fallen; they wait on its spare until their supervisors start them, in order.
 */
import type { ReportedRestarts } from '../../protocol/actorReport.js';
import type { ActorAddress, ActorSpec } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import { AcademyError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { Random } from '../../protocol/Random.js';
import {
  isSupervisor,
  type SupervisedActor,
  type SupervisedSupervisor,
  type SupervisorInfo,
} from '../../protocol/supervision.js';
import type { SeatSupervision, SupervisorOrder } from '../frames.js';
import type { ActorRecord } from '../records/ActorRegistry.js';
import { restartsWithin } from './restartPolicy.js';
import type { ActorNode, Revival, SupervisorNode } from './SupervisedNode.js';
import { SupervisionTree } from './SupervisionTree.js';
import type { FallEvent } from './supervise.js';
import { supervisorInfos } from './supervisorInfo.js';

/** What of the actor system supervisors work with. */
export interface SupervisedSystem {
  readonly clock: Clock;
  readonly random: Random;
  record(name: string): ActorRecord | undefined;
  /** Gives it an address and starts it; settles when it has started. */
  start(spec: ActorSpec, supervised: SeatSupervision): Promise<ActorAddress>;
  /** @returns whether the actor's shard can be told */
  order(record: ActorRecord, order: SupervisorOrder | 'stop', revival: Revival): boolean;
  /** The thread of an actor does not answer: it ends, and its other actors come back on the spare. */
  endThread(shard: number, cause: string): void;
  /** The actor is gone without its shard having said so. @param error null: in good order */
  forget(record: ActorRecord, error: ErrorRecord | null): void;
  supervisorRestarted(name: string, restarts: number, error: ErrorRecord | null): void;
  /** A root has given up. */
  escalated(name: string, error: ErrorRecord): void;
}

interface Starting {
  resolve(): void;
  reject(error: AcademyError): void;
}

export class SupervisedActors {
  readonly #system: SupervisedSystem;
  readonly #tree: SupervisionTree;
  /** Shards that are being replaced: what is to be started there waits. */
  readonly #downShards = new Set<number>();
  readonly #delayed = new Map<string, Revival>();
  /** Those who wait until a supervisor runs, or an added child. */
  readonly #starting = new Map<string, Starting>();
  /** Those who wait until one has ended. */
  readonly #ending = new Map<string, (() => void)[]>();
  readonly #killTimers = new Map<string, TimerHandle>();
  readonly #lastErrors = new Map<string, ErrorRecord>();

  constructor(system: SupervisedSystem) {
    this.#system = system;
    this.#tree = new SupervisionTree({
      clock: system.clock,
      random: system.random,
      hands: {
        start: (actor, revival) => this.#start(actor, revival),
        resume: ({ name }) => this.#revive(name, 'restore'),
        stop: (actor, keep) => this.#stop(actor, keep),
        kill: ({ name }) => this.#kill(name),
        release: (actor, error) => this.#release(actor, error),
        supervisorUp: (supervisor) => this.#supervisorUp(supervisor),
        supervisorEnded: ({ name }, error) => this.#supervisorEnded(name, error),
        escalate: (root, error) => this.#escalate(root, error),
      },
    });
  }

  /**
   * Starts a supervisor with all its children.
   * @param parent name of the supervisor that it is a child of; null: the node hears when it gives up
   * @throws AcademyError ERR_ACADEMY_NAME_TAKEN, ERR_ACADEMY_ACTOR_STOPPED (no such parent), and what keeps a child
   * from starting
   */
  add(parent: string | null, child: SupervisedActor | SupervisedSupervisor): Promise<void> {
    for (const name of namesOf(child)) this.#assertFree(name);
    return new Promise((resolve, reject) => {
      this.#starting.set(child.name, { resolve, reject });
      try {
        this.#tree.add(parent, child);
      } catch (error) {
        this.#starting.delete(child.name);
        reject(error as AcademyError);
      }
    });
  }

  /** Whether the name belongs to a supervisor or to one of its children. */
  has(name: string): boolean {
    return this.#tree.get(name) !== undefined;
  }

  /** Stops a supervisor with its children in reverse order, or one child for good. */
  stop(name: string): Promise<void> {
    return new Promise((resolve) => {
      const node = this.#tree.get(name);
      if (!node || (node.status === 'down' && node.out !== null)) return resolve();
      this.#ending.set(name, [...(this.#ending.get(name) ?? []), resolve]);
      this.#tree.handle({ type: 'stop', name });
    });
  }

  /** Stops all trees, the latest first. */
  async stopAll(): Promise<void> {
    for (const { name } of this.#tree.roots().reverse()) await this.stop(name);
  }

  infos(): SupervisorInfo[] {
    const nowMs = this.#system.clock.monotonicMs();
    return this.#tree.roots().flatMap((root) => supervisorInfos(root, nowMs));
  }

  /** Name of the supervisor that an actor is a child of. */
  parentOf(name: string): string | undefined {
    return this.#tree.get(name)?.parent?.name;
  }

  /** By which rules an actor is started again, and how often it was of late; undefined for one without a supervisor. */
  restartsOf(name: string): ReportedRestarts | undefined {
    const node = this.#tree.get(name);
    if (node?.type !== 'actor' || !node.parent) return undefined;
    const { kind, own, parent, restartsAtMs } = node;
    const withinMs = own?.withinMs ?? parent.withinMs;
    const recent = restartsWithin(withinMs, restartsAtMs, this.#system.clock.monotonicMs()).length;
    const { strategy } = parent;
    return { kind, intensity: own?.intensity ?? null, withinMs, recent: own ? recent : null, strategy };
  }

  close(): void {
    for (const timer of this.#killTimers.values()) this.#system.clock.clearTimeout(timer);
    this.#tree.close();
    for (const { reject } of this.#starting.values()) reject(stoppedError('it'));
    for (const [name] of this.#ending) this.#hasEnded(name);
  }

  // --- what the shards say

  fell(name: string, fall: Omit<FallEvent, 'type' | 'name'>): void {
    this.#clearKill(name);
    this.#tree.handle({ type: 'fell', name, ...fall });
  }

  restarted(name: string): void {
    this.#tree.handle({ type: 'started', name });
    this.#settleStart(name, null);
  }

  held(name: string): void {
    this.#clearKill(name);
    this.#tree.handle({ type: 'stopped', name });
  }

  /** Its address is dead, and its record is gone. */
  ended(name: string): void {
    this.#clearKill(name);
    this.#delayed.delete(name);
    this.#tree.handle({ type: 'stopped', name });
    this.#hasEnded(name);
  }

  /** @param records the supervised actors that lived there @param isReplaced false: the shard is given up */
  shardDown(shard: number, records: readonly ActorRecord[], error: ErrorRecord, isReplaced: boolean): void {
    if (isReplaced) this.#downShards.add(shard);
    else this.#downShards.delete(shard);
    for (const record of records) {
      const { name } = record.spec;
      record.restarts++;
      // What is given up with its shard is started on another one.
      if (!isReplaced) this.#system.forget(record, null);
      // The shard's own bound counts: one death of a thread is not a hundred falls.
      this.fell(name, { end: 'crash', error, isByShard: true });
    }
  }

  shardUp(shard: number): void {
    this.#downShards.delete(shard);
    for (const [name, revival] of [...this.#delayed]) {
      if (this.#system.record(name)?.address.shard !== shard) continue;
      this.#delayed.delete(name);
      this.#revive(name, revival);
    }
  }

  // --- what the tree decides

  #start(actor: ActorNode, revival: Revival): void {
    const { name, spec, parent } = actor;
    if (this.#system.record(name)?.supervised) return this.#revive(name, revival);
    const directives = parent?.onError;
    const supervised = directives === undefined || typeof directives === 'function' ? {} : { directives };
    this.#system.start(spec, supervised).then(
      () => {
        const record = this.#system.record(name);
        if (record) actor.kind = record.kind;
        this.#tree.handle({ type: 'started', name });
        this.#settleStart(name, null);
      },
      (thrown: unknown) => {
        const error = toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE');
        this.#tree.handle({ type: 'start-failed', name, error });
      },
    );
  }

  #revive(name: string, revival: Revival): void {
    const record = this.#system.record(name);
    if (!record) return;
    if (this.#downShards.has(record.address.shard)) this.#delayed.set(name, revival);
    else this.#system.order(record, 'revive', revival);
  }

  #stop({ name }: ActorNode, keep: boolean): void {
    const record = this.#system.record(name);
    this.#delayed.delete(name);
    if (record && this.#system.order(record, keep ? 'hold' : 'stop', null)) return;
    // There is no thread that would have to be told.
    if (record && !keep) this.#system.forget(record, null);
    this.ended(name);
  }

  #kill(name: string): void {
    const record = this.#system.record(name);
    if (!record) return this.ended(name);
    this.#system.order(record, 'kill', null);
    const timer = this.#system.clock.setTimeout(() => {
      this.#killTimers.delete(name);
      this.#system.endThread(record.address.shard, `it did not end "${name}" within ${limits.killAnswerMs} ms`);
      this.#system.forget(record, null);
      this.ended(name);
    }, limits.killAnswerMs);
    this.#killTimers.set(name, timer);
  }

  #release({ name }: ActorNode, error: ErrorRecord | null): void {
    this.#delayed.delete(name);
    this.#settleStart(name, error ?? toErrorRecord(stoppedError(`"${name}"`), 'ERR_ACADEMY_ACTOR_STOPPED'));
    const record = this.#system.record(name);
    if (!record) return this.#hasEnded(name);
    if (this.#system.order(record, error ? 'fail' : 'stop', null)) return;
    this.#system.forget(record, error);
    this.#hasEnded(name);
  }

  #supervisorUp({ name, restarts }: SupervisorNode): void {
    const error = this.#lastErrors.get(name) ?? null;
    this.#lastErrors.delete(name);
    this.#settleStart(name, null);
    if (restarts > 0) this.#system.supervisorRestarted(name, restarts, error);
  }

  #supervisorEnded(name: string, error: ErrorRecord | null): void {
    if (error) this.#lastErrors.set(name, error);
    else this.#hasEnded(name);
  }

  /** Whoever starts a tree is told what keeps it from starting; the node hears of one that has run. */
  #escalate({ name }: SupervisorNode, error: ErrorRecord): void {
    this.#lastErrors.delete(name);
    if (this.#starting.has(name)) this.#settleStart(name, error);
    else this.#system.escalated(name, error);
    this.#hasEnded(name);
  }

  #settleStart(name: string, error: ErrorRecord | null): void {
    const starting = this.#starting.get(name);
    if (!starting) return;
    this.#starting.delete(name);
    if (error) starting.reject(fromErrorRecord(error, 'ERR_ACADEMY_ACTOR_MODULE'));
    else starting.resolve();
  }

  #hasEnded(name: string): void {
    const waiting = this.#ending.get(name);
    this.#ending.delete(name);
    for (const ended of waiting ?? []) ended();
  }

  #clearKill(name: string): void {
    const timer = this.#killTimers.get(name);
    if (timer === undefined) return;
    this.#killTimers.delete(name);
    this.#system.clock.clearTimeout(timer);
  }

  #assertFree(name: string): void {
    if (!this.#system.record(name)) return;
    throw new AcademyError('ERR_ACADEMY_NAME_TAKEN', `the name "${name}" belongs to another actor`, {
      remedy: 'choose another name, or stop that actor first',
    });
  }
}

function namesOf(child: SupervisedActor | SupervisedSupervisor): string[] {
  return isSupervisor(child) ? [child.name, ...child.supervisor.children.flatMap(namesOf)] : [child.name];
}

function stoppedError(what: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `${what} was stopped before it had started`);
}
