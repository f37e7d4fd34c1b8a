/**
 * Monitors and links. Who watches an actor asks its host a question without a deadline, which is answered when the
 * actor is gone: so the answer comes after all that the actor has sent, an address where nobody is answers at once,
 * and the death of a thread answers for all who lived there. A link is two such questions, one from each side.
 */
import {
  type ActorAddress,
  type ActorReference,
  type AskToken,
  type DeliveredMessage,
  type Departure,
  type DepartureReason,
  isActorAddress,
} from '../../protocol/actors.js';
import { AcademyError, type ErrorRecord } from '../../protocol/errors.js';
import type { NodeId } from '../../protocol/identity.js';
import { limits } from '../../protocol/limits.js';
import { isSameAddress, isSameReference } from '../addresses/NameDirectory.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { ActorCell } from './ActorCell.js';
import { hostWords } from './hostWords.js';

/** Whom an actor watches. */
export interface Bond {
  readonly target: ActorReference;
  readonly isLink: boolean;
  readonly tag: unknown;
}

/** Who watches an actor. */
export interface Watcher {
  readonly token: AskToken;
  readonly isLink: boolean;
}

type WatchKind = 'monitor' | 'link' | 'link-back';

export interface BondsOptions {
  readonly nodeId: NodeId;
  readonly switchboard: Switchboard;
  /** Puts a message into the actor's mailbox, whatever its bound. */
  readonly put: (cell: ActorCell, message: DeliveredMessage) => void;
  /** Crashes the actor. */
  readonly fault: (cell: ActorCell, error: unknown) => void;
}

export class Bonds {
  readonly #options: BondsOptions;
  /** Actors that somebody watches. */
  readonly #watched = new Set<ActorCell>();

  constructor(options: BondsOptions) {
    this.#options = options;
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for an actor of another node, and for too many */
  monitor(cell: ActorCell, target: ActorReference, tag: unknown): void {
    this.#watch(cell, target, 'monitor', tag);
  }

  demonitor(cell: ActorCell, target: ActorReference): void {
    this.#forgetAll(cell, target, false);
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT as monitor() does */
  link(cell: ActorCell, target: ActorReference): void {
    for (const bond of cell.extras?.watching?.values() ?? []) {
      if (bond.isLink && isSameReference(bond.target, target)) return;
    }
    this.#watch(cell, target, 'link', undefined);
  }

  unlink(cell: ActorCell, target: ActorReference): void {
    this.#forgetAll(cell, target, true);
  }

  /** Somebody wants to know when this actor is gone. */
  watched(cell: ActorCell, kind: unknown, from: ActorReference | null, token: AskToken | null): void {
    if (!token || !isActorAddress(token.asker)) return;
    const extras = cell.extra();
    extras.watchers ??= new Map();
    extras.watchers.set(token.id, {
      token: { ...token, asker: this.#options.switchboard.forwards.latest(token.asker) },
      isLink: kind !== 'monitor',
    });
    this.#watched.add(cell);
    if (kind === 'link' && from) this.#watch(cell, from, 'link-back', undefined);
  }

  /** Whoever asked does not want to know any more. */
  unwatched(cell: ActorCell, id: unknown, from: ActorReference | null): void {
    if (!from || !isActorAddress(from)) return;
    const key = Number(id);
    const watcher = cell.extras?.watchers?.get(key);
    if (!watcher) return;
    this.#removeWatcher(cell, key);
    if (watcher.isLink) this.#forgetAll(cell, from, true);
  }

  /** A life is over, by a crash: those who are linked to it crash, and it watches nobody any more. */
  crashed(cell: ActorCell, error: ErrorRecord): void {
    for (const [key, { token, isLink }] of cell.extras?.watchers ?? []) {
      if (!isLink) continue;
      this.#removeWatcher(cell, key);
      this.#tell(token, 'crashed', error);
    }
    this.release(cell);
  }

  /** The address is dead. */
  ended(cell: ActorCell, reason: DepartureReason, error: ErrorRecord | null): void {
    this.release(cell);
    const watchers = cell.extras?.watchers;
    if (!watchers) return;
    for (const { token } of watchers.values()) this.#tell(token, reason, error);
    watchers.clear();
    this.#watched.delete(cell);
  }

  /** An actor that may watch others has moved: those hear of it where it is now. */
  moved(from: ActorAddress, to: ActorAddress): void {
    for (const cell of this.#watched) {
      for (const [key, { token, isLink }] of cell.extras?.watchers ?? []) {
        if (!isActorAddress(token.asker) || !isSameAddress(token.asker, from)) continue;
        cell.extras?.watchers?.set(key, { token: { ...token, asker: to }, isLink });
      }
    }
  }

  /** The actor goes on elsewhere, and with it those who watch it. */
  left(cell: ActorCell): void {
    this.#watched.delete(cell);
  }

  /** It comes from another shard. */
  arrived(
    cell: ActorCell,
    watchers: readonly Watcher[],
    watching: readonly (readonly [id: number, bond: Bond])[],
  ): void {
    const extras = cell.extra();
    if (watchers.length > 0) this.#watched.add(cell);
    extras.watchers = new Map(watchers.map((watcher) => [watcher.token.id, watcher]));
    extras.watching = new Map(watching);
  }

  /** Forgets whom it watches. */
  release(cell: ActorCell): void {
    for (const [id, bond] of cell.extras?.watching ?? []) this.#forget(cell, id, bond);
  }

  /** Who lived on a shard that is down watches nobody any more. */
  shardDown(shard: number): void {
    for (const cell of this.#watched) {
      for (const [key, { token }] of cell.extras?.watchers ?? []) {
        if (isActorAddress(token.asker) && token.asker.shard === shard) this.#removeWatcher(cell, key);
      }
    }
  }

  #watch(cell: ActorCell, target: ActorReference, kind: WatchKind, tag: unknown): void {
    const { switchboard, nodeId } = this.#options;
    if (!isActorAddress(target) && target.node !== undefined && target.node !== nodeId) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `"${target.name}" lives on another node and cannot be watched`,
      );
    }
    const extras = cell.extra();
    extras.watching ??= new Map();
    if (extras.watching.size >= limits.watchesPerActorMax) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `it watches ${extras.watching.size} actors, as many as it can`,
      );
    }
    const id = switchboard.asks.keep((result, error) => this.departed(cell, id, result, error));
    extras.watching.set(id, { target, isLink: kind !== 'monitor', tag });
    switchboard.tell(target, hostWords.watch, kind, cell.address, { asker: cell.address, id });
  }

  /** What was asked of the host of a watched actor is answered. */
  departed(cell: ActorCell, id: number, result: unknown, error: ErrorRecord | null): void {
    const bond = cell.extras?.watching?.get(id);
    if (!bond) return;
    cell.extras?.watching?.delete(id);
    // The node itself ends; there is nobody left to be told.
    if (error?.code === 'ERR_ACADEMY_NODE_STOPPED') return;
    const { target, isLink, tag } = bond;
    const departure = { target, ...causeOf(result, error), ...(tag === undefined ? {} : { tag }) };
    if (!isLink) {
      this.#options.put(cell, { type: 'academy.down', data: departure, from: target, atMs: 0 });
    } else if (cell.kind?.definition.traps) {
      this.#options.put(cell, { type: 'academy.exit', data: departure, from: target, atMs: 0 });
    } else if (departure.reason !== 'stopped') {
      this.#options.fault(cell, linkError(departure));
    }
  }

  #forgetAll(cell: ActorCell, target: ActorReference, isLink: boolean): void {
    for (const [id, bond] of cell.extras?.watching ?? []) {
      if (bond.isLink === isLink && isSameReference(bond.target, target)) this.#forget(cell, id, bond);
    }
  }

  #forget(cell: ActorCell, id: number, bond: Bond): void {
    const { switchboard } = this.#options;
    cell.extras?.watching?.delete(id);
    switchboard.asks.drop(id);
    switchboard.tell(bond.target, hostWords.unwatch, id, cell.address);
  }

  #removeWatcher(cell: ActorCell, key: number): void {
    const watchers = cell.extras?.watchers;
    watchers?.delete(key);
    if (watchers?.size === 0) this.#watched.delete(cell);
  }

  #tell(token: AskToken, reason: DepartureReason, error: ErrorRecord | null): void {
    this.#options.switchboard.reply(token, error ? { reason, error } : { reason }, null);
  }
}

function causeOf(result: unknown, error: ErrorRecord | null): Pick<Departure, 'reason' | 'error'> {
  if (!error) return result as Pick<Departure, 'reason' | 'error'>;
  return { reason: error.code === 'ERR_ACADEMY_ASK_FAILED' ? 'shard-down' : 'not-there', error };
}

function linkError({ target, reason, error }: Departure): AcademyError {
  const who = isActorAddress(target) ? `${target.shard}/${target.slot}/${target.generation}` : `"${target.name}"`;
  const why = error ? `${reason}: ${error.message}` : reason;
  return new AcademyError('ERR_ACADEMY_ACTOR_STOPPED', `it was linked to ${who}, which is gone (${why})`, {
    remedy: 'say `traps: true` in its definition to be told by a message instead',
  });
}
