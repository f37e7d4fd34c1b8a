/**
 * Makes an actor of what was kept of it: its machine in the state of its image, its timers, subscriptions and monitors,
 * and for one with a journal what it has handled since, which the machine goes through again as it did then.
 */
import type { ActorEffect, ActorInput, AskToken, DeliveredMessage, Departure } from '../../protocol/actors.js';
import type { Clock } from '../../protocol/Clock.js';
import { AcademyError } from '../../protocol/errors.js';
import type { MessageOrigin } from '../../protocol/persistence.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorKind } from '../lives/ActorKind.js';
import type { ActorTimer, ActorTimers } from '../mailboxes/ActorTimers.js';
import { counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { ActorImage, JournalEntry } from './ActorImage.js';
import { EffectBook } from './EffectBook.js';
import type { PersistentActor } from './PersistentActor.js';
import { unpackContext } from './packContext.js';
import type { ShardJournal } from './ShardJournal.js';
import { withClock } from './withoutClock.js';

/** What of a journal goes along when its actor moves, beside the image. */
export interface CarriedBook {
  readonly released: number;
  readonly tokens: readonly (readonly [effect: number, token: AskToken])[];
}

export interface RestorerWorld {
  readonly shard: number;
  readonly clock: Clock;
  readonly ledger: ShardLedger;
  readonly timers: ActorTimers;
  readonly journal: ShardJournal<PersistentActor>;
  /** What its machine would be started with now. */
  inputOf(cell: ActorCell): ActorInput;
  /** Does what a machine has emitted, at once. */
  perform(cell: ActorCell, effect: ActorEffect): void;
  /** Puts a message into the actor's mailbox, whatever its bound. */
  put(cell: ActorCell, message: DeliveredMessage): void;
  /** Takes out of its mailbox what other journals have sent, which comes again. */
  dropEffects(cell: ActorCell): void;
  /** Does what a timer was set for. */
  expire(run: MachineRun, kind: ActorKind, timer: ActorTimer): void;
}

export class ActorRestorer {
  readonly #world: RestorerWorld;
  #replaying: PersistentActor | null = null;

  constructor(world: RestorerWorld) {
    this.#world = world;
  }

  /** The time for machines: that of the journal while one goes through it again. */
  readonly nowMs = (): number => this.#replaying?.replayedAtMs ?? this.#world.clock.nowMs();

  /**
   * Goes on with what was kept of an actor.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_VERSION, ERR_ACADEMY_SNAPSHOT_INVALID, and what the machine throws
   */
  restore(actor: PersistentActor, kind: ActorKind, image: ActorImage, entries: readonly JournalEntry[]): MachineRun {
    const { cell } = actor;
    const run = kind.tier.restore(cell, this.#fitting(cell, kind, image));
    actor.forgetSubscriptions();
    for (const { event, roomId, remoteOnly } of image.subscriptions) {
      const effect = { type: 'subscribe' as const, event, roomId, remoteOnly };
      actor.noteSubscription(effect);
      this.#world.perform(cell, effect);
    }
    this.#world.timers.arm(cell, image.timers);
    // Those of one that was put to disk have held while it was there.
    if (!actor.isAtRest) {
      for (const { target, tag } of image.monitors) this.#world.perform(cell, { type: 'monitor', target, tag });
    }
    actor.isAtRest = false;
    this.#world.journal.mended(actor);
    const isKnown = actor.isKnown;
    actor.isKnown = true;
    actor.imaged = image.sequence;
    if (!isKnown) {
      // It has come to a life of which nothing is known any more.
      if (actor.kind === 'journal' && cell.depth > 0) this.#world.dropEffects(cell);
      actor.sequence = image.sequence;
      if (image.ledger) actor.book = new EffectBook(image.ledger);
    } else if (actor.kind === 'snapshot') {
      // What came after the image is lost with the life that has crashed.
      this.#world.ledger.add(this.#world.shard, counterPlace('snapshotLost'), actor.sequence - image.sequence);
      actor.sequence = image.sequence;
    }
    const since = entries.filter(({ sequence }) => sequence > image.sequence);
    if (actor.kind === 'journal') {
      const whole = since.filter(({ sequence }, place) => sequence === image.sequence + 1 + place);
      this.#replay(actor, kind, run, whole, isKnown);
      if (whole.length < since.length && !isKnown) {
        // What lies behind a hole was never receipted, and must not be taken for what this life writes there.
        actor.sequence = (since.at(-1) as JournalEntry).sequence;
        actor.needsImage = true;
      }
    }
    if (!actor.isSettled && (!isKnown || actor.kind === 'snapshot')) this.#settleOpen(actor);
    return run;
  }

  /**
   * The machine of an actor that comes from another shard.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_VERSION, ERR_ACADEMY_SNAPSHOT_INVALID, and what the tier throws
   */
  machineOf(cell: ActorCell, kind: ActorKind, image: ActorImage): MachineRun {
    return kind.tier.restore(cell, this.#fitting(cell, kind, image));
  }

  /** What else it was there. Nothing of what it has said is said again. */
  settle(actor: PersistentActor, image: ActorImage, carried: CarriedBook | null): void {
    for (const { event, roomId, remoteOnly } of image.subscriptions) {
      actor.noteSubscription({ type: 'subscribe', event, roomId, remoteOnly });
    }
    actor.sequence = image.sequence;
    actor.imaged = image.sequence;
    actor.isKnown = true;
    if (image.ledger) actor.book = new EffectBook(image.ledger);
    if (!carried) return;
    const { address } = actor.cell;
    actor.book.released = carried.released;
    for (const [number, token] of carried.tokens) actor.book.tokens.set(number, { ...token, asker: address });
  }

  /** @param isKnown what it says and hears is known, and only what it has become is not */
  #replay(
    actor: PersistentActor,
    kind: ActorKind,
    run: MachineRun,
    entries: readonly JournalEntry[],
    isKnown: boolean,
  ): void {
    const step = ({ event, timer }: JournalEntry): void => {
      actor.replayedAtMs = event.atMs;
      if (timer === null) {
        if (event.ask) actor.cell.owe(event.ask);
        // Whom it has heard the end of it monitors no longer.
        if (event.type === 'academy.down') {
          const { target } = event.data as Departure;
          this.#world.perform(actor.cell, { type: 'demonitor', target });
        }
        kind.tier.send(run, event);
      } else {
        const due = this.#world.timers.fired(actor.cell, timer.id, event.type);
        if (due) this.#world.expire(run, kind, due);
      }
    };
    this.#replaying = actor;
    try {
      if (isKnown) {
        for (const entry of entries) {
          step(entry);
          actor.book.discardStep();
        }
      } else {
        this.#world.journal.replay(actor, entries, step);
      }
    } finally {
      actor.replayedAtMs = null;
      this.#replaying = null;
    }
  }

  /** What it had asked, and the answer went down with the thread. */
  #settleOpen({ cell, book }: PersistentActor): void {
    for (const [number, { settles, tag }] of book.open) {
      if (book.outbox.has(number)) continue;
      book.open.delete(number);
      const error = {
        code: 'ERR_ACADEMY_ASK_FAILED' as const,
        message: 'the actor was restored before the answer came',
      };
      const origin: MessageOrigin = { answers: number };
      this.#world.put(cell, { type: settles, data: { tag, error }, from: null, atMs: 0, origin });
    }
  }

  /** The snapshot that the machine goes on from: migrated, with the clock of this shard, and unpacked. */
  #fitting(cell: ActorCell, { definition }: ActorKind, { version, snapshot }: ActorImage): unknown {
    const { snapshotVersion = 1, migrate } = definition;
    let fitting = snapshot;
    if (version !== snapshotVersion) {
      if (!migrate) {
        throw new AcademyError(
          'ERR_ACADEMY_SNAPSHOT_VERSION',
          `"${cell.name}" was kept in version ${version}, and its definition has version ${snapshotVersion}`,
          {
            remedy:
              'give the definition a function migrate(snapshot, fromVersion), or forget what was kept: node.forgetActor(name) or "academy forget <name>"',
          },
        );
      }
      fitting = migrate(snapshot, version);
    }
    const { context } = fitting as { readonly context?: unknown };
    const unpacked = unpackContext(definition, withClock(context, this.nowMs), () => this.#world.inputOf(cell));
    return unpacked === context ? fitting : { ...(fitting as object), context: unpacked };
  }
}
