/**
 * The main thread's part of a move. It alone decides where an actor lives: at its old address until the machine is
 * restored on the other shard, from then on at the new one. So a thread that dies in between, whichever, leaves the
 * actor on one of the two.
 */
import type { ActorAddress } from '../../protocol/actors.js';
import { AcademyError, type ErrorRecord, fromErrorRecord } from '../../protocol/errors.js';
import type { NoticeFrame, OrderFrame } from '../frames.js';
import { type ActorRecord, type ActorRegistry, seatOf } from '../records/ActorRegistry.js';
import { notMovable } from './Departures.js';

export interface MovesWorld {
  readonly registry: ActorRegistry;
  order(shard: number, frame: OrderFrame): void;
  /** Shards that can be spoken to, the main thread included. */
  reachable(): readonly number[];
  /** The actor lives on another shard from now on: what is kept of it must be found there. */
  keepImage(id: number, image: Uint8Array): void;
}

interface Move {
  readonly record: ActorRecord;
  readonly from: ActorAddress;
  readonly to: ActorAddress;
  phase: 'departing' | 'arriving' | 'settling';
  image: Uint8Array | null;
  resolve(address: ActorAddress): void;
  reject(error: AcademyError): void;
}

export class ActorMoves {
  readonly #world: MovesWorld;
  readonly #moves = new Map<ActorRecord, Move>();
  /** Moves that have come to their end. */
  count = 0;

  constructor(world: MovesWorld) {
    this.#world = world;
  }

  /** @throws AcademyError ERR_ACADEMY_NOT_MOVABLE, ERR_ACADEMY_SNAPSHOT_INVALID, and why it cannot run over there */
  async move(record: ActorRecord, shard: number): Promise<ActorAddress> {
    this.#assertMovable(record, shard);
    const from = record.address;
    if (from.shard === shard) return from;
    const to = this.#world.registry.reserve(shard);
    return new Promise((resolve, reject) => {
      this.#moves.set(record, { record, from, to, phase: 'departing', image: null, resolve, reject });
      this.#world.order(from.shard, ['depart', from.slot, from.generation, to]);
    });
  }

  /** Resolves when the actor is on its way no more. */
  async settled(record: ActorRecord): Promise<void> {
    const move = this.#moves.get(record);
    if (!move) return;
    await new Promise<void>((resolve) => {
      const { resolve: resolved, reject } = move;
      move.resolve = (address) => {
        resolved(address);
        resolve();
      };
      move.reject = (error) => {
        reject(error);
        resolve();
      };
    });
  }

  /** Something else is to become of the actor: as long as it has not left, it stays. */
  cancel(record: ActorRecord): void {
    const move = this.#moves.get(record);
    if (!move || move.phase === 'settling') return;
    const { name } = record.spec;
    this.#abort(move, notMovable(`"${name}" was told to do something else before it moved`, 'move it again'));
  }

  cancelAll(): void {
    for (const record of [...this.#moves.keys()]) this.cancel(record);
  }

  /** The actor is gone. */
  ended(record: ActorRecord): void {
    const move = this.#moves.get(record);
    if (!move) return;
    const error = new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `"${record.spec.name}" has ended as it moved`);
    if (move.phase === 'settling') this.#end(move, error);
    else this.#abort(move, error);
  }

  /** @returns false for a notice that is none of its business */
  receive(frame: NoticeFrame, shard: number): boolean {
    switch (frame[0]) {
      case 'departing':
        this.#departing(frame);
        return true;
      case 'stayed': {
        const move = this.#departingTo(frame[3]);
        if (move) this.#giveUp(move, frame[4]);
        return true;
      }
      case 'arrived':
        this.#arrived(this.#byTo(shard, frame[1], frame[2]), frame[3]);
        return true;
      case 'settled-in': {
        const move = this.#byTo(shard, frame[1], frame[2]);
        if (!move) return true;
        this.count++;
        this.#moves.delete(move.record);
        move.resolve(move.to);
        return true;
      }
      default:
        return false;
    }
  }

  shardDown(shard: number): void {
    for (const move of [...this.#moves.values()]) {
      const { record, from, to, phase } = move;
      if (phase === 'settling') {
        if (to.shard !== shard) continue;
        this.#end(
          move,
          downError(`"${record.spec.name}" has come to shard ${shard}, which went down; it comes back there`),
        );
      } else if (from.shard === shard || to.shard === shard) {
        this.#abort(move, downError(`shard ${shard} went down before "${record.spec.name}" had moved`));
      }
    }
  }

  #assertMovable(record: ActorRecord, shard: number): void {
    const { spec, starting, onEnd, onReload, address } = record;
    const { name } = spec;
    if (spec.module === '') {
      throw notMovable(
        `"${name}" was started with spawnLocal(), by objects of the main thread`,
        'spawn it by its module, with options that are plain data',
      );
    }
    if (starting) throw notMovable(`"${name}" is starting`, 'wait until spawn() has resolved');
    if (onEnd.length > 0) throw notMovable(`"${name}" is being stopped`, 'start it again where it is to live');
    if (onReload) throw notMovable(`"${name}" loads its module again`, 'wait until reload() has resolved');
    if (this.#moves.has(record)) throw notMovable(`"${name}" is on its way already`, 'wait until move() has resolved');
    const reachable = this.#world.reachable();
    for (const each of [address.shard, shard]) {
      if (reachable.includes(each)) continue;
      throw notMovable(`shard ${each} is down`, 'wait for the event "shard-up", or choose another shard');
    }
  }

  #departing([, , , to, image, state]: Extract<NoticeFrame, readonly ['departing', ...unknown[]]>) {
    const move = this.#departingTo(to);
    if (!move) return;
    move.phase = 'arriving';
    move.image = image;
    const seat = { ...seatOf(move.record), address: move.to };
    this.#world.order(move.to.shard, ['arrive', seat, image, state]);
  }

  #arrived(move: Move | undefined, error: ErrorRecord | null): void {
    if (move?.phase !== 'arriving') return;
    const { record, from, to } = move;
    if (error) {
      this.#world.order(from.shard, ['stay', from.slot, from.generation]);
      this.#giveUp(move, error);
      return;
    }
    move.phase = 'settling';
    this.#world.registry.relocate(record, to);
    if (move.image) this.#world.keepImage(record.id, move.image);
    move.image = null;
    const shards = this.#world.reachable();
    // The main thread's own messages are before this on the same link.
    const awaited = shards.filter((shard) => shard !== 0 || from.shard === 0);
    for (const shard of shards) this.#world.order(shard, ['moved', record.spec.name, from, to, awaited]);
  }

  #abort(move: Move, error: AcademyError): void {
    const { from, to, phase } = move;
    this.#world.order(from.shard, ['stay', from.slot, from.generation]);
    if (phase === 'arriving') this.#world.order(to.shard, ['unarrive', to.slot, to.generation]);
    this.#world.registry.release(to);
    this.#end(move, error);
  }

  #giveUp(move: Move, error: ErrorRecord): void {
    this.#world.registry.release(move.to);
    this.#end(move, fromErrorRecord(error, 'ERR_ACADEMY_NOT_MOVABLE'));
  }

  #end(move: Move, error: AcademyError): void {
    this.#moves.delete(move.record);
    move.reject(error);
  }

  /** What is said of a move that was given up before, is not of the next one of the same actor. */
  #departingTo({ shard, slot, generation }: ActorAddress): Move | undefined {
    const move = this.#byTo(shard, slot, generation);
    return move?.phase === 'departing' ? move : undefined;
  }

  #byTo(shard: number, slot: number, generation: number): Move | undefined {
    for (const move of this.#moves.values()) {
      const { to } = move;
      if (to.shard === shard && to.slot === slot && to.generation === generation) return move;
    }
    return undefined;
  }
}

function downError(message: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', message, { remedy: 'move it again when the shard is back' });
}
