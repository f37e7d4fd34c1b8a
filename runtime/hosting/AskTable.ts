/**
 * Questions of one host that wait for their answer. Each settles once: by a reply, by its deadline, or because the
 * asked actor is known to be dead.
 */
import type { Clock, TimerHandle } from '../protocol/Clock.js';
import { AcademyError, type ErrorRecord } from '../protocol/errors.js';

/** Longest delay that Node's timers keep: 2^31 - 1 ms. */
const deadlineMsMax = 0x7fffffff;

/** Exactly one of the two is set; an error is null when there is a result. */
export type AskSettler = (result: unknown, error: ErrorRecord | null) => void;

interface OpenAsk {
  readonly settle: AskSettler;
  /** Null for one that waits for as long as it takes. */
  readonly timer: TimerHandle | null;
  shard: number;
}

export class AskTable {
  readonly #clock: Clock;
  readonly #open = new Map<number, OpenAsk>();
  #lastId: number;

  /** @param epoch life of the shard: an answer to an earlier life finds no question */
  constructor(clock: Clock, epoch: number) {
    this.#clock = clock;
    this.#lastId = epoch * 2 ** 32;
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
    const id = ++this.#lastId;
    const timer = this.#clock.setTimeout(() => {
      this.settle(id, undefined, {
        code: 'ERR_ACADEMY_DEADLINE',
        message: `no answer to "${subject}" within ${deadlineMs} ms`,
      });
    }, deadlineMs);
    this.#open.set(id, { settle, timer, shard: -1 });
    return id;
  }

  /** A question without a deadline: whoever is asked answers when it ends. */
  keep(settle: AskSettler): number {
    const id = ++this.#lastId;
    this.#open.set(id, { settle, timer: null, shard: -1 });
    return id;
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
    for (const [id, ask] of this.#open) if (ask.shard === shard) this.settle(id, undefined, error);
  }

  close(error: ErrorRecord): void {
    for (const id of [...this.#open.keys()]) this.settle(id, undefined, error);
  }
}
