/**
 * The old side of a move. The machine comes to rest, and its image and what it waits for go to the main thread, while
 * its mailbox takes what comes. When the other side has the machine, the main thread says to every shard where the
 * actor is now; what waits goes there in its order, what comes later is sent on, and a mark of each shard that has sent
 * here says that nothing more comes this way. Until the main thread has said so, the actor can go on where it was.
 *
 * ```
 *   old: depart ─ rest ─ departing ►  main  ► arrive ─ restore ─ arrived : new
 *                                      │
 *   old ◄──────────── moved ───────────┴──────────── moved ────────────► new, all others
 *    └─ left, carry, carry, … marked ──────────────────────────────────►  └─ settled in
 * ```
 */
import { serialize } from 'node:v8';
import type { ActorAddress } from '../../protocol/actors.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorImage } from '../persistence/ActorImage.js';
import { encodeImages } from '../persistence/encodeImages.js';
import type { EffectVerdict } from '../persistence/ShardJournal.js';
import type { MovingHost } from './MovingHost.js';
import type { MovingState } from './MovingState.js';

/** An actor that is about to leave. */
export class Departure {
  readonly cell: ActorCell;
  readonly to: ActorAddress;
  image: ActorImage | null = null;
  state: MovingState | null = null;
  /** What hosts have said of it since it rests. */
  readonly words: (() => void)[] = [];
  readonly heard: (readonly [effect: number, verdict: EffectVerdict])[] = [];
  /** Shards that knew of the move before this one did. */
  readonly marks: number[] = [];

  constructor(cell: ActorCell, to: ActorAddress) {
    this.cell = cell;
    this.to = to;
  }
}

/** An actor that has left: what is still on its way here. */
interface Way {
  readonly to: ActorAddress;
  readonly awaited: Set<number>;
  /** Questions without a deadline whose answers are sent on meanwhile. */
  readonly questions: readonly number[];
}

export interface DeparturesWorld extends MovingHost {
  /** Its slot is empty from now on, and nobody is told. */
  vacate(cell: ActorCell): void;
}

export class Departures {
  readonly #world: DeparturesWorld;
  readonly #departing = new Set<Departure>();
  readonly #ways = new Map<string, Way>();

  constructor(world: DeparturesWorld) {
    this.#world = world;
  }

  depart(slot: number, generation: number, to: ActorAddress): void {
    const cell = this.#world.find(slot, generation);
    const error = cell ? whyNot(cell) : notMovable('it is gone', 'start it again on the shard on which it is to live');
    if (!cell || error) {
      this.#world.toMain(['stayed', slot, generation, to, toErrorRecord(error, 'ERR_ACADEMY_NOT_MOVABLE')]);
      return;
    }
    cell.status = 'moving';
    const departure = new Departure(cell, to);
    cell.extra().departure = departure;
    this.#departing.add(departure);
    if (cell.extras?.persistent) this.#world.persistence.save();
    this.#send(departure);
  }

  /** Something of a journal is on disk, or could not be written: an actor whose effects wait for it may have been waited for. */
  stored(): void {
    for (const departure of this.#departing) if (departure.state === null) this.#send(departure);
  }

  /** It goes on where it was. */
  stay(cell: ActorCell): void {
    const departure = cell.extras?.departure;
    if (!departure || !cell.extras) return;
    const { timers, turns } = this.#world;
    this.#departing.delete(departure);
    cell.extras.departure = null;
    cell.status = 'running';
    if (departure.image) timers.arm(cell, departure.image.timers);
    for (const word of departure.words) word();
    turns.makeReady(cell);
  }

  /** The other side has it. @param awaited shards that say when they send nothing more here */
  leave(from: ActorAddress, to: ActorAddress, awaited: readonly number[]): void {
    const { switchboard, turns } = this.#world;
    const cell = this.#world.find(from.slot, from.generation);
    const departure = cell?.extras?.departure;
    const { state } = departure ?? {};
    if (!cell || !departure || !state) return;
    const settled = this.#settledMeanwhile(state);
    const fault = cell.extras?.fault ? toErrorRecord(cell.extras.fault.error, 'ERR_ACADEMY_ACTOR_STOPPED') : null;
    switchboard.post(to.shard, ['left', to.slot, to.generation, settled, departure.heard, fault]);
    for (const token of state.owed) switchboard.aimAt(token, to.shard);
    for (const { token } of state.watchers) switchboard.aimAt(token, to.shard);
    for (const { ask } of state.again) if (ask) switchboard.aimAt(ask, to.shard);
    for (const [lane, { type, data, from: sender, ask = null, origin = null }] of turns.drain(cell)) {
      switchboard.post(to.shard, ['carry', to.slot, to.generation, type, data, sender, ask, false, origin, lane]);
      if (ask) switchboard.aimAt(ask, to.shard);
    }
    const questions = this.#handOver(state, to.shard);
    this.#departing.delete(departure);
    this.#vacate(cell);
    for (const word of departure.words) word();
    switchboard.post(to.shard, ['marked', to.slot, to.generation, this.#world.shard]);
    const way: Way = { to, awaited: new Set(awaited.filter((shard) => shard !== this.#world.shard)), questions };
    this.#ways.set(keyOf(from), way);
    for (const shard of departure.marks) this.passed(from.slot, from.generation, shard);
    this.#close(keyOf(from), way);
  }

  /** A shard knows where the actor is, and sends nothing more here. */
  passed(slot: number, generation: number, shard: number): void {
    const departure = this.#world.find(slot, generation)?.extras?.departure;
    if (departure) {
      departure.marks.push(shard);
      return;
    }
    const key = keyOf({ shard: this.#world.shard, slot, generation });
    const way = this.#ways.get(key);
    if (!way?.awaited.delete(shard)) return;
    this.#world.switchboard.post(way.to.shard, ['marked', way.to.slot, way.to.generation, shard]);
    this.#close(key, way);
  }

  /** What it had sent was read; it sends nothing more. */
  shardDown(shard: number): void {
    for (const [key, way] of [...this.#ways]) {
      const [, slot, generation] = key.split('/').map(Number) as [number, number, number];
      if (way.awaited.has(shard)) this.passed(slot, generation, shard);
    }
  }

  #close(key: string, { awaited, questions }: Way): void {
    if (awaited.size > 0) return;
    this.#ways.delete(key);
    for (const id of questions) this.#world.switchboard.asks.drop(id);
  }

  #send(departure: Departure): void {
    const { cell, to } = departure;
    const { persistence, turns, toMain } = this.#world;
    const { slot, generation, extras } = cell;
    if (extras?.persistent && persistence.journal.isPending(extras.persistent)) return;
    try {
      if (extras?.persistent && persistence.journal.isTorn(extras.persistent)) throw cannotBeKept(cell);
      const image = persistence.imageToMove(cell);
      assertNoChildren(image);
      serialize([...turns.waiting(cell)]);
      const state = this.#stateOf(cell);
      const bytes = encodeImages([image]);
      const stateBytes = serialize(state);
      departure.image = image;
      departure.state = state;
      this.#world.timers.clear(cell);
      toMain(['departing', slot, generation, to, bytes, stateBytes]);
    } catch (thrown) {
      this.stay(cell);
      toMain(['stayed', slot, generation, to, cannotBeMoved(cell, thrown)]);
    }
  }

  #stateOf(cell: ActorCell): MovingState {
    const { switchboard, interest, persistence } = this.#world;
    const extras = cell.extra();
    return {
      from: cell.address,
      restarts: extras.restarts,
      messagesHandled: cell.messagesHandled,
      lastError: extras.lastError,
      quarantined: extras.quarantined,
      asks: [...switchboard.asks.ofActor(cell)],
      owed: [...(extras.owed?.values() ?? [])],
      watchers: [...(extras.watchers?.values() ?? [])],
      watching: [...(extras.watching ?? [])].flatMap(([id, bond]) => {
        const ask = switchboard.asks.carried(id);
        return ask ? [[ask, bond] as const] : [];
      }),
      subscriptions: [...interest.ofSubscriber(cell)],
      again: extras.again ?? [],
      seen: extras.seen?.handled() ?? null,
      book: persistence.bookToMove(cell),
    };
  }

  #settledMeanwhile({ asks, watching }: MovingState): number[] {
    const { switchboard } = this.#world;
    return [...asks, ...watching].map(([{ id }]) => id).filter((id) => !switchboard.asks.has(id));
  }

  /** @returns those that have no end of their own */
  #handOver({ asks, watching }: MovingState, shard: number): number[] {
    const { switchboard } = this.#world;
    for (const [{ id }] of [...asks, ...watching]) {
      switchboard.asks.handOver(id, (result, error) => switchboard.post(shard, ['relayed', id, result, error]));
    }
    return watching.map(([{ id }]) => id);
  }

  #vacate(cell: ActorCell): void {
    const { persistence, interest, bonds } = this.#world;
    const { kind, run } = cell;
    cell.status = 'gone';
    cell.run = null;
    if (run && kind) kind.tier.stop(run);
    persistence.forget(cell);
    interest.dropBefore(cell, Number.POSITIVE_INFINITY);
    bonds.left(cell);
    this.#world.vacate(cell);
  }
}

function whyNot(cell: ActorCell): AcademyError | null {
  const { status, extras, run, name } = cell;
  if (status === 'moving') return notMovable(`"${name}" is on its way already`, 'wait until it has arrived');
  if (extras?.stopRequested) return notMovable(`"${name}" is being stopped`, 'start it again where it is to live');
  if (status === 'passive') return notMovable(`"${name}" is on disk only`, 'send it a message first, so that it runs');
  if (status !== 'running' || extras?.fault || run?.status !== 'active') {
    return notMovable(`"${name}" does not run`, 'move it when it has started');
  }
  if ((extras?.children?.size ?? 0) === 0) return null;
  return notMovable(
    `"${name}" has children without names, which live where it lives`,
    'give its children names, with the effect "spawn", or move it when they have ended',
  );
}

function assertNoChildren({ snapshot }: ActorImage): void {
  const [child] = Object.keys((snapshot as { children?: object }).children ?? {});
  if (child === undefined) return;
  throw notMovable(`it has started "${child}", which cannot be handed over`, 'move it when that has ended');
}

function cannotBeMoved(cell: ActorCell, thrown: unknown): ErrorRecord {
  if (thrown instanceof AcademyError && thrown.code === 'ERR_ACADEMY_NOT_MOVABLE') {
    return toErrorRecord(thrown, thrown.code);
  }
  const { message, remedy } = toErrorRecord(thrown, 'ERR_ACADEMY_SNAPSHOT_INVALID');
  return {
    code: 'ERR_ACADEMY_SNAPSHOT_INVALID',
    message: `"${cell.name}" stays where it is: ${message}`,
    remedy:
      remedy ?? 'keep plain data in its context and in what it is sent: no functions, and no objects that hold any',
  };
}

function cannotBeKept({ name }: ActorCell): AcademyError {
  return notMovable(
    `what "${name}" has handled could not be written to its journal`,
    'see to the disk (the log says what it lacks) and start the node again',
  );
}

export function notMovable(message: string, remedy: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_NOT_MOVABLE', message, { remedy });
}

function keyOf({ shard, slot, generation }: ActorAddress): string {
  return `${shard}/${slot}/${generation}`;
}
