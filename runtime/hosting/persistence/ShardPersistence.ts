import type { ActorEffect, DeliveredMessage } from '../../protocol/actors.js';
import type { TimerHandle } from '../../protocol/Clock.js';
import { AcademyError, toErrorRecord } from '../../protocol/errors.js';
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { NoticeFrame } from '../frames.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorKind } from '../lives/ActorKind.js';
import { counterPlace } from '../shards/ShardLedger.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { ActorImage, JournalEntry } from './ActorImage.js';
import { ActorRestorer, type CarriedBook, type RestorerWorld } from './ActorRestorer.js';
import { assertPlainData } from './assertPlainData.js';
import { encodeImages } from './encodeImages.js';
import { imageOf, imageToMove } from './imageOf.js';
import { isUnderPressure } from './isUnderPressure.js';
import { KeptOffers } from './KeptOffers.js';
import { PersistentActor } from './PersistentActor.js';
import { type ReleasedEffect, ShardJournal, type ShardJournalOptions } from './ShardJournal.js';

/** Between two looks at what has changed. @see ActorSystemOptions.snapshotEveryMs */
export const defaultSnapshotEveryMs = 1_000;
/** Entries of a journal before an image takes their place: what goes through them again takes some milliseconds. */
const entriesPerImage = 64;
/** Images of a shard that may be out of date before all are taken anew, beside as many as there are actors. */
const staleImagesMax = 256;

type JournalOptions = ShardJournalOptions<PersistentActor>;

export interface PersistenceWorld extends Omit<RestorerWorld, 'journal'> {
  readonly snapshotEveryMs: number;
  readonly toMain: (frame: NoticeFrame) => void;
  /** The same as perform() for an effect of a journal that may have been done before. */
  performOnce(actor: PersistentActor, effect: ActorEffect, origin: EffectOrigin): void;
  receiverOf: JournalOptions['receiverOf'];
  /** Opens a question that is about to be sent. @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a bad deadline */
  open(actor: PersistentActor, effect: ReleasedEffect, number: number): void;
  /** Sends an effect to an actor of this node. */
  send(actor: PersistentActor, effect: ReleasedEffect, origin: EffectOrigin): void;
  answer: JournalOptions['answer'];
  unanswered: JournalOptions['unanswered'];
  unkept: JournalOptions['unkept'];
  /** What it had asked to be fetched is here. */
  fetched(cell: ActorCell): void;
  wake(): void;
}

export class ShardPersistence {
  readonly journal: ShardJournal<PersistentActor>;
  /** What was kept of the shard's actors, before any of them starts. */
  readonly offers = new KeptOffers();
  readonly #world: PersistenceWorld;
  readonly #actors = new Set<PersistentActor>();
  readonly #changed = new Set<PersistentActor>();
  /** Images of this turn. */
  readonly #waiting = new Map<PersistentActor, ActorImage>();
  /** Images that were sent since the last time that all were. */
  #imagesSent = 0;
  #tick = 0;
  #timer: TimerHandle | null = null;
  #isClosed = false;
  readonly #restorer: ActorRestorer;
  readonly #handledPlace = counterPlace('snapshotHandled');

  constructor(world: PersistenceWorld) {
    this.#world = world;
    this.journal = new ShardJournal<PersistentActor>({
      clock: world.clock,
      write: (batch, entries) => world.toMain(['journal', batch, entries]),
      receiverOf: world.receiverOf,
      open: (actor, effect, number) => this.#guard(actor, effect, () => world.open(actor, effect, number)),
      send: (actor, effect, origin) => this.#guard(actor, effect, () => world.send(actor, effect, origin)),
      perform: (actor, effect, origin) => this.#guard(actor, effect, () => world.performOnce(actor, effect, origin)),
      answer: world.answer,
      unanswered: world.unanswered,
      unkept: world.unkept,
    });
    this.#restorer = new ActorRestorer({ ...world, journal: this.journal });
  }

  /** The time for machines: that of the journal while one goes through it again. */
  get nowMs(): () => number {
    return this.#restorer.nowMs;
  }

  // --- starting

  /**
   * Starts a machine, or goes on with what was kept of it.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID, ERR_ACADEMY_SNAPSHOT_VERSION, and what the machine throws
   */
  start(cell: ActorCell, kind: ActorKind, start: () => MachineRun): MachineRun {
    const actor = this.#actorOf(cell, kind);
    if (!actor) return start();
    actor.activeTick = this.#tick;
    const kept = this.offers.take(actor.id);
    if (kept) {
      const run = this.#restorer.restore(actor, kind, kept.image, kept.entries);
      if (actor.needsImage) this.#keepSoon(actor, kind, run);
      actor.needsImage = false;
      return run;
    }
    actor.isKnown = true;
    const run = start();
    try {
      const image = imageOf(actor, kind, run, this.#world.timers);
      assertPlainData(contextOf(image), 'context');
      encodeImages([image]);
      this.#waiting.set(actor, image);
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
    if (!actor || this.offers.has(actor.id)) return false;
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
    this.offers.add(
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
    // A machine may change its context in place, and its image has hold of that until it is written.
    if (this.#waiting.has(actor)) this.#sendWaiting();
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

  /** A batch of the journal could not be written. @returns the actors that are to fall, back to what is on disk */
  torn(batch: number): readonly ActorCell[] {
    const actors = [...this.journal.failed(batch)];
    // What this life has said and heard since is nothing that anybody was told.
    for (const actor of actors) actor.isKnown = false;
    return actors.map(({ cell }) => cell);
  }

  turnEnded(): void {
    this.#sendWaiting();
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
    if (actor.sequence !== actor.imaged) this.#keepSoon(actor, cell.kind, cell.run);
    this.turnEnded();
  }

  /** The actor is gone. */
  ended(cell: ActorCell): void {
    const actor = cell.extras?.persistent;
    if (actor?.kind === 'journal') this.journal.ended(actor);
    this.forget(cell);
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

  /** Its image goes with the others of this turn. */
  #keepSoon(actor: PersistentActor, kind: ActorKind, run: MachineRun): void {
    const image = this.#imageOf(actor, kind, run);
    if (image) this.#waiting.set(actor, image);
  }

  #sendWaiting(): void {
    if (this.#waiting.size === 0) return;
    const images = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#sendImages(images, false);
  }

  /** Null when its context cannot be packed, which is said in the log. */
  #imageOf(actor: PersistentActor, kind: ActorKind, run: MachineRun): ActorImage | null {
    try {
      return imageOf(actor, kind, run, this.#world.timers);
    } catch (error) {
      this.#tellUnkept(actor.cell.name, error);
      return null;
    }
  }

  #tellUnkept(name: string, error: unknown): void {
    const { message, remedy } = toErrorRecord(error, 'ERR_ACADEMY_SNAPSHOT_INVALID');
    this.#world.toMain(['log', 'error', name, remedy ? `${message}; ${remedy}` : message, undefined]);
  }

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
      const image = this.#imageOf(actor, cell.kind, cell.run);
      if (image) images.push(image);
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
      this.#tellUnkept(name, error);
      return null;
    }
  }

  // --- moving

  /** @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID for a context with instances of classes */
  imageToMove(cell: ActorCell): ActorImage {
    const image = imageToMove(cell, this.#world.timers);
    assertPlainData(contextOf(image), 'context');
    return image;
  }

  bookToMove(cell: ActorCell): CarriedBook | null {
    const { persistent = null } = cell.extras ?? {};
    return persistent && { released: persistent.book.released, tokens: [...persistent.book.tokens] };
  }

  /** Goes on with an actor that comes from another shard. @throws as ActorRestorer.machineOf() does */
  arrive(cell: ActorCell, kind: ActorKind, image: ActorImage, carried: CarriedBook | null): MachineRun {
    const run = this.#restorer.machineOf(cell, kind, image);
    const actor = this.#actorOf(cell, kind);
    if (!actor) return run;
    actor.activeTick = this.#tick;
    this.#restorer.settle(actor, image, carried);
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
    const image = this.#imageOf(actor, cell.kind, cell.run);
    const bytes = image && this.#encoded([image]);
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

  /** @returns whether the effect was good */
  #guard(actor: PersistentActor, effect: ActorEffect, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      // The step that has asked for it is on disk, so the machine cannot be told any more.
      const { message } = toErrorRecord(error, 'ERR_ACADEMY_BAD_ARGUMENT');
      const text = `its effect "${effect.type}" is no good: ${message}`;
      this.#world.toMain(['log', 'error', actor.cell.name, text, undefined]);
      return false;
    }
  }
}

function contextOf({ snapshot }: ActorImage): unknown {
  return (snapshot as { readonly context?: unknown }).context;
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
