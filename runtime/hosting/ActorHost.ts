/**
 * Hosts the actors of one shard, in a worker or in the main thread. What reaches the shard comes in here, and what
 * its machines do goes out from here: ActorTable knows who sits where, ActorTurns hands out the messages, ActorLives
 * starts machines again that crash, Bonds tells those who watch them.
 */
import type { AnyEventObject } from 'xstate';
import {
  type ActorAddress,
  type ActorEffect,
  type ActorInfo,
  type ActorReference,
  type DeliveredMessage,
  isActorAddress,
  type RestartOptions,
  type Settled,
} from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';
import { AcademyError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../protocol/errors.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import { MessageCodec } from '../protocol/MessageCodec.js';
import type { Random } from '../protocol/Random.js';
import type { QuarantinedMessage } from '../protocol/supervision.js';
import { ActorTable } from './addresses/ActorTable.js';
import type { AskNote, AskSettler } from './addresses/AskTable.js';
import { type DeliverLocally, Switchboard } from './addresses/Switchboard.js';
import { EventDelivery } from './events/EventDelivery.js';
import { EventInterest } from './events/EventInterest.js';
import type { Frame, NoticeFrame, ReportSubject } from './frames.js';
import { type HostReport, inspectActor } from './inspection/inspectActor.js';
import type { ActorCell } from './lives/ActorCell.js';
import { type ActorKind, ActorKinds } from './lives/ActorKind.js';
import { ActorLives } from './lives/ActorLives.js';
import { ActorSpawner } from './lives/ActorSpawner.js';
import { Bonds } from './lives/Bonds.js';
import { type EffectWorld, performEffect } from './lives/performEffect.js';
import { ActorPost } from './mailboxes/ActorPost.js';
import { type ActorTimer, ActorTimers } from './mailboxes/ActorTimers.js';
import { ActorTurns, undeliveredType } from './mailboxes/ActorTurns.js';
import type { MessageCourier } from './mailboxes/MessageCourier.js';
import { RingQueue } from './mailboxes/RingQueue.js';
import { loadActorModule } from './modules/loadActorModule.js';
import { Arrivals } from './moving/Arrivals.js';
import { Departures } from './moving/Departures.js';
import type { MovingHost } from './moving/MovingHost.js';
import type { PersistentActor } from './persistence/PersistentActor.js';
import { performOnce } from './persistence/performOnce.js';
import type { EffectVerdict } from './persistence/ShardJournal.js';
import { defaultSnapshotEveryMs, ShardPersistence } from './persistence/ShardPersistence.js';
import { openQuestion, sendEffect } from './persistence/sendEffect.js';
import { counterPlace, type ShardLedger } from './shards/ShardLedger.js';
import { createMachineTier } from './tiers/createMachineTier.js';
import type { MachineOutlet, MachineOwner, MachineRun } from './tiers/MachineTier.js';

export interface ActorHostOptions {
  readonly shard: number;
  /** How many lives the shard has had. */
  readonly epoch: number;
  readonly nodeId: NodeId;
  readonly academyId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: ShardLedger;
  readonly restart: RestartOptions;
  /** @default defaultSnapshotEveryMs */
  readonly snapshotEveryMs?: number;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Calls a turn soon, but not before it returns. */
  readonly defer: (turn: () => void) => void;
  readonly courier?: MessageCourier | undefined;
}

const childrenPlace = counterPlace('children');
const answeredBefore: ErrorRecord = {
  code: 'ERR_ACADEMY_ASK_FAILED',
  message: 'an earlier life of the actor has asked this, and the answer went down with that life',
};

export class ActorHost implements MachineOutlet {
  readonly switchboard: Switchboard;
  readonly spawner: ActorSpawner;
  readonly #options: ActorHostOptions;
  readonly #table: ActorTable;
  readonly #kinds: ActorKinds;
  readonly #turns: ActorTurns;
  readonly #timers: ActorTimers;
  readonly #bonds: Bonds;
  readonly #lives: ActorLives;
  readonly #post: ActorPost;
  readonly #deliver: DeliverLocally;
  readonly #persistence: ShardPersistence;
  readonly #interest: EventInterest<ActorCell>;
  readonly #events: EventDelivery;
  readonly #effects: EffectWorld;
  readonly #departures: Departures;
  readonly #arrivals: Arrivals;
  /** Actors that are to be stopped one after the other: slot, generation, slot, generation … */
  readonly #toStop = new RingQueue<number>();
  #stopping: ActorCell | null = null;

  constructor(options: ActorHostOptions) {
    this.#options = options;
    const { shard, epoch, nodeId, clock, ledger, toMain, defer, courier } = options;
    const codec = new MessageCodec();
    this.#table = new ActorTable(epoch);
    this.#kinds = new ActorKinds(shard, options.restart, ({ machine }) => createMachineTier(machine, this, { clock }));
    this.#timers = new ActorTimers(clock, (timer) => this.#timerDue(timer));
    this.#interest = new EventInterest((eventId, topic, interested) =>
      toMain(['interest', eventId, topic, interested]),
    );
    this.switchboard = new Switchboard({
      shard,
      epoch,
      nodeId,
      clock,
      ledger,
      toMain,
      deliver: (...message) => this.#deliver(...message),
      // Who carries messages one by one wants to see each.
      shared: () => (courier ? null : this.#post),
      heard: (slot, generation, effect, verdict) => {
        const cell = this.#table.find(slot, generation);
        if (!cell) return this.#heardElsewhere({ shard, slot, generation }, effect, verdict);
        cell.extras?.departure?.heard.push([effect, verdict]);
        if (cell.extras?.persistent) this.#persistence.journal.heard(cell.extras.persistent, effect, verdict);
      },
      ...(courier ? { answered: courier.answered.bind(courier) } : {}),
      wake: () => this.#turns.wake(),
    });
    const { switchboard } = this;
    this.#persistence = new ShardPersistence({
      shard,
      clock,
      ledger,
      timers: this.#timers,
      snapshotEveryMs: options.snapshotEveryMs ?? defaultSnapshotEveryMs,
      toMain,
      perform: (cell, effect) => performEffect(this.#effects, cell, effect),
      performOnce: (actor, effect, origin) =>
        performOnce(this.#effects, this.#settlerFor(actor, origin[1]), actor, effect, origin),
      receiverOf: (to) => switchboard.receiverOf(to),
      open: (actor, effect, number) =>
        openQuestion(switchboard, this.#settlerFor(actor, number), actor, effect, number),
      send: (actor, effect, origin) => sendEffect(switchboard, actor, effect, origin),
      put: (cell, message) => this.#turns.putKept(cell, message),
      answer: (sender, effect, verdict) => switchboard.answerEffect(sender, effect, verdict),
      unanswered: ({ id }) => switchboard.asks.settle(id, undefined, answeredBefore),
      unkept: (question) => switchboard.reply(question, undefined, toErrorRecord(tornJournal(), 'ERR_ACADEMY_STORE')),
      dropEffects: (cell) => this.#turns.dropEffects(cell),
      expire: (run, kind, timer) => this.#expire(run, kind, timer),
      inputOf: (cell) => this.#lives.inputOf(cell),
      fetched: (cell) => this.#lives.resume(cell),
      wake: () => this.#turns.wake(),
    });
    this.#turns = new ActorTurns({
      shard,
      clock,
      ledger,
      switchboard,
      toMain,
      defer,
      duties: {
        crashed: (cell, error, handled) => this.#lives.crashed(cell, error, handled),
        survived: (cell) => this.#lives.fallen.survived(cell),
        finished: (cell) => this.#lives.finished(cell),
        stopInOrder: (cell, nowMs) => this.#lives.stopInOrder(cell, nowMs),
        awaken: (cell) => this.#persistence.fetchFor(cell),
        turnEnded: () => this.#turnEnded(),
      },
      persistence: this.#persistence,
    });
    this.#bonds = new Bonds({
      nodeId,
      switchboard,
      put: (cell, message) => this.#turns.putKept(cell, message),
      fault: (cell, error) => this.#lives.fault(cell, error),
    });
    this.#lives = new ActorLives({
      options,
      switchboard,
      table: this.#table,
      turns: this.#turns,
      timers: this.#timers,
      bonds: this.#bonds,
      interest: this.#interest,
      persistence: this.#persistence,
      deliver: (message) => this.#post.deliver(...message),
      vacated: (cell) => this.#vacated(cell),
    });
    const moving: MovingHost = {
      shard,
      switchboard,
      turns: this.#turns,
      timers: this.#timers,
      bonds: this.#bonds,
      interest: this.#interest,
      persistence: this.#persistence,
      toMain,
      find: (slot, generation) => this.#table.find(slot, generation),
    };
    this.#departures = new Departures({
      ...moving,
      vacate: (cell) => {
        this.#table.leave(cell);
        this.#lives.left(cell);
      },
    });
    this.#arrivals = new Arrivals({
      ...moving,
      ledger,
      deliver: (...message) => this.#post.deliver(...message),
      seat: (seat) => this.#table.seat(seat),
      load: ({ module, exportName }) => loadActorModule(module, exportName),
      kindOf: (definition, seat) => this.#kinds.ofSeat(definition, seat),
      vacate: (cell) => this.#table.leave(cell),
      begin: (cell) => this.#lives.settledIn(cell),
      settler: (cell, note) =>
        'effect' in note
          ? this.#settlerFor(cell.extras?.persistent as PersistentActor, note.effect)
          : this.#settlerOf(cell, note),
      fault: (cell, error) => this.#lives.fault(cell, error),
    });
    this.spawner = new ActorSpawner({
      shard,
      ledger,
      table: this.#table,
      kinds: this.#kinds,
      lives: this.#lives,
      persistence: this.#persistence,
      switchboard,
      toMain,
      defer,
    });
    this.#post = new ActorPost({
      arrivals: this.#arrivals,
      shard,
      ledger,
      switchboard,
      table: this.#table,
      turns: this.#turns,
      lives: this.#lives,
      bonds: this.#bonds,
    });
    this.#deliver = courier ? this.#post.deliverBy(courier) : this.#post.deliver.bind(this.#post);
    this.#events = new EventDelivery({
      shard,
      nodeId,
      ledger,
      codec,
      interest: this.#interest,
      put: (cell, message) => {
        if (cell.extras?.arrival) return this.#arrivals.holdEvent(cell, message);
        return this.#turns.put(cell, message);
      },
    });
    this.#effects = {
      switchboard,
      codec,
      toMain,
      interest: this.#interest,
      bonds: this.#bonds,
      settler: (cell, type, tag, from) => this.#settler(cell, type, tag, from),
      spawnChild: (parent, definition, childOptions) => this.spawner.child(definition, childOptions, parent).address,
    };
  }

  /** Stops an actor when it has handled what waits in its mailbox. The main thread hears `ended`. */
  stop(slot: number, generation: number): void {
    const cell = this.#table.find(slot, generation);
    if (cell) this.#lives.stop(cell);
  }

  /** Crashes an actor as if its machine had thrown: its supervisor decides. */
  crash(slot: number, generation: number, error: ErrorRecord): void {
    const cell = this.#table.find(slot, generation);
    if (cell?.status === 'running') this.#lives.fault(cell, fromErrorRecord(error, 'ERR_ACADEMY_ACTOR_STOPPED'));
  }

  /** What another shard or the main thread has sent. */
  receive(frame: Frame, from: number): void {
    switch (frame[0]) {
      case 'event':
        this.#events.deliver(frame[1], frame[2]);
        break;
      case 'stream':
        this.#events.streams.open(frame[1], frame[2], frame[3]);
        break;
      case 'stream-ids':
        this.#events.streams.define(frame[1], frame[2]);
        break;
      case 'stream-event':
        this.#events.deliverStreamed(frame[1], frame[2], frame[3], frame[4], frame[5], frame[6]);
        break;
      case 'stream-end':
        this.#events.streams.end(frame[1]);
        break;
      case 'spawn':
        void this.spawner.spawn(frame[1], frame[2]);
        break;
      case 'stop':
        this.stop(frame[1], frame[2]);
        break;
      case 'reload':
        void this.spawner.reload(frame[1], frame[2], frame[3], frame[4]);
        break;
      case 'crash':
        this.crash(frame[1], frame[2], frame[3]);
        break;
      case 'supervise': {
        const cell = this.#table.find(frame[1], frame[2]);
        if (cell) this.#lives.supervise(cell, frame[3], frame[4]);
        break;
      }
      case 'stop-each':
        for (const number of frame[1]) this.#toStop.push(number);
        this.#turns.wake();
        break;
      case 'report':
        this.#options.toMain(['answer', frame[1], this.#report(frame[2])]);
        break;
      case 'inspect':
        this.#options.toMain(['answer', frame[1], this.inspect(frame[2], frame[3])]);
        break;
      case 'journaled':
        this.#persistence.journal.stored(frame[1]);
        this.#departures.stored();
        this.#turns.wake();
        break;
      case 'unjournaled':
        for (const cell of this.#persistence.torn(frame[1])) this.#lives.fault(cell, tornJournal());
        this.#departures.stored();
        break;
      case 'kept': {
        const cell = this.#table.find(frame[1], frame[2]);
        if (cell) this.#persistence.receive(cell, frame[3], frame[4]);
        break;
      }
      case 'depart':
        this.#departures.depart(frame[1], frame[2], frame[3]);
        break;
      case 'stay': {
        const cell = this.#table.find(frame[1], frame[2]);
        if (cell) this.#departures.stay(cell);
        break;
      }
      case 'arrive':
        void this.#arrivals.arrive(frame[1], frame[2], frame[3]);
        break;
      case 'unarrive':
        this.#arrivals.cancel(frame[1], frame[2]);
        break;
      case 'moved':
        this.#moved(frame[1], frame[2], frame[3], frame[4]);
        break;
      case 'left':
        this.#arrivals.left(frame);
        break;
      case 'passed':
        this.#departures.passed(frame[1], frame[2], frame[3]);
        break;
      case 'marked':
        this.#arrivals.marked(frame[1], frame[2], frame[3]);
        break;
      case 'carry':
        this.#options.ledger.addArrived(from, this.#options.shard, 1);
        this.#arrivals.carry(frame);
        break;
      case 'relayed':
        this.#arrivals.relayed(frame[1], frame[2], frame[3]);
        break;
      case 'unlink':
        this.shardDown(frame[1]);
        this.#options.toMain(['unlinked', frame[1]]);
        break;
      case 'gone':
        this.switchboard.giveUp(frame[1]);
        break;
      default:
        this.switchboard.receive(frame, from);
    }
  }

  /** Sees at once to what was received, instead of in the event loop's next turn. */
  takeTurn(): void {
    this.#turns.takeTurn();
  }

  /** Nothing is sent to that shard until it is back, and nobody on it watches anybody here any more. */
  shardDown(shard: number): void {
    this.switchboard.disconnect(shard);
    this.#bonds.shardDown(shard);
    this.#departures.shardDown(shard);
    this.#arrivals.shardDown(shard);
  }

  /** An actor lives elsewhere now: all that this shard sends goes there. */
  #moved(name: string, from: ActorAddress, to: ActorAddress, awaited: readonly number[]): void {
    const { shard } = this.#options;
    this.switchboard.forwards.add(from, to);
    this.switchboard.names.bind(name, to);
    this.#bonds.moved(from, to);
    if (shard === from.shard) this.#departures.leave(from, to, awaited);
    else if (awaited.includes(shard)) this.switchboard.post(from.shard, ['passed', from.slot, from.generation, shard]);
    if (shard === to.shard) this.#arrivals.moved(to, awaited);
    this.#turns.wake();
  }

  #heardElsewhere(known: ActorAddress, effect: number, verdict: EffectVerdict): void {
    if (this.switchboard.forwards.latest(known) !== known) this.switchboard.answerEffect(known, effect, verdict);
  }

  /** That shard is back. */
  shardUp(): void {
    this.#persistence.journal.resendAll();
  }

  /** All actors with a name, and the first of those without. */
  infos(): ActorInfo[] {
    const infos: ActorInfo[] = [];
    const add = (cell: ActorCell): number =>
      infos.push(cell.info(cell.status === 'restarting' || cell.status === 'passive' ? cell.status : 'running'));
    for (const cell of this.#table.named()) add(cell);
    const most = infos.length + limits.childrenListedMax;
    for (const cell of this.#table.children()) if (add(cell) >= most) break;
    return infos;
  }

  /** Messages that were set aside, oldest first. */
  quarantined(): readonly QuarantinedMessage[] {
    return this.#lives.fallen.quarantined();
  }

  /** @returns null when nobody has the address */
  inspect(slot: number, generation: number): HostReport | null {
    const cell = this.#table.find(slot, generation);
    if (!cell) return null;
    const nowMs = this.#options.clock.nowMs();
    const quarantined = this.quarantined();
    return inspectActor(cell, { timers: this.#timers, interest: this.#interest, nowMs, quarantined });
  }

  #report(subject: ReportSubject): unknown {
    if (subject === 'infos') return this.infos();
    if (subject === 'save') return this.#persistence.save();
    return subject === 'dead-letters' ? this.switchboard.deadLetters.list() : this.quarantined();
  }

  /** Ends timers and open questions; machines are dropped as they are. Stop the actors first for a good order. */
  close(): void {
    this.#turns.close();
    this.#lives.close();
    this.#persistence.close();
    this.#timers.close();
    this.switchboard.close();
  }

  // --- what machines do

  emit(owner: MachineOwner, emitted: AnyEventObject): void {
    const cell = owner as ActorCell;
    const persistent = cell.extras === null ? null : cell.extras.persistent;
    if (persistent !== null && this.#persistence.holds(persistent, emitted as ActorEffect)) return;
    performEffect(this.#effects, cell, emitted as ActorEffect);
  }

  send(owner: MachineOwner, target: unknown, event: AnyEventObject): void {
    if (!isReference(target)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${event.type}" was sent to what is no actor`, {
        remedy: 'send to an ActorReference: an address, or { name }',
      });
    }
    const { type, data } = event;
    this.emit(owner, { type: 'tell', to: target, message: { type, data } });
  }

  schedule(owner: MachineOwner, id: string | undefined, delayMs: number, event: AnyEventObject, target: unknown): void {
    const cell = owner as ActorCell;
    const { persistent = null } = cell.extras ?? {};
    const sinceMs = persistent?.replayedAtMs == null ? 0 : this.#options.clock.nowMs() - persistent.replayedAtMs;
    this.#timers.set(cell, id, delayMs - sinceMs, event, target);
  }

  cancel(owner: MachineOwner, id: string): void {
    this.#timers.cancel(owner as ActorCell, id);
  }

  done(owner: MachineOwner): void {
    this.#turns.makeReady(owner as ActorCell);
  }

  failed(owner: MachineOwner, error: unknown): void {
    this.#lives.fault(owner as ActorCell, error);
  }

  log(owner: MachineOwner, ...words: readonly unknown[]): void {
    this.#options.toMain(['log', 'debug', owner.name, words.map(String).join(' '), undefined]);
  }

  #timerDue(timer: ActorTimer): void {
    const { cell, id, event } = timer;
    const { kind, run } = cell;
    if (run === null || kind === null) return;
    try {
      if (cell.extras?.persistent) {
        const message = { data: undefined, from: null, ...event, atMs: this.#options.clock.nowMs() };
        this.#persistence.hand(cell, message, () => this.#expire(run, kind, timer), { id });
        this.#turns.wake();
      } else this.#expire(run, kind, timer);
    } catch (error) {
      this.#lives.fault(cell, error);
    }
  }

  #expire(run: MachineRun, kind: ActorKind, { cell, event, target }: ActorTimer): void {
    if (target !== null) return this.send(cell, target, event);
    this.#turns.keepState(cell, kind, run);
    kind.tier.expire(run, event);
    if (cell.extras !== null) cell.extras.before = null;
  }

  // --- who lives here

  #vacated(cell: ActorCell): void {
    this.#arrivals.vacated(cell);
    if (!cell.named) this.#options.ledger.add(this.#options.shard, childrenPlace, -1);
    if (cell === this.#stopping) this.#turns.wake();
  }

  // --- answers

  /**
   * Hands an answer to the life of the actor that asked, as the message `type`. An actor's answer keeps its place
   * behind what the actor said before; what the mesh, the host or a deadline says goes first.
   */
  #settler(cell: ActorCell, type: string, tag: unknown, from: ActorReference | null): AskSettler {
    const number = cell.extras?.persistent?.book.ask({ settles: type, tag });
    return this.#settlerOf(cell, { settles: type, tag, from, number });
  }

  #settlerOf(cell: ActorCell, note: Exclude<AskNote, { readonly effect: number }>): AskSettler {
    const { incarnation } = cell;
    const { settles: type, tag, from, number } = note;
    const settle = (result: unknown, error: ErrorRecord | null): void => {
      if (number !== undefined) cell.extras?.persistent?.book.open.delete(number);
      if (cell.incarnation !== incarnation || cell.status === 'gone') return;
      const data: Settled = error ? { tag, error } : { tag, result };
      const message: DeliveredMessage = { type, data, from, atMs: 0 };
      if (from === null || error?.code === 'ERR_ACADEMY_DEADLINE') this.#turns.putUrgent(cell, message);
      else this.#turns.putKept(cell, message);
    };
    return Object.assign(settle, { asked: { cell, note } });
  }

  /** Hands an answer to an actor with a journal, whatever became of the machine that asked. */
  #settlerFor(actor: PersistentActor, number: number): AskSettler {
    const settle = (result: unknown, error: ErrorRecord | null): void => {
      const { cell, book } = actor;
      book.tokens.delete(number);
      this.#persistence.journal.happened(actor, number);
      const question = book.open.get(number);
      if (!question || cell.status === 'gone') return;
      const data: Settled = error ? { tag: question.tag, error } : { tag: question.tag, result };
      this.#turns.putKept(cell, { type: question.settles, data, from: null, atMs: 0, origin: { answers: number } });
    };
    return Object.assign(settle, { asked: { cell: actor.cell, note: { effect: number } } });
  }

  // --- between turns

  #turnEnded(): void {
    if (this.#toStop.size > 0) this.#stopNext();
    if (this.switchboard.deadLetters.hasNotices) this.#noticeDeadLetters();
    this.#persistence.turnEnded();
    this.switchboard.flush();
  }

  /** Stops the next of those that are stopped in order, when the one before has ended. */
  #stopNext(): void {
    while (this.#stopping === null || this.#stopping.status === 'gone') {
      const slot = this.#toStop.shift();
      const generation = this.#toStop.shift();
      if (slot === undefined || generation === undefined) return;
      this.#stopping = this.#table.find(slot, generation) ?? null;
      this.stop(slot, generation);
    }
  }

  /** Tells the main thread of dead letters, and senders of full mailboxes. */
  #noticeDeadLetters(): void {
    const letters = this.switchboard.deadLetters.takeNotices();
    for (const letter of letters) {
      if (letter.reason === 'mailbox-full' && letter.from) {
        this.switchboard.tell(letter.from, undeliveredType, letter, null);
      }
    }
    this.#options.toMain(['dead-letters', letters]);
  }
}

function tornJournal(): AcademyError {
  return new AcademyError('ERR_ACADEMY_STORE', 'its journal could not be written, so it goes on from what is on disk', {
    remedy: 'see to the disk of the data folder: the log says what was wrong',
  });
}

function isReference(target: unknown): target is ActorReference {
  if (typeof target !== 'object' || target === null) return false;
  const reference = target as ActorReference;
  return isActorAddress(reference) || typeof reference.name === 'string';
}
