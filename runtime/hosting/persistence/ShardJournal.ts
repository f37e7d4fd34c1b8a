/**
 * The journals of one shard's actors. What its actors handle in a turn goes to the main thread together, to be put on
 * disk; when it is there, the effects of it are released and those who have sent it are told. What was released to an
 * actor is kept until that actor has it, and sent again, in its order, when it was lost or had no room; the number that
 * each effect has lets the receiver pass over what it knows, and refuse what comes before its turn.
 */
import { serialize } from 'node:v8';
import type { ActorAddress, ActorEffect, ActorReference, AskToken, DeliveredMessage } from '../../protocol/actors.js';
import { isActorAddress } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import type { EffectOrigin, MessageOrigin } from '../../protocol/persistence.js';
import type { JournalEntry, OutboxEffect } from './ActorImage.js';
import type { EffectBook } from './EffectBook.js';
import type { EffectLane } from './EffectLane.js';
import { isEffect, type SeenState } from './SeenEffects.js';

/** Between two looks for losses that nobody tells of: a loss that is told of is made good at once. */
const lookMs = 250;

/** An actor with a journal, as its host knows it. */
export interface JournalActor {
  readonly id: number;
  readonly address: ActorAddress;
  readonly book: EffectBook;
  /** Messages that it has handled. */
  sequence: number;
}

/**
 * What a receiver says of an effect: it has it for good, had it already, has no room for it now, lacks what goes before
 * it, or there is nobody.
 */
export type EffectVerdict = 'kept' | 'known' | 'full' | 'early' | 'gone';

export interface ShardJournalOptions<A extends JournalActor> {
  readonly clock: Clock;
  /** Hands entries to the main thread: id, sequence, bytes, id, sequence, bytes …; `stored` is called when they are on disk. */
  write(batch: number, entries: readonly (number | Uint8Array)[]): void;
  /** A word for the receiver that is the same for all references to it, as far as that is known. */
  receiverOf(to: ActorReference): string;
  /** The time for the answer begins, whenever the question leaves. @returns false when it is no good */
  open(actor: A, effect: ReleasedEffect, number: number): boolean;
  /** Sends a message or a question to an actor of this node. */
  send(actor: A, effect: ReleasedEffect, origin: EffectOrigin): void;
  /** Does what concerns no actor of this node. */
  perform(actor: A, effect: ActorEffect, origin: EffectOrigin): void;
  /** Tells the sender of a message, an actor of this node. */
  answer(sender: ActorAddress, effect: number, verdict: EffectVerdict): void;
  /** A question of an earlier life was heard then, and its answer went to that life. */
  unanswered(question: AskToken): void;
  /** What the answer to a question stands on could not be written. */
  unkept(question: AskToken): void;
}

export type ReleasedEffect = Extract<ActorEffect, { readonly type: 'tell' | 'ask' }>;

/** A message that has been handled and is on its way to disk. */
interface Commit<A> {
  readonly actor: A;
  readonly effects: readonly OutboxEffect[];
  readonly from: ActorReference | null;
  readonly origin: MessageOrigin | null;
}

export class ShardJournal<A extends JournalActor> {
  readonly #options: ShardJournalOptions<A>;
  #entries: (number | Uint8Array)[] = [];
  #commits: Commit<A>[] = [];
  readonly #batches = new Map<number, readonly Commit<A>[]>();
  #lastBatch = 0;
  /** Actors some of whose messages could not be written. */
  readonly #torn = new WeakSet<A>();
  /** Actors some of whose released effects are not known to have arrived. */
  readonly #unsettled = new Set<A>();
  readonly #ended = new WeakSet<A>();
  #timer: TimerHandle | null = null;

  constructor(options: ShardJournalOptions<A>) {
    this.#options = options;
  }

  /** Whether a message that the actor is about to get can be kept. @throws what cannot be cloned */
  entryOf(actor: A, event: DeliveredMessage, timer: JournalEntry['timer'], origin: MessageOrigin | null): Uint8Array {
    const entry: JournalEntry = { sequence: actor.sequence + 1, event, timer, origin, done: actor.book.done };
    return serialize(entry);
  }

  /** The actor has handled the message; what came of it waits until both are on disk. */
  commit(actor: A, entry: Uint8Array, from: ActorReference | null, origin: MessageOrigin | null): void {
    actor.sequence++;
    if (origin) note(actor, origin, 'handled');
    const effects = actor.book.closeStep();
    // What comes after a hole is nothing that one could go on from.
    if (this.#torn.has(actor)) return this.#drop(effects);
    this.#entries.push(actor.id, actor.sequence, entry);
    this.#commits.push({ actor, effects, from, origin });
  }

  /** The actor has begun, and its image is on its way to disk before this; what it has said waits for that. */
  commitStart(actor: A): void {
    this.#commits.push({ actor, effects: actor.book.closeStep(), from: null, origin: null });
  }

  /** The turn is over. */
  flush(): void {
    if (this.#commits.length === 0) return;
    const batch = ++this.#lastBatch;
    this.#batches.set(batch, this.#commits);
    const entries = this.#entries;
    this.#commits = [];
    this.#entries = [];
    this.#options.write(batch, entries);
  }

  /** A batch is on disk, and with it all before it. */
  stored(batch: number): void {
    const commits = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    for (const { actor, effects, from, origin } of commits) {
      if (this.#torn.has(actor)) {
        this.#drop(effects);
        continue;
      }
      for (const { number, effect } of effects) this.#release(actor, number, effect);
      if (isEffect(origin)) this.#keep(actor, from, origin);
    }
  }

  /**
   * A batch could not be written: what its messages have caused does not happen, nor what comes after them.
   * @returns the actors, which are to go back to what is on disk
   */
  failed(batch: number): ReadonlySet<A> {
    const commits = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    for (const { actor, effects } of commits) {
      this.#torn.add(actor);
      this.#drop(effects);
    }
    return new Set(commits.map(({ actor }) => actor));
  }

  /** They will not happen; who waits for an answer among them is told. */
  #drop(effects: readonly OutboxEffect[]): void {
    for (const { effect } of effects) if (effect.type === 'reply') this.#options.unkept(effect.ask);
  }

  /** It has gone back to what is on disk. */
  mended(actor: A): void {
    this.#torn.delete(actor);
  }

  /** Whether something of it is not on disk and will not be. */
  isTorn(actor: A): boolean {
    return this.#torn.has(actor);
  }

  /**
   * An actor that is back goes through its journal: `step` hands its machine one entry after the other. Then all that is
   * not known to have happened happens.
   */
  replay(actor: A, entries: readonly JournalEntry[], step: (entry: JournalEntry) => void): void {
    const { book } = actor;
    for (const entry of entries) {
      step(entry);
      actor.sequence++;
      book.closeStep();
      book.happenedUpTo(entry.done);
      if (entry.origin) note(actor, entry.origin, 'kept');
    }
    for (const [number, effect] of [...book.outbox]) {
      if (isToActor(effect)) this.#enlane(actor, number, effect);
      else this.#perform(actor, number, effect);
    }
    this.#beginAgain(actor);
  }

  /** Whether something of it is on its way to disk. */
  isPending(actor: A): boolean {
    return [this.#commits, ...this.#batches.values()].some((commits) => commits.some((each) => each.actor === actor));
  }

  /** It comes from another shard, with what it has released and is not known to have arrived. */
  resume(actor: A): void {
    const { book } = actor;
    for (const [number, effect] of book.outbox) {
      if (number <= book.released && isToActor(effect)) this.#enlane(actor, number, effect);
    }
    this.#beginAgain(actor);
  }

  /** The receiver of an effect has spoken. */
  heard(actor: A, effect: number, verdict: EffectVerdict): void {
    const { book } = actor;
    if (!book.outbox.has(effect)) return;
    const lane = book.lanes.of(effect);
    if (verdict === 'full') {
      lane?.refused(effect);
    } else if (verdict === 'early') {
      if (lane?.missed(effect)) this.#sendOn(actor, lane);
    } else {
      this.happened(actor, effect);
      const question = verdict === 'known' ? book.tokens.get(effect) : undefined;
      if (question) this.#options.unanswered(question);
    }
  }

  /** An effect has happened, or will not be waited for any more. */
  happened(actor: A, effect: number): void {
    const { book } = actor;
    const lane = book.lanes.of(effect);
    book.happened(effect);
    if (lane && this.#unsettled.has(actor)) this.#sendOn(actor, lane);
    if (book.outbox.size === 0) this.#unsettled.delete(actor);
  }

  /** The actor is gone; what it has said still goes out, once. */
  ended(actor: A): void {
    this.forget(actor);
    this.#ended.add(actor);
    for (const lane of actor.book.lanes) {
      lane.openWide();
      this.#sendOn(actor, lane);
    }
  }

  /** Another thread has it now. */
  forget(actor: A): void {
    this.#unsettled.delete(actor);
  }

  /** A shard is back: what was on the way to it is lost. */
  resendAll(): void {
    for (const actor of this.#unsettled) this.#beginAgain(actor);
  }

  close(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#unsettled.clear();
  }

  #release(actor: A, number: number, effect: ActorEffect): void {
    if (!isToActor(effect)) return this.#perform(actor, number, effect);
    const lane = this.#enlane(actor, number, effect);
    if (lane) this.#sendOn(actor, lane);
  }

  #perform(actor: A, number: number, effect: ActorEffect): void {
    const { book } = actor;
    book.released = number;
    book.happened(number);
    this.#options.perform(actor, effect, [actor.id, number, book.done, 0]);
  }

  /** It goes when all that was for the same receiver before it has gone. @returns null when it is no good */
  #enlane(actor: A, number: number, effect: ReleasedEffect): EffectLane | null {
    const { book } = actor;
    book.released = Math.max(book.released, number);
    if (effect.type === 'ask' && !this.#options.open(actor, effect, number)) {
      book.happened(number);
      return null;
    }
    const lane = book.lanes.add(this.#options.receiverOf(effect.to), number);
    if (this.#ended.has(actor)) {
      lane.openWide();
    } else {
      this.#unsettled.add(actor);
      this.#watch();
    }
    return lane;
  }

  /** Sends what the lane lets go. Answers that come at once are heard meanwhile. */
  #sendOn(actor: A, lane: EffectLane): void {
    if (lane.isSending) return;
    const { book } = actor;
    lane.isSending = true;
    for (let number = lane.take(); number > 0; number = lane.take()) {
      const effect = book.outbox.get(number) as ReleasedEffect;
      this.#options.send(actor, effect, [actor.id, number, book.done, lane.before]);
    }
    lane.isSending = false;
  }

  /** What is unanswered is lost, or may be. */
  #beginAgain(actor: A): void {
    for (const lane of actor.book.lanes) {
      lane.beginAgain();
      this.#sendOn(actor, lane);
    }
  }

  #keep(actor: A, from: ActorReference | null, origin: EffectOrigin): void {
    note(actor, origin, 'kept');
    if (from && isActorAddress(from)) this.#options.answer(from, origin[1], 'kept');
  }

  #watch(): void {
    if (this.#timer !== null) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = null;
      for (const actor of this.#unsettled) {
        for (const lane of actor.book.lanes) if (lane.look()) this.#sendOn(actor, lane);
      }
      if (this.#unsettled.size > 0) this.#watch();
    }, lookMs);
  }
}

/** A message was handled: one of another actor will not be heard again, an answer closes the question. */
function note({ book }: JournalActor, origin: MessageOrigin, state: SeenState): void {
  if (isEffect(origin)) book.seen.set(origin, state);
  else book.open.delete(origin.answers);
}

function isToActor(effect: ActorEffect): effect is ReleasedEffect {
  if (effect.type !== 'tell' && effect.type !== 'ask') return false;
  return isActorAddress(effect.to) || effect.to.node === undefined;
}
