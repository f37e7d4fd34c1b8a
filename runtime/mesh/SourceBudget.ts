/**
 * How many packets a source may send a second before the rest is dropped unread, so that one loud sender does not
 * cost the others their turn. A token bucket for each source; the least recently heard source is forgotten.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../protocol/Clock.js';
import { limits } from '../protocol/limits.js';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

export class SourceBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #buckets: LRUCache<string, Bucket>;

  /** @param perSecond packets that a source may send a second; it may send one second's worth at once */
  constructor(
    clock: Clock,
    perSecond: number = limits.sourceDatagramsPerSecondMax,
    sourcesMax: number = limits.sourcesMax,
  ) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#buckets = new LRUCache({ max: sourcesMax });
  }

  /** Whether the source may send one more packet now; takes it from its budget. */
  take(source: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    let bucket = this.#buckets.get(source);
    if (!bucket) {
      bucket = { tokens: this.#perSecond, filledAtMs: nowMs };
      this.#buckets.set(source, bucket);
    }
    const earned = ((nowMs - bucket.filledAtMs) * this.#perSecond) / 1000;
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + earned);
    bucket.filledAtMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** Sources remembered now. */
  get size(): number {
    return this.#buckets.size;
  }
}
