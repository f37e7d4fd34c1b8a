/**
 * Messages that reached nobody, with the reason. The newest are kept to be looked at, all are counted; a flood of
 * them costs a bounded amount of memory.
 */
import type { DeadLetter, DeadLetterReason } from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import { RingQueue } from '../mailboxes/RingQueue.js';
import { isSameSender } from './NameDirectory.js';

export const deadLetterReasons = [
  'stale-address',
  'unknown-name',
  'mailbox-full',
  'dropped-oldest',
  'stopped',
  'crashed',
  'shard-down',
  'not-remote',
  'undecodable',
  'quarantined',
  'invalid',
] as const satisfies readonly DeadLetterReason[];

/** Letters that a host shows to the outside in one turn; in a flood the rest is only counted. */
const noticesPerTurnMax = 32;

export class DeadLetters {
  readonly #kept = new RingQueue<DeadLetter>();
  #notices: DeadLetter[] = [];

  record(letter: DeadLetter): void {
    if (this.#kept.size === limits.deadLettersKept) this.#kept.shift();
    this.#kept.push(letter);
    if (this.#notices.length < noticesPerTurnMax) this.#notices.push(letter);
    else this.#addTo(letter);
  }

  /** In a flood a sender is told how many there were, by the latest notice that it gets. */
  #addTo({ reason, from }: DeadLetter): void {
    for (let index = this.#notices.length - 1; index >= 0; index--) {
      const notice = this.#notices[index] as DeadLetter;
      if (notice.reason !== reason || !isSameSender(notice.from, from)) continue;
      this.#notices[index] = { ...notice, further: (notice.further ?? 0) + 1 };
      return;
    }
  }

  get hasNotices(): boolean {
    return this.#notices.length > 0;
  }

  /** The first letters since the last call. */
  takeNotices(): readonly DeadLetter[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  /** Those that are kept, oldest first. */
  list(): DeadLetter[] {
    return Array.from({ length: this.#kept.size }, (_, index) => this.#kept.at(index) as DeadLetter);
  }
}
