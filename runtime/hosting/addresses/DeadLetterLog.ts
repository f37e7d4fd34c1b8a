/**
 * Writes dead letters into the log so that a flood of them is one line a second for each reason, with how many there
 * were. All are counted by the shards' ledger; the latest are kept by DeadLetters.
 */
import { type DeadLetter, type DeadLetterReason, isActorAddress, type LogLevel } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';

const lineEveryMs = 1_000;

/** What an end in good order leaves behind is no news. */
const levels: Readonly<Partial<Record<DeadLetterReason, LogLevel>>> = { stopped: 'debug' };

interface ReasonLog {
  writtenAtMs: number;
  writtenCount: number;
  latest: DeadLetter;
  timer: TimerHandle | null;
}

export interface DeadLetterLogOptions {
  readonly clock: Clock;
  /** All letters of a reason since the start. */
  readonly countOf: (reason: DeadLetterReason) => number;
  readonly write: (level: LogLevel, text: string) => void;
}

export class DeadLetterLog {
  readonly #options: DeadLetterLogOptions;
  readonly #reasons = new Map<DeadLetterReason, ReasonLog>();

  constructor(options: DeadLetterLogOptions) {
    this.#options = options;
  }

  note(letter: DeadLetter): void {
    const { clock } = this.#options;
    const { reason } = letter;
    const known = this.#reasons.get(reason);
    const log = known ?? { writtenAtMs: Number.NEGATIVE_INFINITY, writtenCount: 0, latest: letter, timer: null };
    if (!known) this.#reasons.set(reason, log);
    log.latest = letter;
    if (log.timer !== null) return;
    const waitMs = log.writtenAtMs + lineEveryMs - clock.monotonicMs();
    if (waitMs <= 0) this.#write(log);
    else log.timer = clock.setTimeout(() => this.#write(log), waitMs);
  }

  close(): void {
    for (const { timer } of this.#reasons.values()) if (timer !== null) this.#options.clock.clearTimeout(timer);
    this.#reasons.clear();
  }

  #write(log: ReasonLog): void {
    const { clock, countOf, write } = this.#options;
    const { reason, to, messageType } = log.latest;
    log.timer = null;
    const count = countOf(reason);
    const since = count - log.writtenCount;
    // A shard counts before it tells, so the line before may have had this one in it.
    if (since <= 0) return;
    log.writtenAtMs = clock.monotonicMs();
    log.writtenCount = count;
    const target = isActorAddress(to) ? `${to.shard}/${to.slot}/${to.generation}` : `"${to.name}"`;
    const others = since === 1 ? '' : `, and ${since - 1} more since the last line`;
    write(levels[reason] ?? 'warn', `"${messageType}" did not reach ${target}: ${reason}${others}`);
  }
}
