/**
 * Questions of one host that wait for their answer. Each settles once: by a reply, by its deadline, or because the
 * asked actor is known to be dead.
 */
import type { ActorReference } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import { AcademyError, type ErrorRecord } from '../../protocol/errors.js';
import type { ActorCell } from '../lives/ActorCell.js';

/** Longest delay that Node's timers keep: 2^31 - 1 ms. */
const deadlineMsMax = 0x7fffffff;

/** Exactly one of the two is set; an error is null when there is a result. */
export interface AskSettler {
  (result: unknown, error: ErrorRecord | null): void;
  /** When an actor has asked: by it the question goes along when the actor moves. */
  readonly asked?: { readonly cell: ActorCell; readonly note: AskNote };
}

/** What becomes of an answer: it is the message `settles`, or it closes what a journal has asked. */
export type AskNote =
  | {
      readonly settles: string;
      readonly tag: unknown;
      readonly from: ActorReference | null;
      readonly number: number | undefined;
    }
  | { readonly effect: number };

/** A question on its way to another shard, with its actor. */
export interface CarriedAsk {
  readonly id: number;
  /** Of the asked actor; -1 when it is not known. */
  readonly shard: number;
  /** Null for one that waits for as long as it takes. */
  readonly dueAtMs: number | null;
}

interface OpenAsk {
  settle: AskSettler;
  /** Null for one that waits for as long as it takes. */
  readonly timer: TimerHandle | null;
  readonly dueAtMs: number | null;
  shard: number;
  /** The shard from which the asker is moving; -1 else. */
  via: number;
}

export class AskTable {
  readonly #clock: Clock;
  readonly #open = new Map<number, OpenAsk>();
  readonly #step: number;
  #lastId: number;

  /**
   * Ids are unique on the node, because a question may move with its actor.
   * @param epoch life of the shard: an answer to an earlier life finds no question
   */
  constructor(clock: Clock, epoch: number, shard = 0, shards = 1) {
    this.#clock = clock;
    this.#step = shards;
    this.#lastId = Math.ceil((epoch * 2 ** 32) / shards) * shards + shard;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * @param settle called once, never before this returns
   * @returns the question's id
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a deadline outside 1 to 2^31 - 1 ms
   */
  open(deadlineMs: number, subject: string, settle: AskSettler): number {
    if (!(deadlineMs > 0 && deadlineMs <= deadlineMsMax)) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `deadlineMs must be between 1 and ${deadlineMsMax}`);
    }
    const id = this.#nextId();
    const timer = this.#clock.setTimeout(() => {
      this.settle(id, undefined, {
        code: 'ERR_ACADEMY_DEADLINE',
        message: `no answer to "${subject}" within ${deadlineMs} ms`,
      });
    }, deadlineMs);
    this.#open.set(id, { settle, timer, dueAtMs: this.#clock.nowMs() + deadlineMs, shard: -1, via: -1 });
    return id;
  }

  /** A question without a deadline: whoever is asked answers when it ends. */
  keep(settle: AskSettler): number {
    const id = this.#nextId();
    this.#open.set(id, { settle, timer: null, dueAtMs: null, shard: -1, via: -1 });
    return id;
  }

  #nextId(): number {
    this.#lastId += this.#step;
    return this.#lastId;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  /** What the actor waits for. */
  *ofActor(cell: ActorCell): Generator<[ask: CarriedAsk, note: AskNote]> {
    for (const [id, { settle, shard, dueAtMs }] of this.#open) {
      if (settle.asked?.cell === cell) yield [{ id, shard, dueAtMs }, settle.asked.note];
    }
  }

  carried(id: number): CarriedAsk | null {
    const ask = this.#open.get(id);
    return ask ? { id, shard: ask.shard, dueAtMs: ask.dueAtMs } : null;
  }

  /** Its actor has moved: an answer that still comes here goes on to it. */
  handOver(id: number, settle: AskSettler): void {
    const ask = this.#open.get(id);
    if (ask) ask.settle = settle;
  }

  /** A question that has come with its actor. @param via shard from which it comes: until the actor has settled in */
  adopt({ id, shard, dueAtMs }: CarriedAsk, via: number, settle: AskSettler): void {
    // Its actor has lived here before, and the answer did not come this way.
    this.drop(id);
    const timer =
      dueAtMs === null
        ? null
        : this.#clock.setTimeout(
            () =>
              this.settle(id, undefined, {
                code: 'ERR_ACADEMY_DEADLINE',
                message: 'no answer within the time that was given',
              }),
            Math.max(0, dueAtMs - this.#clock.nowMs()),
          );
    this.#open.set(id, { settle, timer, dueAtMs, shard, via });
  }

  /** The actor that has asked is no longer on its way. */
  settledIn(id: number): void {
    const ask = this.#open.get(id);
    if (ask) ask.via = -1;
  }

  /** Nobody waits for the answer any more. */
  drop(id: number): void {
    const ask = this.#open.get(id);
    if (!ask) return;
    this.#open.delete(id);
    if (ask.timer !== null) this.#clock.clearTimeout(ask.timer);
  }

  /** Says on which shard the asked actor lives, so that the question dies with that shard. */
  aim(id: number, shard: number): void {
    const ask = this.#open.get(id);
    if (ask) ask.shard = shard;
  }

  /** An id that is not open any more is passed over: the deadline was first. */
  settle(id: number, result: unknown, error: ErrorRecord | null): void {
    const ask = this.#open.get(id);
    if (!ask) return;
    this.drop(id);
    ask.settle(result, error);
  }

  /** Fails what was asked of actors on a shard that is down. */
  failShard(shard: number, error: ErrorRecord): void {
    for (const [id, ask] of this.#open) {
      if (ask.shard === shard || ask.via === shard) this.settle(id, undefined, error);
    }
  }

  close(error: ErrorRecord): void {
    for (const id of [...this.#open.keys()]) this.settle(id, undefined, error);
  }
}
