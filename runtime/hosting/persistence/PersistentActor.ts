/** What a host knows of one actor that persists, beside its cell. */
import type { ActorAddress, ActorEffect } from '../../protocol/actors.js';
import type { PersistKind } from '../../protocol/persistence.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { EffectLedger, ImageSubscription } from './ActorImage.js';
import { EffectBook } from './EffectBook.js';
import type { JournalActor } from './ShardJournal.js';

const none: readonly ImageSubscription[] = [];

export class PersistentActor implements JournalActor {
  readonly id: number;
  readonly cell: ActorCell;
  readonly kind: Exclude<PersistKind, 'none'>;
  readonly passivateAfterMs: number | undefined;
  #book: EffectBook | null = null;
  #subscriptions: Map<string, ImageSubscription> | null = null;
  sequence = 0;
  /** Sequence of its last image. */
  imaged = -1;
  /** Whether it has run on this host, so that what it has said and heard is known. */
  isKnown = false;
  /** Time of the journal's entry that the machine goes through again; null while it lives. */
  replayedAtMs: number | null = null;
  /** When something was last done about it, in ticks of the host's clock for images. */
  activeTick = 0;
  /** It was put to disk on this host, which keeps what others know of it. */
  isAtRest = false;
  /** What is on disk does not say what it is now. */
  needsImage = false;
  /** It has asked the main thread for what was kept of it. */
  isFetching = false;

  constructor(id: number, cell: ActorCell, kind: Exclude<PersistKind, 'none'>, passivateAfterMs: number | undefined) {
    this.id = id;
    this.cell = cell;
    this.kind = kind;
    this.passivateAfterMs = passivateAfterMs;
  }

  /** Made when first needed: without a journal few have anything in it. */
  get book(): EffectBook {
    this.#book ??= new EffectBook();
    return this.#book;
  }

  set book(book: EffectBook) {
    this.#book = book;
  }

  /** For its image; null when there is nothing to remember. */
  get ledger(): EffectLedger | null {
    if (this.kind === 'journal') return this.book.ledger();
    return this.#book && this.#book.open.size > 0 ? this.#book.ledger() : null;
  }

  /** Whether nothing that it has said is under way. */
  get isSettled(): boolean {
    return this.#book === null || (this.#book.outbox.size === 0 && this.#book.open.size === 0);
  }

  get subscriptions(): readonly ImageSubscription[] {
    return this.#subscriptions ? [...this.#subscriptions.values()] : none;
  }

  get address(): ActorAddress {
    return this.cell.address;
  }

  /** Another life begins, with what its image says. */
  forgetSubscriptions(): void {
    this.#subscriptions = null;
  }

  /** An image holds what it has subscribed to, because no entry action runs again when it is restored. */
  noteSubscription(effect: Extract<ActorEffect, { type: 'subscribe' | 'unsubscribe' }>): void {
    const { event, roomId } = effect;
    const key = `${event} ${roomId}`;
    this.#subscriptions ??= new Map();
    if (effect.type === 'unsubscribe') this.#subscriptions.delete(key);
    else this.#subscriptions.set(key, { event, roomId, remoteOnly: effect.remoteOnly ?? false });
  }
}
