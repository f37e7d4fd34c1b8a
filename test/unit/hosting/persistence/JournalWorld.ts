/**
 * Three shards with journals, their disk and what is on the way between them, moved on one small step at a time, so
 * that a shard can die between any two of them. What is on the way may get lost or change places, a shard that is back
 * may be deaf for a while, and a mailbox full. An actor logs what it is told and tells others, by a rule that depends on
 * the message alone, as a machine would.
 */
import { deserialize } from 'node:v8';
import type { EffectLedger, JournalEntry } from '../../../../runtime/hosting/persistence/ActorImage.js';
import { EffectBook } from '../../../../runtime/hosting/persistence/EffectBook.js';
import {
  type EffectVerdict,
  type JournalActor,
  ShardJournal,
} from '../../../../runtime/hosting/persistence/ShardJournal.js';
import type { ActorEffect, DeliveredMessage } from '../../../../runtime/protocol/actors.js';
import type { EffectOrigin } from '../../../../runtime/protocol/persistence.js';
import { VirtualClock } from '../../../../transports/memory/VirtualClock.js';

export const actorsInWorld = 6;
const shards = 3;

/** A message about a message: each has as many children as its depth allows. */
export interface Word {
  readonly id: string;
  readonly depth: number;
}

/** What an actor has logged: the word, and which effect of whom it was; 0 for one from outside. */
interface Heard {
  readonly id: string;
  readonly from: number;
  readonly effect: number;
}

interface WorldActor extends JournalActor {
  log: Heard[];
  readonly mailbox: { word: Word; from: DeliveredMessage['from']; origin: EffectOrigin | null }[];
}

interface Image {
  readonly sequence: number;
  readonly log: Heard[];
  readonly ledger: EffectLedger;
}

type Write = () => void;

interface Life {
  isDead: boolean;
  /** Steps until its actors hear anything. */
  deafFor: number;
  readonly journal: ShardJournal<WorldActor>;
  readonly actors: Map<number, WorldActor>;
}

export class JournalWorld {
  readonly clock = new VirtualClock();
  /** Events that concern nobody in this world, by the number of times each has happened. */
  readonly published = new Map<string, number>();
  readonly #random: () => number;
  readonly #faults: number;
  readonly #lives: Life[] = [];
  readonly #entries = new Map<number, { sequence: number; bytes: Uint8Array }[]>();
  readonly #images = new Map<number, Image>();
  /** What the main thread has been handed and has not put on disk, in order. */
  #writes: Write[] = [];
  /** What is on the way, first to last for each pair of shards. */
  #network: { readonly from: number; readonly to: number; readonly arrive: () => void }[] = [];
  /** The last effect of each actor that has gone out to the world. */
  readonly #lastOut = new Map<number, number>();
  #stored = new Set<string>();

  /**
   * @param random from 0 to 1
   * @param faults of what is on the way, the share that gets lost, and as much that changes places
   */
  constructor(random: () => number, faults: number) {
    this.#random = random;
    this.#faults = faults;
    for (let shard = 0; shard < shards; shard++) this.#life(shard);
  }

  /** Words that came from outside and are on disk. */
  get receipted(): ReadonlySet<string> {
    return this.#stored;
  }

  /** What all actors have logged. */
  get logged(): string[] {
    return this.#lives.flatMap(({ actors }) => [...actors.values()].flatMap(({ log }) => log.map(({ id }) => id)));
  }

  /** What came before something that the same sender had said earlier, to the same actor. */
  get overtaken(): string[] {
    const overtaken: string[] = [];
    for (const { log } of this.#lives.flatMap(({ actors }) => [...actors.values()])) {
      const last = new Map<number, number>();
      for (const { id, from, effect } of log) {
        if (from > 0 && effect < (last.get(from) ?? 0)) overtaken.push(id);
        last.set(from, effect);
      }
    }
    return overtaken;
  }

  /** A word from outside. */
  say(actor: number, word: Word): void {
    this.#actor(actor)?.mailbox.push({ word, from: null, origin: null });
  }

  kill(shard: number): void {
    const dead = this.#lives[shard] as Life;
    dead.journal.close();
    dead.isDead = true;
    this.#network = this.#network.filter(({ from, to }) => to !== shard && (from !== shard || this.#random() < 0.5));
    // What has reached the main thread goes to disk; the dead are told nothing.
    while (this.#store());
    this.#life(shard);
    (this.#lives[shard] as Life).deafFor = Math.floor(this.#random() * 30);
    for (const { journal } of this.#lives) journal.resendAll();
  }

  /** Does one thing that can be done. @returns false when there is nothing but timers */
  step(): boolean {
    for (const life of this.#lives) life.deafFor--;
    const ways = [() => this.#arrive(), () => this.#handle(), () => this.#flush(), () => this.#store()];
    const first = Math.floor(this.#random() * ways.length);
    for (let index = 0; index < ways.length; index++) if (ways[(first + index) % ways.length]?.()) return true;
    return false;
  }

  image(id: number): void {
    const actor = this.#actor(id);
    if (!actor) return;
    const image: Image = structuredClone({ sequence: actor.sequence, log: actor.log, ledger: actor.book.ledger() });
    // An image follows the entries that it contains.
    this.#lives[id % shards]?.journal.flush();
    this.#writes.push(() => {
      this.#images.set(id, image);
      const kept = this.#entries.get(actor.id) ?? [];
      this.#entries.set(
        actor.id,
        kept.filter(({ sequence }) => sequence > image.sequence),
      );
    });
  }

  /** Until nothing is under way. */
  settle(): void {
    for (let rounds = 0; rounds < 300; rounds++) {
      while (this.step());
      this.clock.advance(300);
    }
  }

  #actor(id: number): WorldActor | undefined {
    return this.#lives[id % shards]?.actors.get(id);
  }

  #life(shard: number): void {
    const journal = new ShardJournal<WorldActor>({
      clock: this.clock,
      write: (batch, entries) => {
        this.#writes.push(() => {
          for (let at = 0; at < entries.length; at += 3) {
            const [id, sequence, bytes] = entries.slice(at, at + 3) as [number, number, Uint8Array];
            const kept = this.#entries.get(id) ?? [];
            kept.push({ sequence, bytes });
            this.#entries.set(id, kept);
            const { event, origin } = deserialize(bytes) as JournalEntry;
            if (!origin) this.#stored.add((event.data as Word).id);
          }
          if (!life.isDead) journal.stored(batch);
        });
      },
      receiverOf: (to) => (to as Tell['to']).name,
      open: () => true,
      send: (actor, effect, origin) => this.#send(shard, actor, effect as Tell, origin),
      perform: (actor, effect, [, number]) => {
        // As the main thread does with what it is told once.
        if (number <= (this.#lastOut.get(actor.id) ?? 0)) return;
        this.#lastOut.set(actor.id, number);
        const { text } = effect as Extract<ActorEffect, { type: 'log' }>;
        this.published.set(text, (this.published.get(text) ?? 0) + 1);
      },
      answer: (sender, effect, verdict) => this.#answer(shard, sender.slot, effect, verdict),
      // Nobody asks anything in this world.
      unanswered: () => {},
      unkept: () => {},
    });
    const life: Life = { isDead: false, deafFor: 0, journal, actors: new Map() };
    this.#lives[shard] = life;
    for (let id = shard; id < actorsInWorld; id += shards) this.#revive(life, id);
  }

  #revive({ journal, actors }: Life, id: number): void {
    const image = this.#images.get(id);
    const actor: WorldActor = {
      id: id + 1,
      address: { shard: id % shards, slot: id, generation: 1 },
      book: new EffectBook(image && structuredClone(image.ledger)),
      sequence: image?.sequence ?? 0,
      log: [...(image?.log ?? [])],
      mailbox: [],
    };
    actors.set(id, actor);
    const entries = (this.#entries.get(actor.id) ?? []).map(({ bytes }) => deserialize(bytes) as JournalEntry);
    journal.replay(actor, entries, ({ event, origin }) =>
      this.#run(actor, event.data as Word, origin as EffectOrigin | null),
    );
  }

  #run(actor: WorldActor, word: Word, origin: EffectOrigin | null): void {
    const [from, effect] = origin ?? [0, 0];
    actor.log.push({ id: word.id, from, effect });
    actor.book.emit({ type: 'log', level: 'info', text: word.id });
    if (word.depth === 0) return;
    const child = (index: number): Word => ({ id: `${word.id}.${index}`, depth: word.depth - 1 });
    const to = (index: number): { name: string } => ({ name: `${hash(`${word.id}.${index}`) % actorsInWorld}` });
    for (const index of [0, 1]) {
      actor.book.emit({ type: 'tell', to: to(index), message: { type: 'say', data: child(index) } });
    }
  }

  #send(shard: number, actor: WorldActor, { to, message }: Tell, origin: EffectOrigin): void {
    const target = Number(to.name);
    const arrive = (): void => {
      if ((this.#lives[target % shards] as Life).deafFor > 0) return;
      const receiver = this.#actor(target) as WorldActor;
      const state = receiver.book.seen.stateOf(origin);
      const answer = (verdict: EffectVerdict): void =>
        this.#answer(target % shards, actor.address.slot, origin[1], verdict);
      if (state === 'kept') answer('known');
      else if (state !== null) return;
      else if (!receiver.book.seen.isNext(origin)) answer('early');
      else if (this.#random() < 0.1) answer('full');
      else {
        receiver.book.seen.set(origin, 'arrived');
        receiver.mailbox.push({ word: message.data, from: actor.address, origin });
      }
    };
    this.#network.push({ from: shard, to: target % shards, arrive });
  }

  #answer(from: number, sender: number, effect: number, verdict: EffectVerdict): void {
    const to = sender % shards;
    const arrive = (): void => {
      const actor = this.#actor(sender);
      if (actor) this.#lives[to]?.journal.heard(actor, effect, verdict);
    };
    this.#network.push({ from, to, arrive });
  }

  /** The first of a pair of shards, if all goes well. */
  #arrive(): boolean {
    const place = Math.floor(this.#random() * this.#network.length);
    const any = this.#network[place];
    if (!any) return false;
    const fate = this.#random();
    const first = this.#network.findIndex(({ from, to }) => from === any.from && to === any.to);
    const [arriving] = this.#network.splice(fate < this.#faults ? place : first, 1);
    if (fate <= 1 - this.#faults) arriving?.arrive();
    return true;
  }

  #handle(): boolean {
    const waiting = this.#lives.flatMap(({ journal, actors }) =>
      [...actors.values()].filter(({ mailbox }) => mailbox.length > 0).map((actor) => ({ journal, actor })),
    );
    const chosen = waiting[Math.floor(this.#random() * waiting.length)];
    const message = chosen?.actor.mailbox.shift();
    if (!chosen || !message) return false;
    const { word, from, origin } = message;
    const event: DeliveredMessage = { type: 'say', data: word, from, atMs: 0 };
    const entry = chosen.journal.entryOf(chosen.actor, event, null, origin);
    this.#run(chosen.actor, word, origin);
    chosen.journal.commit(chosen.actor, entry, from, origin);
    return true;
  }

  #flush(): boolean {
    const before = this.#writes.length;
    for (const { journal } of this.#lives) if (this.#random() < 0.5) journal.flush();
    return this.#writes.length > before || this.#flushAll(before);
  }

  #flushAll(before: number): boolean {
    for (const { journal } of this.#lives) journal.flush();
    return this.#writes.length > before;
  }

  #store(): boolean {
    const write = this.#writes.shift();
    write?.();
    return write !== undefined;
  }
}

interface Tell {
  readonly to: { readonly name: string };
  readonly message: { readonly data: Word };
}

function hash(text: string): number {
  let value = 7;
  for (let index = 0; index < text.length; index++) value = (value * 31 + text.charCodeAt(index)) % 1_000_003;
  return value;
}
