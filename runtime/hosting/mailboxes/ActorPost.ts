/**
 * Brings a message that has reached its shard to its actor, or says why it cannot be: nobody is there, it is no
 * message, or it may not come from another node. What hosts say to each other about an actor ends here.
 */
import { type ActorReference, type AskToken, type DeliveredMessage, isActorAddress } from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { ActorTable } from '../addresses/ActorTable.js';
import type { DeliverLocally, Switchboard } from '../addresses/Switchboard.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorLives } from '../lives/ActorLives.js';
import type { Bonds } from '../lives/Bonds.js';
import { hostWords, isHostWord } from '../lives/hostWords.js';
import type { Arrivals } from '../moving/Arrivals.js';
import { SeenEffects } from '../persistence/SeenEffects.js';
import { counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import { type ActorTurns, undeliveredType } from './ActorTurns.js';
import { isDeliverable } from './isDeliverable.js';
import type { MessageCourier } from './MessageCourier.js';

/** Of `academy.…`: what is told apart by its first character costs other messages nothing. */
const firstOfOurs = 'a'.charCodeAt(0);
const acceptedPlace = counterPlace('mailboxAccepted');
const forwardedPlace = counterPlace('messagesForwarded');

export interface ActorPostOptions {
  readonly shard: number;
  readonly ledger: ShardLedger;
  readonly table: ActorTable;
  readonly turns: ActorTurns;
  readonly lives: ActorLives;
  readonly bonds: Bonds;
  readonly switchboard: Switchboard;
  readonly arrivals: Arrivals;
}

export class ActorPost {
  readonly #options: ActorPostOptions;
  readonly #table: ActorTable;
  readonly #turns: ActorTurns;

  constructor(options: ActorPostOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#turns = options.turns;
  }

  deliver(
    slot: number,
    generation: number,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    remote: boolean,
    origin: EffectOrigin | null,
  ): void {
    const { switchboard, shard } = this.#options;
    const cell = this.#table.find(slot, generation);
    if (cell === undefined && this.#forward(slot, generation, type, data, from, ask, remote, origin)) return;
    if (cell === undefined) {
      const reason = this.#table.hadLast(slot, generation) ? 'stopped' : 'stale-address';
      switchboard.lose(reason, { shard, slot, generation }, from, type, ask, origin);
    } else if (!isDeliverable(type)) {
      switchboard.lose('undecodable', cell.address, from, type, ask, origin, {
        name: cell.name,
        why: 'no message may have that type, by which XState speaks to itself',
        remedy: 'give it a type of your own: a text that is neither empty nor "*", and does not begin with "xstate."',
      });
    } else if (cell.kind === null && !isHostWord(type) && this.#options.arrivals.isFull(cell)) {
      switchboard.lose('mailbox-full', cell.address, from, type, ask, origin);
    } else if (origin !== null) {
      this.#deliverEffect(cell, type, data, from, ask, origin);
    } else if (remote && !takesFromRemote(cell, type)) {
      switchboard.lose('not-remote', cell.address, from, type, ask);
    } else if (type.charCodeAt(0) === firstOfOurs && this.#isOurs(cell, type, data, from, ask)) {
      // It was for the host.
    } else if (cell.kind === null) {
      this.#deliverEarly(cell, type, data, from, ask, remote, null);
    } else if (!this.#fits(cell, type, data, from, ask, null)) {
      // Whoever sent it has been told.
    } else {
      this.#turns.put(cell, ask ? { type, data, from, atMs: 0, ask } : { type, data, from, atMs: 0 });
    }
  }

  /**
   * One object for all receivers of a message; each gets a copy when it handles it, and none is kept for it meanwhile.
   * @returns null for what is not simply put into a mailbox
   */
  envelope(type: string, data: unknown, from: ActorReference | null): DeliveredMessage | null {
    if (!isDeliverable(type) || type.charCodeAt(0) === firstOfOurs) return null;
    return this.#turns.envelope(type, data, from);
  }

  deliverShared(slot: number, generation: number, envelope: DeliveredMessage): void {
    const cell = this.#table.find(slot, generation);
    // To conflate or to check is to tell messages apart.
    if (cell?.kind && cell.kind.mailbox.keyOf === null && cell.kind.checks === null) {
      this.#turns.putShared(cell, envelope);
    } else {
      this.deliver(slot, generation, envelope.type, envelope.data, envelope.from, null, false, null);
    }
  }

  /** The way of a message that somebody wants to see, to hold back or to lose. */
  deliverBy(courier: MessageCourier): DeliverLocally {
    return (slot, generation, type, data, from, ask, remote, origin) => {
      const sender = from && isActorAddress(from) ? this.#table.find(from.slot, from.generation)?.name : from?.name;
      const to = this.#table.find(slot, generation)?.name ?? `${this.#options.shard}/${slot}/${generation}`;
      courier.carry({ from: sender ?? null, to, type, data, ask }, () =>
        this.deliver(slot, generation, type, data, from, ask, remote, origin),
      );
    };
  }

  /** An effect of an actor with a journal, which comes until it is answered. */
  #deliverEffect(
    cell: ActorCell,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    origin: EffectOrigin,
  ): void {
    if (cell.kind === null) {
      // Its module is being loaded, and with it what it has had.
      this.#deliverEarly(cell, type, data, from, ask, false, origin);
      return;
    }
    const { switchboard } = this.#options;
    const { persistent } = cell.extra();
    const isJournaled = persistent?.kind === 'journal';
    const seen = isJournaled ? persistent.book.seen : seenBy(cell);
    const state = seen.stateOf(origin);
    if (state === 'kept') switchboard.answerEffect(from, origin[1], 'known');
    if (state !== null) return;
    if (!seen.isNext(origin)) return switchboard.answerEffect(from, origin[1], 'early');
    if (!this.#fits(cell, type, data, from, ask, origin)) return;
    const message = { type, data, from, atMs: 0, origin };
    if (!this.#turns.put(cell, ask ? { ...message, ask } : message)) return;
    seen.set(origin, isJournaled ? 'arrived' : 'kept');
    if (!isJournaled) switchboard.answerEffect(from, origin[1], 'kept');
  }

  /** @returns whether it needs no machine: a host's word, or a notice that the machine does not want */
  #isOurs(cell: ActorCell, type: string, data: unknown, from: ActorReference | null, ask: AskToken | null): boolean {
    const { bonds, lives } = this.#options;
    if (cell.extras?.arrival) return false;
    if (cell.extras?.departure && isHostWord(type)) {
      const { slot, generation } = cell;
      cell.extras.departure.words.push(() => this.deliver(slot, generation, type, data, from, ask, false, null));
      return true;
    }
    switch (type) {
      case hostWords.watch:
        bonds.watched(cell, data, from, ask);
        return true;
      case hostWords.unwatch:
        bonds.unwatched(cell, data, from);
        return true;
      case hostWords.stop:
        lives.stop(cell);
        return true;
      case undeliveredType:
        return !cell.kind?.tier.hears(undeliveredType);
      default:
        return false;
    }
  }

  /** Whether the data is as the definition declares it; else it is a dead letter, and who asked learns which field. */
  #fits(
    cell: ActorCell,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    origin: EffectOrigin | null,
  ): boolean {
    const checks = cell.kind?.checks ?? null;
    if (checks === null) return true;
    const fault = checks.get(type)?.(data) ?? null;
    if (fault === null) return true;
    const { switchboard } = this.#options;
    if (ask) {
      switchboard.reply(ask, undefined, {
        code: 'ERR_ACADEMY_MESSAGE_INVALID',
        message: `"${type}" to "${cell.name}" does not fit its schema: ${fault}`,
        remedy: 'send what the definition of the actor declares under `messages`',
      });
    }
    switchboard.lose('invalid', cell.address, from, type, null, origin);
    return false;
  }

  /** @returns false when nobody has moved from there */
  #forward(...message: Parameters<DeliverLocally>): boolean {
    const { switchboard, shard, ledger } = this.#options;
    if (switchboard.forwards.size === 0) return false;
    const [slot, generation, type, data, from, ask, remote, origin] = message;
    const known = { shard, slot, generation };
    const to = switchboard.forwards.latest(known);
    if (to === known) return false;
    ledger.add(shard, forwardedPlace);
    if (to.shard === shard) {
      this.deliver(to.slot, to.generation, type, data, from, ask, remote, origin);
      return true;
    }
    switchboard.post(to.shard, ['carry', to.slot, to.generation, type, data, from, ask, remote, origin, 'forwarded']);
    if (ask) switchboard.aimAt(ask, to.shard);
    return true;
  }

  /** Its module is being loaded, and with it the mailbox's rules. */
  #deliverEarly(
    cell: ActorCell,
    type: string,
    data: unknown,
    from: ActorReference | null,
    ask: AskToken | null,
    remote: boolean,
    origin: EffectOrigin | null,
  ): void {
    const { switchboard, ledger, shard, arrivals } = this.#options;
    const { slot, generation } = cell;
    if (arrivals.hold(cell, () => this.deliver(slot, generation, type, data, from, ask, remote, origin))) return;
    const extras = cell.extra();
    extras.early ??= [];
    if (extras.early.length >= (cell.named?.mailbox?.capacity ?? limits.mailboxMessagesMax)) {
      switchboard.lose('mailbox-full', cell.address, from, type, ask, origin);
      return;
    }
    extras.early.push([slot, generation, type, data, from, ask, remote, origin]);
    ledger.add(shard, acceptedPlace);
  }
}

function takesFromRemote(cell: ActorCell, type: string): boolean {
  // As long as its module is not loaded it is not known; it is asked again then.
  return cell.kind === null ? !isHostWord(type) : cell.kind.remoteTypes.has(type);
}

function seenBy(cell: ActorCell): SeenEffects {
  const extras = cell.extra();
  extras.seen ??= new SeenEffects();
  return extras.seen;
}
