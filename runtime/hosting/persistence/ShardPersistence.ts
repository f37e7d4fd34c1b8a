/**
 * What of a host's actors outlives its thread. It takes images of those that have changed, keeps journals, restores
 * machines from both, and puts actors to disk that nobody speaks to. All of it goes to the main thread and comes from
 * there; a host without persistent actors pays a look at a field for each message.
 */
import { deserialize } from 'node:v8';
import type { ActorEffect, AskToken, DeliveredMessage, Departure } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import { AcademyError, toErrorRecord } from '../../protocol/errors.js';
import type { EffectOrigin, MessageOrigin } from '../../protocol/persistence.js';
import type { ActorCell } from '../ActorCell.js';
import type { ActorKind } from '../ActorKind.js';
import type { ActorTimer, ActorTimers } from '../ActorTimers.js';
import type { ActorSeat, NoticeFrame } from '../frames.js';
import { counterPlace, type ShardLedger } from '../ShardLedger.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { ActorImage, ImageMonitor, JournalEntry } from './ActorImage.js';
import { decodeImages } from './decodeImages.js';
import { EffectBook } from './EffectBook.js';
import { encodeImages } from './encodeImages.js';
import { isUnderPressure } from './isUnderPressure.js';
import { PersistentActor } from './PersistentActor.js';
import { type ReleasedEffect, ShardJournal } from './ShardJournal.js';
import { withClock, withoutClock } from './withoutClock.js';

/** Between two looks at what has changed. @see ActorSystemOptions.snapshotEveryMs */
export const defaultSnapshotEveryMs = 1_000;
/** Entries of a journal before an image takes their place: what goes through them again takes some milliseconds. */
const entriesPerImage = 64;
/** Images of a shard that may be out of date before all are taken anew, beside as many as there are actors. */
const staleImagesMax = 256;

/** What of a journal goes along when its actor moves, beside the image. */
export interface CarriedBook {
  readonly released: number;
  readonly tokens: readonly (readonly [effect: number, token: AskToken])[];
}

export interface PersistenceWorld {
  readonly shard: number;
  readonly clock: Clock;
  readonly ledger: ShardLedger;
  readonly timers: ActorTimers;
  readonly snapshotEveryMs: number;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Does what a machine has emitted, at once. */
  perform(cell: ActorCell, effect: ActorEffect): void;
  /** The same for an effect of a journal that may have been done before. */
  performOnce(actor: PersistentActor, effect: ActorEffect, origin: EffectOrigin): void;
  /** Sends an effect to an actor of this node. */
  send(actor: PersistentActor, effect: ReleasedEffect, origin: EffectOrigin): void;
  /** Puts a message into the actor's mailbox, whatever its bound. */
  put(cell: ActorCell, message: DeliveredMessage): void;
  answer: ConstructorParameters<typeof ShardJournal>[0]['answer'];
  unanswered: ConstructorParameters<typeof ShardJournal>[0]['unanswered'];
  /** Does what a timer was set for. */
  expire(run: MachineRun, kind: ActorKind, timer: ActorTimer): void;
  /** What it had asked to be fetched is here. */
  fetched(cell: ActorCell): void;
  wake(): void;
}

export class ShardPersistence {
  readonly journal: ShardJournal<PersistentActor>;
  readonly #world: PersistenceWorld;
  readonly #actors = new Set<PersistentActor>();
  readonly #changed = new Set<PersistentActor>();
  /** What was kept of actors that are about to start, by id. */
  readonly #kept = new Map<number, ActorImage>();
  readonly #journals = new Map<number, JournalEntry[]>();
  /** Images of this turn. */
  #images: ActorImage[] = [];
  /** Images that were sent since the last time that all were. */
  #imagesSent = 0;
  #tick = 0;
  #timer: TimerHandle | null = null;
  #isClosed = false;
  #replaying: PersistentActor | null = null;
  readonly #handledPlace = counterPlace('snapshotHandled');

  constructor(world: PersistenceWorld) {
    this.#world = world;
    this.journal = new ShardJournal<PersistentActor>({
      clock: world.clock,
      write: (batch, entries) => world.toMain(['journal', batch, entries]),
      send: (actor, effect, origin) => this.#guard(actor, effect, () => world.send(actor, effect, origin)),
      perform: (actor, effect, origin) => this.#guard(actor, effect, () => world.performOnce(actor, effect, origin)),
      answer: world.answer,
      unanswered: world.unanswered,
    });
  }

  /** The time for machines: that of the journal while one goes through it again. */
  readonly nowMs = (): number => this.#replaying?.replayedAtMs ?? this.#world.clock.nowMs();

  // --- starting

  /** What was kept of the shard's actors, before any of them starts. */
  offer(images: readonly Uint8Array[], entries: readonly (number | Uint8Array)[]): void {
    for (let at = 0; at < entries.length; at += 2) {
      this.#offerEntry(entries[at] as number, deserialize(entries[at + 1] as Uint8Array) as JournalEntry);
    }
    for (const bytes of images) {
      for (const image of decodeImages(bytes)) {
        const known = this.#kept.get(image.id);
        if (!known || known.sequence <= image.sequence) this.#kept.set(image.id, image);
      }
    }
  }

  #offerEntry(id: number, entry: JournalEntry): void {
    const journal = this.#journals.get(id);
    if (journal) journal.push(entry);
    else this.#journals.set(id, [entry]);
  }

  /** All actors of the shard have started: what was kept of others is of no use. */
  forgetOffers(): void {
    this.#kept.clear();
    this.#journals.clear();
  }

  /**
   * Starts a machine, or goes on with what was kept of it.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID, ERR_ACADEMY_SNAPSHOT_VERSION, and what the machine throws
   */
  start(cell: ActorCell, kind: ActorKind, start: () => MachineRun): MachineRun {
    const actor = this.#actorOf(cell, kind);
    if (!actor) return start();
    actor.activeTick = this.#tick;
    const kept = this.#kept.get(actor.id);
    if (kept) {
      const entries = this.#journals.get(actor.id) ?? [];
      this.#kept.delete(actor.id);
      this.#journals.delete(actor.id);
      return this.#restore(actor, kind, kept, entries);
    }
    actor.isKnown = true;
    const run = start();
    try {
      const image = this.#imageOf(actor, kind, run);
      encodeImages([image]);
      this.#images.push(image);
    } catch (error) {
      kind.tier.stop(run);
      this.forget(cell);
      throw error;
    }
    this.journal.commitStart(actor);
    this.#world.wake();
    return run;
  }

  /** Whether the actor, which has crashed, goes on from what was kept; then `fetched` is called. */
  fetchFor(cell: ActorCell): boolean {
    const actor = cell.kind && this.#actorOf(cell, cell.kind);
    if (!actor || this.#kept.has(actor.id)) return false;
    if (actor.isFetching) return true;
    actor.isFetching = true;
    this.turnEnded();
    this.#world.toMain(['fetch', cell.slot, cell.generation]);
    return true;
  }

  /** What was asked for is here. */
  receive(cell: ActorCell, image: Uint8Array | null, entries: readonly Uint8Array[]): void {
    const actor = cell.extras?.persistent;
    if (!actor) return;
    actor.isFetching = false;
    this.offer(
      image ? [image] : [],
      entries.flatMap((entry) => [actor.id, entry]),
    );
    this.#world.fetched(cell);
  }

  // --- while a machine runs

  /** Whether the effect is not to be done now. @throws what is wrong with it */
  holds(actor: PersistentActor, effect: ActorEffect): boolean {
    if (effect.type === 'subscribe' || effect.type === 'unsubscribe') actor.noteSubscription(effect);
    if (actor.kind !== 'journal') return false;
    switch (effect.type) {
      case 'subscribe':
      case 'unsubscribe':
      case 'monitor':
      case 'demonitor':
      case 'link':
      case 'unlink':
      case 'fail':
        return false;
      case 'log':
        return actor.replayedAtMs !== null;
      case 'spawn-child':
        throw new AcademyError(
          'ERR_ACADEMY_BAD_ARGUMENT',
          'an actor that keeps a journal has no children without names',
          {
            remedy: 'spawn it by name, with the effect "spawn"',
          },
        );
      case 'reply':
        actor.cell.extras?.owed?.delete(effect.ask.id);
        actor.book.emit(effect);
        return true;
      default:
        actor.book.emit(effect);
        return true;
    }
  }

  /**
   * Before a machine is handed a message.
   * @returns what `handled` is to be told
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID for a message that cannot be kept
   */
  handling(actor: PersistentActor, event: DeliveredMessage, timer: JournalEntry['timer']): Uint8Array | null {
    actor.activeTick = this.#tick;
    if (actor.kind !== 'journal') return null;
    try {
      return this.journal.entryOf(actor, event, timer, event.origin ?? null);
    } catch (cause) {
      const { message } = toErrorRecord(cause, 'ERR_ACADEMY_SNAPSHOT_INVALID');
      throw new AcademyError('ERR_ACADEMY_SNAPSHOT_INVALID', `a message cannot be kept in the journal: ${message}`, {
        remedy: 'send plain data to an actor that keeps a journal',
        cause,
      });
    }
  }

  handled(actor: PersistentActor, entry: Uint8Array | null, event: DeliveredMessage): void {
    this.#changed.add(actor);
    if (entry) {
      this.journal.commit(actor, entry, event.from, event.origin ?? null);
    } else {
      actor.sequence++;
      this.#world.ledger.add(this.#world.shard, this.#handledPlace);
    }
    this.#watch();
  }

  /** The machine has failed at a message: nobody hears of what it did until then. */
  failed(actor: PersistentActor): void {
    actor.book.discardStep();
  }

  /** All three around `step`, for an actor that may be persistent or not. */
  hand(
    cell: ActorCell,
    event: DeliveredMessage,
    step: (event: DeliveredMessage) => void,
    timer: JournalEntry['timer'] = null,
  ): void {
    const actor = cell.extras?.persistent;
    if (!actor) return step(event);
    const entry = this.handling(actor, event, timer);
    try {
      step(event);
    } catch (error) {
      this.failed(actor);
      throw error;
    }
    this.handled(actor, entry, event);
  }

  turnEnded(): void {
    if (this.#images.length > 0) {
      const images = this.#images;
      this.#images = [];
      this.#sendImages(images, false);
    }
    this.journal.flush();
  }

  /** Everything that has changed, now. */
  save(): void {
    this.#takeImages(true);
    this.turnEnded();
  }

  /** The actor ends in good order: what it has become is kept for the next start of the node, if there is one. */
  ending(cell: ActorCell): void {
    const actor = cell.extras?.persistent;
    if (!actor || cell.run === null || cell.kind === null || cell.run.status !== 'active') return;
    if (actor.sequence !== actor.imaged) this.#images.push(this.#imageOf(actor, cell.kind, cell.run));
    this.turnEnded();
  }

  forget(cell: ActorCell): void {
    const actor = cell.extras?.persistent;
    if (!actor || !cell.extras) return;
    cell.extras.persistent = null;
    this.#actors.delete(actor);
    this.#changed.delete(actor);
    this.journal.forget(actor);
  }

  close(): void {
    this.#isClosed = true;
    this.#world.clock.clearTimeout(this.#timer);
    this.journal.close();
  }

  // --- images

  #watch(): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = this.#world.clock.setTimeout(() => {
      this.#timer = null;
      this.#tick++;
      this.#takeImages(false);
      const isAnyToPassivate = this.#passivate();
      if (this.#changed.size > 0 || isAnyToPassivate) this.#watch();
    }, this.#world.snapshotEveryMs);
  }

  /** @param isAll also those whose journal is still short */
  #takeImages(isAll: boolean): void {
    const isWhole = this.#imagesSent > 2 * this.#actors.size + staleImagesMax;
    const images: ActorImage[] = [];
    for (const actor of isWhole ? this.#actors : this.#changed) {
      const { cell, kind, sequence, imaged } = actor;
      if (!isWhole && !isAll && kind === 'journal' && sequence - imaged < entriesPerImage) continue;
      if (cell.run?.status !== 'active' || cell.kind === null) continue;
      this.#changed.delete(actor);
      images.push(this.#imageOf(actor, cell.kind, cell.run));
    }
    if (images.length > 0) this.#sendImages(images, isWhole && images.length === this.#actors.size);
    this.#world.wake();
  }

  #sendImages(images: readonly ActorImage[], isWhole: boolean): void {
    const { ledger, shard, toMain } = this.#world;
    // Entries go before the images that contain them.
    this.journal.flush();
    const trims = images.flatMap(({ id, sequence, ledger: book }) => (book ? [id, sequence] : []));
    const bytes = this.#encoded(images);
    if (bytes) toMain(['images', bytes, isWhole, trims, ledger.get(shard, this.#handledPlace)]);
    this.#imagesSent = isWhole ? images.length : this.#imagesSent + images.length;
  }

  /** One actor that cannot be kept must not keep the others from it. */
  #encoded(images: readonly ActorImage[]): Uint8Array | null {
    try {
      return encodeImages(images);
    } catch (error) {
      if (images.length > 1) {
        const good = images.filter((image) => this.#encoded([image]) !== null);
        return good.length > 0 ? encodeImages(good) : null;
      }
      const name = [...this.#actors].find(({ id }) => id === images[0]?.id)?.cell.name ?? '';
      const { message, remedy } = toErrorRecord(error, 'ERR_ACADEMY_SNAPSHOT_INVALID');
      this.#world.toMain(['log', 'error', name, `${message}; ${remedy}`, undefined]);
      return null;
    }
  }

  #imageOf(actor: PersistentActor, kind: ActorKind, run: MachineRun): ActorImage {
    const snapshot = kind.tier.snapshot(run) as { readonly context?: unknown };
    const context = withoutClock(snapshot.context);
    actor.imaged = actor.sequence;
    return {
      id: actor.id,
      version: kind.definition.snapshotVersion ?? 1,
      snapshot: context === snapshot.context ? snapshot : { ...snapshot, context },
      sequence: actor.sequence,
      ledger: actor.ledger,
      timers: this.#world.timers.list(actor.cell),
      subscriptions: actor.subscriptions,
      monitors: monitorsOf(actor.cell),
    };
  }

  // --- moving

  /** What an actor has become, whether it persists or not. */
  imageToMove(cell: ActorCell): ActorImage {
    const { extras, named, kind, run } = cell;
    if (extras?.persistent) return this.#imageOf(extras.persistent, kind as ActorKind, run as MachineRun);
    const { definition, tier } = kind as ActorKind;
    const snapshot = tier.snapshot(run as MachineRun) as { readonly context?: unknown };
    return {
      id: (named as ActorSeat).id,
      version: definition.snapshotVersion ?? 1,
      snapshot: { ...snapshot, context: withoutClock(snapshot.context) },
      sequence: 0,
      ledger: null,
      timers: this.#world.timers.list(cell),
      subscriptions: [],
      monitors: [],
    };
  }

  bookToMove(cell: ActorCell): CarriedBook | null {
    const { persistent = null } = cell.extras ?? {};
    return persistent && { released: persistent.book.released, tokens: [...persistent.book.tokens] };
  }

  /**
   * Goes on with an actor that comes from another shard. Nothing of what it has said is said again.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_VERSION, and what the tier throws
   */
  arrive(cell: ActorCell, kind: ActorKind, image: ActorImage, carried: CarriedBook | null): MachineRun {
    const run = kind.tier.restore(cell, this.#fitting(cell, kind, image));
    const actor = this.#actorOf(cell, kind);
    if (!actor) return run;
    for (const { event, roomId, remoteOnly } of image.subscriptions) {
      actor.noteSubscription({ type: 'subscribe', event, roomId, remoteOnly });
    }
    actor.sequence = image.sequence;
    actor.imaged = image.sequence;
    actor.activeTick = this.#tick;
    actor.isKnown = true;
    if (image.ledger) actor.book = new EffectBook(image.ledger);
    if (!carried) return run;
    actor.book.released = carried.released;
    for (const [number, token] of carried.tokens) actor.book.tokens.set(number, { ...token, asker: cell.address });
    return run;
  }

  settledIn(cell: ActorCell): void {
    const actor = cell.extras?.persistent;
    if (actor?.kind === 'journal') this.journal.resume(actor);
  }

  /** The answer to a question of its is in its mailbox. */
  answered({ book }: PersistentActor, effect: number): void {
    book.tokens.delete(effect);
    book.happened(effect);
  }

  // --- passivation

  /** @returns whether there is any that may be one day */
  #passivate(): boolean {
    const everyMs = this.#world.snapshotEveryMs;
    const isTight = isUnderPressure();
    let isAny = false;
    for (const actor of this.#actors) {
      const { passivateAfterMs, cell, activeTick } = actor;
      if (passivateAfterMs === undefined || cell.status !== 'running') continue;
      isAny = true;
      const idleMs = (this.#tick - activeTick) * everyMs;
      if ((idleMs >= passivateAfterMs || (isTight && idleMs > 0)) && isIdle(actor)) this.#putToDisk(actor);
    }
    return isAny;
  }

  #putToDisk(actor: PersistentActor): void {
    const { cell } = actor;
    if (cell.kind === null || cell.run === null) return;
    const bytes = this.#encoded([this.#imageOf(actor, cell.kind, cell.run)]);
    if (!bytes) return;
    this.journal.flush();
    this.#world.toMain(['image', actor.id, bytes]);
    cell.kind.tier.stop(cell.run);
    cell.run = null;
    cell.status = 'passive';
    actor.isAtRest = true;
    this.#changed.delete(actor);
  }

  // --- restoring

  #actorOf(cell: ActorCell, kind: ActorKind): PersistentActor | null {
    const { named } = cell;
    if (!named) return null;
    const persist = named.persist ?? kind.definition.persist ?? 'none';
    if (persist === 'none') return null;
    const extras = cell.extra();
    if (!extras.persistent) {
      const passivateAfterMs = named.passivateAfterMs ?? kind.definition.passivateAfterMs;
      extras.persistent = new PersistentActor(named.id, cell, persist, passivateAfterMs);
      this.#actors.add(extras.persistent);
      if (passivateAfterMs !== undefined) this.#watch();
    }
    return extras.persistent;
  }

  #restore(actor: PersistentActor, kind: ActorKind, image: ActorImage, entries: readonly JournalEntry[]): MachineRun {
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
    const isKnown = actor.isKnown;
    actor.isKnown = true;
    actor.imaged = image.sequence;
    if (!isKnown) {
      actor.sequence = image.sequence;
      if (image.ledger) actor.book = new EffectBook(image.ledger);
    } else if (actor.kind === 'snapshot') {
      // What came after the image is lost with the life that has crashed.
      this.#world.ledger.add(this.#world.shard, counterPlace('snapshotLost'), actor.sequence - image.sequence);
      actor.sequence = image.sequence;
    }
    const since = entries.filter(({ sequence }) => sequence > image.sequence);
    if (actor.kind === 'journal') this.#replay(actor, kind, run, since, isKnown);
    if (!actor.isSettled && (!isKnown || actor.kind === 'snapshot')) this.#settleOpen(actor);
    return run;
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
        this.journal.replay(actor, entries, step);
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

  #fitting(cell: ActorCell, { definition }: ActorKind, { version, snapshot }: ActorImage): unknown {
    const { snapshotVersion = 1, migrate } = definition;
    let fitting = snapshot;
    if (version !== snapshotVersion) {
      if (!migrate) {
        throw new AcademyError(
          'ERR_ACADEMY_SNAPSHOT_VERSION',
          `"${cell.name}" was kept in version ${version}, and its definition has version ${snapshotVersion}`,
          { remedy: 'give the definition a function migrate(snapshot, fromVersion), or stop the actor to forget it' },
        );
      }
      fitting = migrate(snapshot, version);
    }
    const { context } = fitting as { readonly context?: unknown };
    const clocked = withClock(context, this.nowMs);
    return clocked === context ? fitting : { ...(fitting as object), context: clocked };
  }

  #guard(actor: PersistentActor, effect: ActorEffect, work: () => void): void {
    try {
      work();
    } catch (error) {
      // The step that has asked for it is on disk, so the machine cannot be told any more.
      const { message } = toErrorRecord(error, 'ERR_ACADEMY_BAD_ARGUMENT');
      const text = `its effect "${effect.type}" is no good: ${message}`;
      this.#world.toMain(['log', 'error', actor.cell.name, text, undefined]);
    }
  }
}

function monitorsOf({ extras }: ActorCell): ImageMonitor[] {
  const bonds = [...(extras?.watching?.values() ?? [])];
  return bonds.filter(({ isLink }) => !isLink).map(({ target, tag }) => ({ target, tag }));
}

/** Nothing waits for it, and it waits for nothing but messages. */
function isIdle({ cell, isSettled }: PersistentActor): boolean {
  const { run, depth, timers, isReady, extras } = cell;
  return (
    run?.status === 'active' &&
    depth === 0 &&
    timers === null &&
    !isReady &&
    isSettled &&
    (extras?.owed?.size ?? 0) === 0 &&
    (extras?.children?.size ?? 0) === 0
  );
}
