/**
 * The lives of a host's actors: a machine starts, crashes and is started again at the same address, or it ends and
 * the address with it. The message that it was handling when it crashed is lost, and counted; those that wait are
 * for its next life. Whoever waits for an answer, watches it or is linked to it is told.
 */
import type { ActorInput, DeliveredMessage, ResumedMessage } from '../../protocol/actors.js';
import { AcademyError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { type Random, seededRandom } from '../../protocol/Random.js';
import type { ActorHostOptions } from '../ActorHost.js';
import type { ActorTable } from '../addresses/ActorTable.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { EventInterest } from '../events/EventInterest.js';
import type { ReloadOutcome, SupervisorOrder } from '../frames.js';
import type { ActorTimers } from '../mailboxes/ActorTimers.js';
import { type ActorTurns, stopOrder } from '../mailboxes/ActorTurns.js';
import type { ShardPersistence } from '../persistence/ShardPersistence.js';
import { CrashRecords } from '../records/CrashRecords.js';
import { type CounterName, counterPlace } from '../shards/ShardLedger.js';
import { directiveFor } from '../supervision/directiveFor.js';
import { FallenMessages } from '../supervision/FallenMessages.js';
import type { Revival } from '../supervision/SupervisedNode.js';
import { Supervisor } from '../supervision/Supervisor.js';
import type { FallEvent } from '../supervision/supervise.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { ActorCell, EarlyMessage } from './ActorCell.js';
import type { ActorKind } from './ActorKind.js';
import type { Bonds } from './Bonds.js';
import { carryOver } from './carryOver.js';

/** Told to a machine that names it, when it is stopped in good order and can still send. */
const stoppingType = 'academy.stopping';
/** Told to a machine that names it, when it goes on from where the machine of its earlier module was. */
const reloadedType = 'academy.reloaded';
/** See ResumedMessage. */
const resumedType: ResumedMessage['type'] = 'academy.resumed';

type Fall = Omit<FallEvent, 'type' | 'name'>;

/** What of a host its actors' lives touch. */
export interface LivesWorld {
  readonly options: ActorHostOptions;
  readonly table: ActorTable;
  readonly turns: ActorTurns;
  readonly timers: ActorTimers;
  readonly bonds: Bonds;
  readonly interest: EventInterest<ActorCell>;
  readonly persistence: ShardPersistence;
  readonly switchboard: Switchboard;
  /** Delivers what has come before the module was loaded. */
  readonly deliver: (message: EarlyMessage) => void;
  /** The address is dead. */
  readonly vacated: (cell: ActorCell) => void;
}

export class ActorLives {
  readonly #world: LivesWorld;
  /** What becomes of messages by which an actor falls. */
  readonly fallen: FallenMessages;
  readonly #supervisor: Supervisor<ActorCell>;
  readonly #records: CrashRecords;
  /** The node's Random makes keys; what an actor's seed is made of need not cost that much. */
  readonly #seeds: Random;

  constructor(world: LivesWorld) {
    this.#world = world;
    const { clock, random, toMain } = world.options;
    this.fallen = new FallenMessages({ ...world, toMain, nowMs: () => clock.nowMs() });
    this.#supervisor = new Supervisor(clock, random);
    this.#records = new CrashRecords(clock);
    this.#seeds = seededRandom(Math.floor(random.next() * 2 ** 32));
  }

  /** It goes on on another shard, or has never come. */
  left(cell: ActorCell): void {
    this.#supervisor.forget(cell);
    this.#world.vacated(cell);
  }

  /** It has come from another shard: what it was told to do meanwhile is done now. */
  settledIn(cell: ActorCell): void {
    const { extras } = cell;
    if (extras?.stopRequested) this.#world.turns.putKept(cell, stopOrder);
    else if (extras?.holdRequested) this.#hold(cell, this.#world.options.clock.nowMs());
    else this.#notify(cell, cell.kind as ActorKind, resumedType, 'moved' satisfies ResumedMessage['data']);
  }

  /** A first start that fails is told to whoever spawned the actor, as in OTP; later ones are the supervisor's. */
  begin(cell: ActorCell, kind: ActorKind): void {
    const { options } = this.#world;
    cell.kind = kind;
    if (cell.named?.supervised?.isHeld) {
      cell.status = 'restarting';
      this.#deliverEarly(cell);
      return;
    }
    let fault: { readonly error: unknown } | null = null;
    try {
      this.#startMachine(cell, kind);
    } catch (error) {
      // What was kept does not fit, and will not the next time.
      if (cell.restarts === 0 || isSnapshotError(error)) {
        this.refuse(cell, this.#startError(cell, error));
        return;
      }
      fault = { error };
    }
    cell.status = 'running';
    const persist = cell.extras?.persistent?.kind ?? 'none';
    // The main thread knows those that were here before.
    if (cell.restarts === 0) options.toMain(['started', cell.slot, cell.generation, kind.restart.kind, persist]);
    this.#deliverEarly(cell);
    if (fault) this.#crashedAtStart(cell, fault.error);
    else if (cell.extras?.holdRequested) this.#hold(cell, this.#world.options.clock.nowMs());
  }

  /** @throws AcademyError ERR_ACADEMY_ACTOR_MODULE when it crashes as it starts; then there is no child */
  beginChild(cell: ActorCell, kind: ActorKind): void {
    try {
      this.#startMachine(cell, kind);
    } catch (error) {
      this.#vacate(cell, 'failed', toErrorRecord(error, 'ERR_ACADEMY_ACTOR_MODULE'));
      const { code, message, remedy } = this.#startError(cell, error);
      throw new AcademyError(code, message, { remedy, cause: error });
    }
    cell.status = 'running';
  }

  /** Stops it when it has handled what waits. */
  stop(cell: ActorCell): void {
    if (cell.stopRequested) return;
    cell.extra().stopRequested = true;
    if (cell.status === 'restarting') this.#end(cell, 'stopped');
    else if (cell.status === 'running' || cell.status === 'passive') this.#world.turns.putKept(cell, stopOrder);
  }

  /** What a supervisor on the main thread wants. @param revival how the next life begins */
  supervise(cell: ActorCell, order: SupervisorOrder, revival: Revival): void {
    switch (order) {
      case 'hold':
        if (cell.status === 'starting') cell.extra().holdRequested = true;
        else if (cell.status === 'running') this.#hold(cell, this.#world.options.clock.nowMs());
        // What is on disk is at rest already.
        else if (cell.status === 'passive') this.#isHeld(cell);
        // One that is down has fallen on its own, and its supervisor is about to hear of it.
        return;
      case 'revive':
        if (cell.status === 'restarting') this.#restart(cell, revival);
        return;
      case 'kill':
        return this.#end(cell, 'stopped');
      case 'fail':
        this.#count('failures');
        return this.#end(cell, 'failed');
    }
  }

  /** Remembers the error; it is dealt with when the machine has come to rest. */
  fault(cell: ActorCell, error: unknown): void {
    if (cell.run === null) return;
    cell.extra().fault ??= { error };
    this.#world.turns.makeReady(cell);
  }

  crashed(cell: ActorCell, error: unknown, handled: readonly DeliveredMessage[]): void {
    const extras = cell.extra();
    const record = this.#records.recordOf(error, moduleOf(cell), 'ERR_ACADEMY_ACTOR_STOPPED');
    this.#noteError(cell, record);
    extras.fault = null;
    const errorName = error instanceof Error ? error.name : '';
    const isRepeat = this.fallen.dealWith(cell, handled, record);
    extras.suspect = null;
    const directive =
      directiveFor(cell.kind?.definition.onError, record, errorName) ??
      directiveFor(cell.named?.supervised?.directives, record, errorName);
    if (directive === 'resume' && this.#resume(cell, record)) return;
    this.#leaveUnanswered(cell, {
      code: 'ERR_ACADEMY_ASK_FAILED',
      message: `"${cell.name}" crashed before it answered: ${record.message}`,
    });
    this.#world.bonds.crashed(cell, record);
    this.#lifeEnded(cell, { end: 'crash', error: record, errorName, directive, isRepeat });
  }

  finished(cell: ActorCell): void {
    this.#leaveUnanswered(cell, stoppedError(cell));
    this.#lifeEnded(cell, { end: 'done', error: null });
  }

  /** The machine may say a last word, which is carried out before it ends. */
  stopInOrder(cell: ActorCell, atMs: number): void {
    if (this.#lastWord(cell, atMs)) this.#end(cell, 'stopped');
  }

  refuse(cell: ActorCell, error: ErrorRecord): void {
    this.#noteError(cell, error);
    if (cell.restarts > 0) {
      this.#count('failures');
      this.#end(cell, 'failed');
    } else {
      this.#vacate(cell, 'failed', error);
      this.#world.options.toMain(['refused', cell.slot, cell.generation, error]);
    }
  }

  /** Machines are dropped as they are. */
  close(): void {
    this.#supervisor.close();
    for (const cell of this.#world.table) this.#discardMachine(cell);
  }

  /**
   * Goes on with a changed definition: in the state in which it is where that fits, else afresh. Messages that wait,
   * questions that are open and whoever watches it stay.
   */
  reload(cell: ActorCell, kind: ActorKind): ReloadOutcome {
    const { kind: old, run } = cell;
    cell.kind = kind;
    if (old === null || run === null) return { how: 'afresh', reason: 'it was not running' };
    try {
      cell.run = kind.tier.restore(cell, carryOver({ from: old, run, to: kind, input: this.inputOf(cell) }));
    } catch (misfit) {
      cell.kind = old;
      this.#discardMachine(cell);
      cell.kind = kind;
      this.#startAfresh(cell, kind);
      return { how: 'afresh', reason: toErrorRecord(misfit, 'ERR_ACADEMY_ACTOR_MODULE').message };
    }
    old.tier.stop(run);
    this.#notify(cell, kind, reloadedType, null);
    return { how: 'kept', reason: null };
  }

  /** Of what has become of it: only who asks for it by name is told. */
  #notify(cell: ActorCell, { tier }: ActorKind, type: string, data: unknown): void {
    if (tier.hears(type)) this.#world.turns.putKept(cell, { type, data, from: null, atMs: 0 });
  }

  #startAfresh(cell: ActorCell, kind: ActorKind): void {
    try {
      this.#startMachine(cell, kind);
      this.#world.interest.dropBefore(cell, cell.incarnation);
    } catch (error) {
      this.#crashedAtStart(cell, error);
    }
  }

  #startMachine(cell: ActorCell, kind: ActorKind): void {
    const { tier } = kind;
    let isResumed = cell.named !== null;
    const begin = (): MachineRun => {
      isResumed = false;
      return tier.start(cell, tier.takesInput ? this.inputOf(cell) : undefined);
    };
    try {
      // One without a name does not persist.
      cell.run = cell.named === null ? begin() : this.#world.persistence.start(cell, kind, begin);
    } catch (error) {
      this.#forgetLife(cell);
      throw error;
    }
    if (isResumed) this.#notify(cell, kind, resumedType, 'restored' satisfies ResumedMessage['data']);
    // Whoever is done at once has told so before it had a run.
    if (cell.run.status !== 'active') this.#world.turns.makeReady(cell);
  }

  /** What its machine is started with, were it started now. */
  inputOf(cell: ActorCell): ActorInput {
    const { nodeId, academyId } = this.#world.options;
    return {
      name: cell.named?.name ?? '',
      self: cell.freshAddress(),
      nodeId,
      academyId,
      seed: Math.floor(this.#seeds.next() * 2 ** 32),
      startedAtMs: this.#world.options.clock.nowMs(),
      nowMs: this.#world.persistence.nowMs,
      restarts: cell.restarts,
      options: cell.seat === null ? undefined : cell.seat.options,
    };
  }

  #crashedAtStart(cell: ActorCell, error: unknown): void {
    const record = this.#records.recordOf(error, moduleOf(cell), 'ERR_ACADEMY_ACTOR_STOPPED');
    const errorName = error instanceof Error ? error.name : '';
    this.#noteError(cell, record);
    this.#lifeEnded(cell, { end: 'crash', error: record, errorName });
  }

  /** Goes on with the state before the error, with its timers and all that waits. @returns whether there was one */
  #resume(cell: ActorCell, error: ErrorRecord): boolean {
    const { kind, run } = cell;
    const extras = cell.extra();
    if (kind === null || run === null || extras.before === null) return false;
    try {
      cell.run = kind.tier.restore(cell, extras.before);
    } catch {
      return false;
    }
    kind.tier.stop(run);
    extras.before = null;
    this.#world.options.toMain(['log', 'warn', cell.name, 'it goes on after an error', { ...error }]);
    this.#world.turns.makeReady(cell);
    return true;
  }

  /** It comes to rest between two messages, and what waits for it waits for its next life. */
  #hold(cell: ActorCell, atMs: number): void {
    cell.extra().holdRequested = false;
    if (!this.#lastWord(cell, atMs)) return;
    this.#leaveUnanswered(cell, stoppedError(cell));
    this.#discardMachine(cell);
    this.#world.bonds.release(cell);
    this.#isHeld(cell);
  }

  #isHeld(cell: ActorCell): void {
    cell.status = 'restarting';
    this.#world.options.toMain(['held', cell.slot, cell.generation]);
  }

  /** @returns false when it has crashed by it */
  #lastWord(cell: ActorCell, atMs: number): boolean {
    const { kind, run } = cell;
    const { persistence } = this.#world;
    try {
      if (run && kind?.tier.hears(stoppingType)) {
        persistence.hand(cell, { ...stopOrder, atMs }, (event) => kind.tier.send(run, event));
      }
      persistence.ending(cell);
      return true;
    } catch (error) {
      this.crashed(cell, error, []);
      return false;
    }
  }

  #lifeEnded(cell: ActorCell, fall: Fall): void {
    const { kind } = cell;
    this.#discardMachine(cell);
    if (cell.stopRequested || kind === null) return this.#end(cell, 'stopped');
    if (cell.named?.supervised) {
      cell.status = 'restarting';
      this.#world.options.toMain(['fell', cell.slot, cell.generation, fall]);
      return;
    }
    const outcome = this.#judge(cell, kind, fall);
    if (outcome === 'restarting') {
      cell.status = 'restarting';
    } else {
      if (outcome === 'failed') this.#count('failures');
      this.#end(cell, outcome);
    }
  }

  /** Who has no supervisor on the main thread is judged here, by the restart options of his own. */
  #judge(cell: ActorCell, kind: ActorKind, fall: Fall): 'restarting' | 'stopped' | 'failed' {
    const { directive, end, error, isRepeat = false } = fall;
    if (directive === 'stop') return 'failed';
    if (directive === 'escalate' && error) {
      this.#escalate(cell, error);
      return 'failed';
    }
    const revival = directive === 'restore' ? 'restore' : null;
    return this.#supervisor.childEnded(cell, end, kind.restart, (child) => this.#restart(child, revival), !isRepeat);
  }

  /** To whoever has started it: an actor falls by it, the node is told. */
  #escalate(cell: ActorCell, error: ErrorRecord): void {
    const { parentCell } = cell;
    if (parentCell) this.fault(parentCell, fromErrorRecord(error, 'ERR_ACADEMY_ACTOR_STOPPED'));
    else this.#world.options.toMain(['escalated', cell.name, error]);
  }

  #restart(cell: ActorCell, revival: Revival): void {
    cell.extra().restarts++;
    this.#count('restarts');
    if (!this.#world.persistence.fetchFor(cell)) this.resume(cell, revival);
  }

  /** Goes on with an actor that was put to disk, or has crashed and is started again. */
  resume(cell: ActorCell, revival: Revival = null): void {
    const { options, interest, turns } = this.#world;
    const extras = cell.extra();
    const isBack = cell.status === 'passive';
    if (cell.status !== 'restarting' && !isBack) return;
    const isRestored = revival === 'restore' && extras.before !== null;
    try {
      if (isRestored) cell.run = (cell.kind as ActorKind).tier.restore(cell, extras.before);
      else this.#startMachine(cell, cell.kind as ActorKind);
    } catch (error) {
      this.#crashedAtStart(cell, error);
      return;
    }
    extras.before = null;
    cell.status = 'running';
    // Until now events went on into the mailbox by the subscriptions of the earlier life. One that goes on has them.
    if (!isRestored) interest.dropBefore(cell, extras.incarnation);
    if (cell.named && !isBack) {
      options.toMain(['restarted', cell.slot, cell.generation, extras.restarts, extras.lastError]);
    }
    turns.makeReady(cell);
  }

  #deliverEarly(cell: ActorCell): void {
    const { extras } = cell;
    if (!extras) return;
    const { options, turns } = this.#world;
    const early = extras.early ?? [];
    extras.early = null;
    for (const message of early) {
      options.ledger.add(options.shard, counterPlace('mailboxRemoved'));
      this.#world.deliver(message);
    }
    if (extras.stopRequested) turns.putKept(cell, stopOrder);
  }

  #end(cell: ActorCell, outcome: 'stopped' | 'failed'): void {
    const { named } = cell;
    const info = named ? cell.info(outcome) : null;
    this.#vacate(cell, outcome, outcome === 'failed' ? (cell.extras?.lastError ?? null) : null);
    if (info) this.#world.options.toMain(['ended', cell.slot, cell.generation, info]);
  }

  /** Takes the actor from its address; whatever is addressed to it from now on is a dead letter. */
  #vacate(cell: ActorCell, reason: 'stopped' | 'failed', error: ErrorRecord | null): void {
    const { table, interest, bonds, switchboard, options, turns, vacated } = this.#world;
    cell.status = 'gone';
    table.vacate(cell);
    if (cell.named) switchboard.names.unbind(cell.named.name, cell.named.address);
    this.#supervisor.forget(cell);
    this.#discardMachine(cell);
    this.#world.persistence.ended(cell);
    cell.parentCell?.extras?.children?.delete(cell);
    interest.dropBefore(cell, Number.POSITIVE_INFINITY);
    const removed = counterPlace('mailboxRemoved');
    for (let message = turns.take(cell); message; message = turns.take(cell)) {
      options.ledger.add(options.shard, removed);
      if (message === stopOrder) continue;
      switchboard.lose('stopped', cell.address, message.from, message.type, message.ask, message.origin);
    }
    if (cell.extras) {
      this.#leaveUnanswered(cell, stoppedError(cell));
      for (const [, , type, , from, ask, , origin] of cell.extras.early ?? []) {
        options.ledger.add(options.shard, removed);
        switchboard.lose('stopped', cell.address, from, type, ask, origin);
      }
      cell.extras.early = null;
      bonds.ended(cell, reason, error);
    }
    vacated(cell);
  }

  /** Ends the machine and what it had invoked; its last words are not heard. */
  #discardMachine(cell: ActorCell): void {
    const { kind, run } = cell;
    if (run === null || kind === null) return;
    cell.run = null;
    kind.tier.stop(run);
    this.#forgetLife(cell);
  }

  /** Timers, children and questions of a life end with it. */
  #forgetLife(cell: ActorCell): void {
    this.#world.timers.clear(cell);
    if (cell.extras === null && cell.status === 'gone') return;
    const extras = cell.extra();
    extras.incarnation++;
    extras.fault = null;
    for (const child of extras.children ?? []) this.stop(child);
    extras.children = null;
  }

  #leaveUnanswered(cell: ActorCell, error: ErrorRecord): void {
    const owed = cell.extras?.owed;
    if (!owed) return;
    for (const token of owed.values()) this.#world.switchboard.reply(token, undefined, error);
    owed.clear();
  }

  #noteError(cell: ActorCell, error: ErrorRecord): void {
    const extras = cell.extra();
    extras.lastError = error;
    extras.lastErrorAtMs = this.#world.options.clock.nowMs();
  }

  #startError(cell: ActorCell, error: unknown): ErrorRecord {
    const { code, message, remedy, place } = this.#records.recordOf(error, moduleOf(cell), 'ERR_ACADEMY_ACTOR_MODULE');
    if (isSnapshotError(error)) {
      return { code, message: `"${cell.name}" cannot go on: ${message}`, ...(remedy === undefined ? {} : { remedy }) };
    }
    return {
      code: 'ERR_ACADEMY_ACTOR_MODULE',
      message: `"${cell.name}" crashes when it starts: ${message}${place === undefined ? '' : ` (at ${place})`}`,
      remedy: 'look at the initial state of the machine and at the options that it was given',
    };
  }

  #count(name: CounterName): void {
    const { ledger, shard } = this.#world.options;
    ledger.add(shard, counterPlace(name));
  }
}

/** Of a child without a name: its parent's, which knows its definition. */
function moduleOf(cell: ActorCell): string | undefined {
  return cell.named?.module ?? (cell.parentCell ? moduleOf(cell.parentCell) : undefined);
}

function isSnapshotError(error: unknown): boolean {
  return error instanceof AcademyError && error.code.startsWith('ERR_ACADEMY_SNAPSHOT');
}

function stoppedError(cell: ActorCell): ErrorRecord {
  return { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: `"${cell.name}" stopped before it answered` };
}
