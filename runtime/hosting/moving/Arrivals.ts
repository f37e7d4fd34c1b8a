/**
 * The new side of a move. The machine is restored and rests, until all that its senders have sent to the old address
 * is here: what comes over the old shard goes before what comes directly, so that no sender's messages change places.
 */
import { deserialize } from 'node:v8';
import type { ActorAddress, ActorDefinition, DeliveredMessage } from '../../protocol/actors.js';
import { type ErrorRecord, fromErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { AskNote, AskSettler } from '../addresses/AskTable.js';
import type { DeliverLocally } from '../addresses/Switchboard.js';
import type { ActorSeat, CarryFrame, PeerFrame } from '../frames.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorKind } from '../lives/ActorKind.js';
import type { ActorImage } from '../persistence/ActorImage.js';
import { decodeImages } from '../persistence/decodeImages.js';
import { isEffect, SeenEffects } from '../persistence/SeenEffects.js';
import { counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { MovingHost } from './MovingHost.js';
import type { MovingState } from './MovingState.js';

/** An actor that comes from another shard. */
export class Arrival {
  readonly state: MovingState;
  readonly image: ActorImage;
  kind: ActorKind | null = null;
  run: MachineRun | null = null;
  /** Shards some of whose messages may still come over the old one; null until it is said that the actor is here. */
  awaited: Set<number> | null = null;
  /** Those that were heard of before. */
  readonly marks: number[] = [];
  /** What has come over the old shard, and what has come directly. */
  readonly carried: (() => void)[] = [];
  readonly direct: (() => void)[] = [];
  fault: ErrorRecord | null = null;

  constructor(state: MovingState, image: ActorImage) {
    this.state = state;
    this.image = image;
  }
}

export interface ArrivalsWorld extends MovingHost {
  readonly ledger: ShardLedger;
  readonly deliver: DeliverLocally;
  seat(seat: ActorSeat): ActorCell;
  load(seat: ActorSeat): Promise<ActorDefinition>;
  kindOf(definition: ActorDefinition, seat: ActorSeat): ActorKind;
  /** Its slot is empty again, and nobody is told. */
  vacate(cell: ActorCell): void;
  /** It goes on here from now on, unless it was told to end meanwhile. */
  begin(cell: ActorCell): void;
  settler(cell: ActorCell, note: AskNote): AskSettler;
  fault(cell: ActorCell, error: unknown): void;
}

const acceptedPlace = counterPlace('mailboxAccepted');
const removedPlace = counterPlace('mailboxRemoved');

export class Arrivals {
  readonly #world: ArrivalsWorld;
  readonly #arriving = new Set<ActorCell>();
  /** Whether an answer is handed over that has come over the old shard. */
  #isRelaying = false;

  constructor(world: ArrivalsWorld) {
    this.#world = world;
  }

  /** Restores the machine. The main thread hears `arrived`. */
  async arrive(seat: ActorSeat, imageBytes: Uint8Array, stateBytes: Uint8Array): Promise<void> {
    const [image] = decodeImages(imageBytes) as [ActorImage];
    const state = deserialize(stateBytes) as MovingState;
    const arrival = new Arrival(state, image);
    const cell = this.#world.seat(seat);
    cell.extra().arrival = arrival;
    this.#arriving.add(cell);
    const { slot, generation } = cell;
    try {
      const kind = this.#world.kindOf(await this.#world.load(seat), seat);
      if (cell.extras?.arrival !== arrival) return;
      arrival.kind = kind;
      arrival.run = this.#world.persistence.arrive(cell, kind, image, state.book);
      this.#adopt(cell, arrival);
      this.#world.toMain(['arrived', slot, generation, null]);
    } catch (thrown) {
      if (cell.extras?.arrival !== arrival) return;
      this.cancel(slot, generation);
      this.#world.toMain(['arrived', slot, generation, toErrorRecord(thrown, 'ERR_ACADEMY_SNAPSHOT_INVALID')]);
    }
  }

  /** It does not come after all. */
  cancel(slot: number, generation: number): void {
    const cell = this.#world.find(slot, generation);
    const arrival = cell?.extras?.arrival;
    if (!cell || !arrival) return;
    const { persistence, interest, switchboard } = this.#world;
    for (const [{ id }] of [...arrival.state.asks, ...arrival.state.watching]) switchboard.asks.drop(id);
    persistence.forget(cell);
    interest.dropBefore(cell, Number.POSITIVE_INFINITY);
    this.#drop(cell, arrival);
    cell.status = 'gone';
    this.#world.vacate(cell);
  }

  /** It is here for all shards. @param awaited those some of whose messages may still come over the old one */
  moved(to: ActorAddress, awaited: readonly number[]): void {
    const cell = this.#world.find(to.slot, to.generation);
    const arrival = cell?.extras?.arrival;
    if (!cell || !arrival) return;
    arrival.awaited = new Set(awaited);
    for (const shard of arrival.marks) arrival.awaited.delete(shard);
    this.#settleIn(cell, arrival);
  }

  /** What has become of it over there since it rests. */
  left([, slot, generation, settled, heard, fault]: Extract<PeerFrame, readonly ['left', ...unknown[]]>): void {
    const cell = this.#world.find(slot, generation);
    const arrival = cell?.extras?.arrival;
    if (!cell || !arrival) return;
    const { switchboard, persistence } = this.#world;
    for (const id of settled) {
      switchboard.asks.drop(id);
      cell.extras?.watching?.delete(id);
    }
    const { persistent } = cell.extra();
    if (persistent) {
      for (const [{ id }, note] of arrival.state.asks) {
        if (settled.includes(id) && 'effect' in note) persistence.answered(persistent, note.effect);
      }
      for (const [effect, verdict] of heard) persistence.journal.heard(persistent, effect, verdict);
    }
    arrival.fault = fault;
  }

  /** Nothing of that shard is on its way over the old one any more. */
  marked(slot: number, generation: number, shard: number): void {
    const cell = this.#world.find(slot, generation);
    const arrival = cell?.extras?.arrival;
    if (!cell || !arrival) return;
    arrival.marks.push(shard);
    if (!arrival.awaited) return;
    arrival.awaited.delete(shard);
    this.#settleIn(cell, arrival);
  }

  /** A message that has come over the old shard. */
  carry(frame: CarryFrame): void {
    const [, slot, generation] = frame;
    const arrival = this.#world.find(slot, generation)?.extras?.arrival;
    if (arrival) this.#setAside(arrival.carried, () => this.#put(frame));
    else this.#put(frame);
  }

  /** An answer that has come over the old shard. */
  relayed(id: number, result: unknown, error: ErrorRecord | null): void {
    this.#isRelaying = true;
    try {
      this.#world.switchboard.asks.settle(id, result, error);
    } finally {
      this.#isRelaying = false;
    }
  }

  /** A message that has come directly. @returns whether it waits until the actor has settled in */
  hold(cell: ActorCell, deliver: () => void): boolean {
    const arrival = cell.extras?.arrival;
    if (!arrival) return false;
    this.#setAside(arrival.direct, deliver);
    return true;
  }

  /** Whether as much waits as a mailbox takes: a shard that hangs holds up the end of a move, and not its senders. */
  isFull(cell: ActorCell): boolean {
    const arrival = cell.extras?.arrival;
    if (!arrival) return false;
    return arrival.direct.length >= Math.max(arrival.kind?.mailbox.capacity ?? 0, limits.mailboxMessagesMax);
  }

  /** An event: until it is said that the actor is here, the old shard has it, too. */
  holdEvent(cell: ActorCell, message: DeliveredMessage): boolean {
    const arrival = cell.extras?.arrival;
    if (this.isFull(cell)) return false;
    if (arrival?.awaited) this.#setAside(arrival.direct, () => this.#world.turns.put(cell, message));
    return true;
  }

  /** The old shard is dead: nothing more comes over it. */
  shardDown(shard: number): void {
    for (const cell of this.#arriving) {
      const arrival = cell.extras?.arrival;
      if (!arrival?.awaited || arrival.state.from.shard !== shard) continue;
      arrival.awaited.clear();
      this.#settleIn(cell, arrival);
    }
  }

  /** It was ended before it had settled in: what waits finds nobody. */
  vacated(cell: ActorCell): void {
    const arrival = cell.extras?.arrival;
    if (!arrival) return;
    this.#drop(cell, arrival);
    this.#release(arrival);
  }

  #adopt(cell: ActorCell, { state }: Arrival): void {
    const { switchboard, bonds, interest } = this.#world;
    const { from, asks, owed, watchers, watching } = state;
    const extras = cell.extra();
    extras.restarts = Math.max(extras.restarts, state.restarts);
    extras.lastError = state.lastError;
    extras.quarantined = state.quarantined;
    if (state.seen) extras.seen = new SeenEffects(state.seen);
    cell.messagesHandled = state.messagesHandled;
    for (const token of owed) cell.owe(token);
    for (const [ask, note] of asks) {
      const settle = this.#world.settler(cell, note);
      switchboard.asks.adopt(ask, from.shard, this.#waiting(cell, settle));
    }
    bonds.arrived(
      cell,
      watchers,
      watching.map(([{ id }, bond]) => [id, bond]),
    );
    for (const [ask] of watching) {
      const settle: AskSettler = (result, error) => bonds.departed(cell, ask.id, result, error);
      switchboard.asks.adopt(ask, from.shard, this.#waiting(cell, settle));
    }
    for (const { eventId, topic, roomId, remoteOnly } of state.subscriptions) {
      interest.add(eventId, topic, { subscriber: cell, roomId, remoteOnly, incarnation: cell.incarnation });
    }
  }

  /** An answer keeps its place behind what its sender has said before. */
  #waiting(cell: ActorCell, settle: AskSettler): AskSettler {
    const waiting = (result: unknown, error: ErrorRecord | null): void => {
      const arrival = cell.extras?.arrival;
      if (!arrival) settle(result, error);
      else this.#setAside(this.#isRelaying ? arrival.carried : arrival.direct, () => settle(result, error));
    };
    return settle.asked ? Object.assign(waiting, { asked: settle.asked }) : waiting;
  }

  #setAside(waiting: (() => void)[], deliver: () => void): void {
    const { ledger, shard } = this.#world;
    ledger.add(shard, acceptedPlace);
    waiting.push(deliver);
  }

  #release({ carried, direct }: Arrival): void {
    const { ledger, shard } = this.#world;
    for (const deliver of [...carried, ...direct]) {
      ledger.add(shard, removedPlace);
      deliver();
    }
  }

  #settleIn(cell: ActorCell, arrival: Arrival): void {
    if (!arrival.awaited || arrival.awaited.size > 0 || !cell.extras) return;
    const { switchboard, timers, turns, persistence, toMain } = this.#world;
    this.#arriving.delete(cell);
    cell.extras.arrival = null;
    cell.kind = arrival.kind;
    cell.run = arrival.run;
    cell.status = 'running';
    timers.arm(cell, arrival.image.timers);
    for (const [{ id }] of [...arrival.state.asks, ...arrival.state.watching]) switchboard.asks.settledIn(id);
    for (const token of arrival.state.owed) switchboard.aimAt(token, this.#world.shard);
    for (const { token } of arrival.state.watchers) switchboard.aimAt(token, this.#world.shard);
    if (arrival.state.again.length > 0) turns.putAgain(cell, arrival.state.again);
    this.#release(arrival);
    persistence.settledIn(cell);
    toMain(['settled-in', cell.slot, cell.generation]);
    turns.makeReady(cell);
    this.#world.begin(cell);
    if (arrival.fault) this.#world.fault(cell, fromErrorRecord(arrival.fault, 'ERR_ACADEMY_ACTOR_STOPPED'));
  }

  #put(frame: CarryFrame): void {
    const [, slot, generation, type, data, from, ask, remote, origin, lane] = frame;
    const { switchboard, turns, shard } = this.#world;
    const effect = isEffect(origin) ? origin : null;
    if (lane === 'forwarded') {
      this.#world.deliver(slot, generation, type, data, from, ask, remote, effect);
      return;
    }
    const cell = this.#world.find(slot, generation);
    if (!cell) {
      switchboard.lose('stopped', { shard, slot, generation }, from, type, ask, origin);
      return;
    }
    const message: DeliveredMessage = {
      type,
      data,
      from,
      atMs: 0,
      ...(ask ? { ask } : {}),
      ...(origin ? { origin } : {}),
    };
    if (effect) {
      const extras = cell.extra();
      const isJournaled = extras.persistent?.kind === 'journal';
      if (!isJournaled) extras.seen ??= new SeenEffects();
      (isJournaled ? extras.persistent?.book.seen : extras.seen)?.set(effect, isJournaled ? 'arrived' : 'kept');
    }
    if (lane === 'urgent') turns.putUrgent(cell, message);
    else if (lane === 'kept') turns.putKept(cell, message);
    else turns.put(cell, message);
  }

  #drop(cell: ActorCell, arrival: Arrival): void {
    this.#arriving.delete(cell);
    if (cell.extras) cell.extras.arrival = null;
    if (arrival.run && arrival.kind) arrival.kind.tier.stop(arrival.run);
  }
}
