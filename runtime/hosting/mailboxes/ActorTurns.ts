/**
 * Fills the mailboxes of a host's actors, and hands the messages to their machines in bounded turns between which I/O
 * and timers run. Nothing is delivered while a machine runs, so no chain of messages can overflow the stack, and
 * nobody waits for longer than a slice, whatever one actor is sent or takes its time for.
 */
import type { ActorReference, DeliveredMessage, MailboxAlarmKind } from '../../protocol/actors.js';
import type { Clock } from '../../protocol/Clock.js';
import { limits } from '../../protocol/limits.js';
import { isSameSender } from '../addresses/NameDirectory.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { NoticeFrame } from '../frames.js';
import type { ActorCell, CellExtras } from '../lives/ActorCell.js';
import type { ActorKind, ActorMailboxRules } from '../lives/ActorKind.js';
import type { PersistentActor } from '../persistence/PersistentActor.js';
import { isEffect } from '../persistence/SeenEffects.js';
import type { ShardPersistence } from '../persistence/ShardPersistence.js';
import { counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import { Mailbox, type MailboxLane } from './Mailbox.js';
import { RingQueue } from './RingQueue.js';

/** Time that a turn may take before I/O and timers get theirs. */
const turnMs = 5;
/** Messages that a turn handles at most, for clocks that stand still while code runs. */
const hostTurnMessagesMax = 8_192;
/** Looking at the clock costs something too: it is done once for so many messages, as long as they are quick. */
const messagesPerLookMax = 32;
/** Between two looks; beyond it, every message is looked after. */
const quickMs = 0.5;
/** Empty mailboxes that are kept for the next actor that needs one, and the largest that is worth keeping. */
const sparesMax = 64;
const spareRoomMax = 256;

/** Stands in a mailbox behind the last message that is to be handled. */
export const stopOrder: DeliveredMessage = { type: 'academy.stopping', data: null, from: null, atMs: 0 };

/** Told to a machine that names it, when a mailbox was too full for what it sent. Data: the DeadLetter. */
export const undeliveredType = 'academy.undelivered';

/** What becomes of an actor whose machine has come to an end. */
export interface TurnDuties {
  /** @param handled the messages that it was handling: more than one in a batch, none for a fault of another time */
  crashed(cell: ActorCell, error: unknown, handled: readonly DeliveredMessage[]): void;
  /** It has handled a message that was tried once more. */
  survived(cell: ActorCell): void;
  finished(cell: ActorCell): void;
  stopInOrder(cell: ActorCell, nowMs: number): void;
  /** Something waits for an actor that is on disk. */
  awaken(cell: ActorCell): void;
  /** The turn is over; what it has to say to others leaves now. */
  turnEnded(): void;
}

export interface ActorTurnsOptions {
  readonly shard: number;
  readonly clock: Clock;
  readonly ledger: ShardLedger;
  readonly switchboard: Switchboard;
  readonly toMain: (frame: NoticeFrame) => void;
  readonly defer: (turn: () => void) => void;
  readonly duties: TurnDuties;
  readonly persistence: ShardPersistence;
}

const acceptedPlace = counterPlace('mailboxAccepted');
const removedPlace = counterPlace('mailboxRemoved');
const handledPlace = counterPlace('messagesHandled');
const conflatedPlace = counterPlace('messagesConflated');
const alarmPlace = counterPlace('mailboxAlarms');

export class ActorTurns {
  readonly #options: ActorTurnsOptions;
  readonly #shard: number;
  readonly #ledger: ShardLedger;
  readonly #ready = new RingQueue<ActorCell>();
  readonly #spares: Mailbox<DeliveredMessage>[] = [];
  /** Time of the present turn, or of the call for it: what is put into a mailbox has this arrival time. */
  #nowMs = 0;
  #endMs = 0;
  #lookedMs = 0;
  /** Messages until the clock is looked at, and until the turn is over in any case. */
  #untilLook = 1;
  #messagesPerLook = 1;
  #budget = 0;
  /** The messages of the event that is being handled, when it is a batch. */
  #batch: DeliveredMessage[] | null = null;
  #alarmsSinceMs = 0;
  #alarms = 0;
  #isTurnDue = false;
  /** Whether a call for a turn is under way. */
  #isCalled = false;
  #isClosed = false;

  constructor(options: ActorTurnsOptions) {
    this.#options = options;
    this.#shard = options.shard;
    this.#ledger = options.ledger;
  }

  // --- mailboxes

  /** @returns whether it has found room, be it by conflation or instead of the oldest */
  put(cell: ActorCell, message: DeliveredMessage): boolean {
    if (!cell.isReady) this.makeReady(cell);
    (message as { atMs: number }).atMs = this.#nowMs;
    return this.#enqueue(cell, message);
  }

  /**
   * A message for many: one object in all their mailboxes, told from others by its time of arrival, which is negative.
   * Thousands of messages of their own that wait would be copied by the garbage collector before they are handled.
   */
  envelope(type: string, data: unknown, from: ActorReference | null): DeliveredMessage {
    // Brings the time up to date.
    this.wake();
    return { type, data, from, atMs: -this.#nowMs };
  }

  /** @returns as put() does */
  putShared(cell: ActorCell, envelope: DeliveredMessage): boolean {
    if (!cell.isReady) this.makeReady(cell);
    return this.#enqueue(cell, envelope);
  }

  #enqueue(cell: ActorCell, message: DeliveredMessage): boolean {
    const { mailbox: rules } = cell.kind as ActorKind;
    if (cell.first !== null || cell.mailbox !== null || rules.keyOf !== null) {
      return this.#putBehind(cell, rules, message);
    }
    cell.first = message;
    this.#ledger.add(this.#shard, acceptedPlace);
    return true;
  }

  /** In its place in the order, whatever the mailbox's bound. */
  putKept(cell: ActorCell, message: DeliveredMessage): void {
    this.makeReady(cell);
    // The order to stop is one object for all.
    if (message !== stopOrder) (message as { atMs: number }).atMs = this.#nowMs;
    this.#mailboxOf(cell).pushKept(message);
    this.#ledger.add(this.#shard, acceptedPlace);
  }

  /** Before all that is not urgent, whatever the mailbox's bound. */
  putUrgent(cell: ActorCell, message: DeliveredMessage): void {
    this.makeReady(cell);
    (message as { atMs: number }).atMs = this.#nowMs;
    this.#mailboxOf(cell).pushUrgent(message);
    this.#ledger.add(this.#shard, acceptedPlace);
  }

  /** Puts messages back that are to be handled once more, before all others and each by itself. */
  putAgain(cell: ActorCell, messages: readonly DeliveredMessage[]): void {
    const extras = cell.extra();
    extras.again = [...messages, ...(extras.again ?? [])];
    this.#ledger.add(this.#shard, acceptedPlace, messages.length);
  }

  /** Takes the next message out; undefined when none waits. */
  take(cell: ActorCell): DeliveredMessage | undefined {
    const { first, mailbox, extras } = cell;
    if (extras !== null && extras.again !== null) return takeAgain(extras.again, extras);
    if (first !== null) {
      cell.first = null;
      return first;
    }
    if (mailbox === null) return undefined;
    const message = mailbox.shift();
    if (mailbox.depth === 0) this.#giveBack(cell, mailbox);
    return message;
  }

  /** All that wait but those that are tried again, in their order: they stay where they are. */
  *waiting(cell: ActorCell): Generator<DeliveredMessage> {
    if (cell.first !== null) yield cell.first;
    if (cell.mailbox !== null) yield* cell.mailbox;
  }

  /** Takes them out, each with how it had come in. */
  *drain(cell: ActorCell): Generator<[lane: MailboxLane, message: DeliveredMessage]> {
    if (cell.extras) cell.extras.again = null;
    for (;;) {
      const lane = cell.mailbox?.nextLane ?? 'ordinary';
      const message = this.take(cell);
      if (message === undefined) return;
      this.#ledger.add(this.#shard, removedPlace);
      yield [lane, message];
    }
  }

  /** Takes out what journals have sent, which comes again in its order; all else keeps its place. */
  dropEffects(cell: ActorCell): void {
    const again = cell.extras?.again?.filter(({ origin }) => !isEffect(origin)) ?? [];
    const others = [...this.drain(cell)].filter(([, { origin }]) => !isEffect(origin));
    if (again.length > 0) cell.extra().again = again;
    if (others.length === 0) return;
    const mailbox = this.#mailboxOf(cell);
    for (const [lane, message] of others) {
      if (lane === 'urgent') mailbox.pushUrgent(message);
      else if (lane === 'kept') mailbox.pushKept(message);
      else mailbox.push(message);
    }
    this.#ledger.add(this.#shard, acceptedPlace, others.length);
  }

  #putBehind(cell: ActorCell, rules: ActorMailboxRules, message: DeliveredMessage): boolean {
    const mailbox = this.#mailboxOf(cell);
    const isStashed = cell.status === 'restarting' && mailbox.depth >= (cell.kind as ActorKind).stash;
    const lost = isStashed ? message : mailbox.push(message);
    if (lost === undefined) {
      this.#ledger.add(this.#shard, acceptedPlace);
      if (mailbox.depth === rules.alarmDepth) this.#alarm(cell, 'depth', 0);
      return true;
    }
    if (lost !== message && rules.policy === 'conflate') {
      this.#ledger.add(this.#shard, conflatedPlace);
      if (isEffect(lost.origin)) this.#options.switchboard.answerEffect(lost.from, lost.origin[1], 'gone');
      return true;
    }
    // Its sender is told of it in the same way; to tell him of that again would never end.
    if (lost.type !== undeliveredType) {
      const reason = lost === message ? 'mailbox-full' : 'dropped-oldest';
      this.#options.switchboard.lose(reason, cell.address, lost.from, lost.type, lost.ask, lost.origin);
    }
    return lost !== message;
  }

  #mailboxOf(cell: ActorCell): Mailbox<DeliveredMessage> {
    if (cell.mailbox !== null) return cell.mailbox;
    const { mailbox: rules } = cell.kind as ActorKind;
    // One that conflates has more in it than its queue.
    const spare = rules.keyOf === null ? this.#spares.pop() : undefined;
    const mailbox = spare ?? new Mailbox<DeliveredMessage>(rules);
    mailbox.rules = rules;
    cell.mailbox = mailbox;
    if (cell.first !== null) {
      mailbox.push(cell.first);
      cell.first = null;
    }
    return mailbox;
  }

  #giveBack(cell: ActorCell, mailbox: Mailbox<DeliveredMessage>): void {
    cell.mailbox = null;
    if (mailbox.rules.keyOf === null && this.#spares.length < sparesMax && mailbox.room <= spareRoomMax) {
      this.#spares.push(mailbox);
    }
  }

  // --- turns

  /** Something is to be done about this actor. */
  makeReady(cell: ActorCell): void {
    if (cell.isReady) return;
    cell.isReady = true;
    this.#ready.push(cell);
    if (!this.#isTurnDue) this.wake();
  }

  wake(): void {
    if (this.#isTurnDue || this.#isClosed) return;
    this.#isTurnDue = true;
    this.#nowMs = this.#options.clock.nowMs();
    if (this.#isCalled) return;
    this.#isCalled = true;
    this.#options.defer(this.#called);
  }

  readonly #called = (): void => {
    this.#isCalled = false;
    this.takeTurn();
  };

  /**
   * Takes the turn that is due now; nothing when none is. A call that was made for it is left to the next turn, so that
   * there is never more than one: several would take one turn after the other, and I/O would wait for all of them.
   */
  takeTurn(): void {
    if (this.#isTurnDue && !this.#isClosed) this.#turn();
  }

  close(): void {
    this.#isClosed = true;
  }

  #turn(): void {
    const { clock, duties } = this.#options;
    this.#nowMs = clock.nowMs();
    this.#lookedMs = clock.monotonicMs();
    this.#endMs = this.#lookedMs + turnMs;
    // Nobody knows how slow the first ones are.
    this.#messagesPerLook = 1;
    this.#untilLook = 1;
    this.#budget = hostTurnMessagesMax;
    for (let cell = this.#ready.shift(); cell; cell = this.#ready.shift()) {
      cell.isReady = false;
      if (this.#serve(cell)) break;
    }
    this.#isTurnDue = false;
    duties.turnEnded();
    if (this.#ready.size > 0) this.wake();
  }

  /**
   * Lets one actor handle what waits for it, up to the limit of a turn.
   * @returns whether the turn is over
   */
  #serve(cell: ActorCell): boolean {
    const { duties } = this.#options;
    for (let handled = 0; handled < limits.turnMessagesMax; ) {
      // It was refused or has ended since it was made ready; its fault has been told, and is nobody's to restart.
      if (cell.status === 'gone') return false;
      const { run, kind } = cell;
      if (cell.extras !== null && cell.extras.fault !== null) {
        duties.crashed(cell, cell.extras.fault.error, []);
        return this.#isOver(1);
      }
      if (run === null || kind === null || cell.status !== 'running') {
        if (cell.status === 'passive' && cell.depth > 0) duties.awaken(cell);
        return false;
      }
      if (run.status === 'done') {
        duties.finished(cell);
        return this.#isOver(1);
      }
      const message = this.take(cell);
      if (message === undefined) return false;
      if (message === stopOrder) {
        this.#ledger.add(this.#shard, removedPlace);
        duties.stopInOrder(cell, this.#nowMs);
        return this.#isOver(1);
      }
      const count = this.#handle(cell, kind, run, message);
      handled += count;
      if (this.#isOver(count)) {
        this.makeReady(cell);
        return true;
      }
    }
    this.makeReady(cell);
    return false;
  }

  /** @returns the messages that were handled: more than one in a batch */
  #handle(cell: ActorCell, kind: ActorKind, run: MachineRun, message: DeliveredMessage): number {
    const { batch, mailbox: rules } = kind;
    const isShared = message.atMs < 0;
    const ageMs = this.#nowMs - Math.abs(message.atMs);
    if (ageMs >= rules.alarmAgeMs) this.#alarm(cell, 'age', ageMs);
    else if (cell.extras !== null && cell.extras.alarm !== null) this.#calm(cell, rules);
    if (!isShared) (message as { atMs: number }).atMs = this.#nowMs;
    const event =
      batch !== null && message.type === batch.type && !message.ask && !message.origin
        ? this.#join(cell, batch, message)
        : isShared
          ? { type: message.type, data: message.data, from: message.from, atMs: this.#nowMs }
          : message;
    if (message.ask) cell.owe(message.ask);
    if (kind.keepsState) this.keepState(cell, kind, run);
    const count = this.#batch === null ? 1 : this.#batch.length;
    let fault: { readonly error: unknown } | null = null;
    const persistent = cell.extras === null ? null : cell.extras.persistent;
    try {
      if (persistent === null) kind.tier.send(run, event);
      else this.#handlePersistent(persistent, kind, run, event);
    } catch (error) {
      fault = { error };
    }
    cell.messagesHandled += count;
    this.#ledger.add(this.#shard, handledPlace, count);
    this.#ledger.add(this.#shard, removedPlace, count);
    const handled = this.#batch;
    this.#batch = null;
    if (fault !== null) this.#options.duties.crashed(cell, fault.error, handled ?? [message]);
    else if (cell.extras !== null) this.#succeeded(cell, cell.extras);
    return count;
  }

  /** For definitions that may go on with the state before an error. */
  keepState(cell: ActorCell, kind: ActorKind, run: MachineRun): void {
    if (kind.keepsState) cell.extra().before = stateBefore(kind, run);
  }

  #succeeded(cell: ActorCell, extras: CellExtras): void {
    extras.before = null;
    if (extras.suspect !== null) this.#options.duties.survived(cell);
  }

  /** What it does is heard when the message is kept. */
  #handlePersistent(actor: PersistentActor, kind: ActorKind, run: MachineRun, event: DeliveredMessage): void {
    const { persistence } = this.#options;
    const entry = persistence.handling(actor, event, null);
    try {
      kind.tier.send(run, event);
    } catch (error) {
      persistence.failed(actor);
      throw error;
    }
    persistence.handled(actor, entry, event);
  }

  /** Joins what waits in a row into one event. */
  #join(cell: ActorCell, batch: NonNullable<ActorKind['batch']>, first: DeliveredMessage): DeliveredMessage {
    const joined = [first];
    const items = [first.data];
    let { from } = first;
    // Those that have failed together are tried one by one, to find out which of them it was.
    const isAgain = cell.extras !== null && (cell.extras.again !== null || cell.extras.suspect !== null);
    while (!isAgain && joined.length < batch.max) {
      const next = cell.first ?? cell.mailbox?.peek();
      if (next === undefined || next === stopOrder || next.type !== batch.type || next.ask || next.origin) break;
      this.take(cell);
      joined.push(next);
      items.push(next.data);
      if (!isSameSender(from, next.from)) from = null;
    }
    this.#batch = joined;
    return { type: batch.as, data: items, from, atMs: this.#nowMs };
  }

  /** Counts what has been done, and looks at the clock now and then. */
  #isOver(messages: number): boolean {
    this.#budget -= messages;
    this.#untilLook -= messages;
    if (this.#budget <= 0) return true;
    if (this.#untilLook > 0) return false;
    const nowMs = this.#options.clock.monotonicMs();
    const quick = nowMs - this.#lookedMs < quickMs;
    this.#messagesPerLook = quick ? Math.min(messagesPerLookMax, this.#messagesPerLook * 2) : 1;
    this.#lookedMs = nowMs;
    this.#untilLook = this.#messagesPerLook;
    return nowMs >= this.#endMs;
  }

  // --- alarms

  /** Raised once, until the mailbox is better. */
  #alarm(cell: ActorCell, kind: MailboxAlarmKind, ageMs: number): void {
    const extras = cell.extra();
    if (extras.alarm !== null) return;
    extras.alarm = kind;
    this.#ledger.add(this.#shard, alarmPlace);
    if (this.#nowMs - this.#alarmsSinceMs >= 1_000) {
      this.#alarmsSinceMs = this.#nowMs;
      this.#alarms = 0;
    }
    if (++this.#alarms > limits.mailboxAlarmsPerSecondMax) return;
    const { name, address, depth } = cell;
    this.#options.toMain(['mailbox-alarm', { name, address, kind, depth, ageMs }]);
  }

  /** What is handled now is not old. */
  #calm(cell: ActorCell, rules: ActorMailboxRules): void {
    const extras = cell.extra();
    if (extras.alarm === 'age' || cell.depth <= rules.alarmDepth / 2) extras.alarm = null;
  }
}

/** @returns undefined, and the list is gone, when nothing is to be tried again */
function takeAgain(again: DeliveredMessage[], extras: CellExtras): DeliveredMessage | undefined {
  const message = again.shift();
  if (again.length === 0) extras.again = null;
  extras.suspect = message ?? null;
  return message;
}

/** A machine whose state cannot be written down begins anew instead. */
function stateBefore(kind: ActorKind, run: MachineRun): unknown {
  try {
    return kind.tier.snapshot(run);
  } catch {
    return null;
  }
}
