/**
 * Bounds what a publisher answers, in bytes, to each host and in all: whoever records a request and plays it under
 * somebody's address gets no more sent there than that, however fast it is played.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../../runtime/protocol/Clock.js';

export interface AnswerBudgetOptions {
  readonly clock: Clock;
  /** Sustained, and as much at once after a second without answers. */
  readonly hostBytesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Tokens of one bucket; a byte takes one. */
interface Bucket {
  left: number;
  refilledMs: number;
}

/** Further hosts push out the least recent one; the bound in all holds for them together. */
const hostsMax = 1_024;

export class AnswerBudget {
  readonly #options: AnswerBudgetOptions;
  readonly #all: Bucket;
  readonly #hosts = new LRUCache<string, Bucket>({ max: hostsMax });

  constructor(options: AnswerBudgetOptions) {
    this.#options = options;
    this.#all = { left: options.bytesPerSecond, refilledMs: options.clock.monotonicMs() };
  }

  /** @returns whether so many bytes may be sent to the host; if so, they count */
  take(host: string, bytes: number): boolean {
    const { clock, hostBytesPerSecond, bytesPerSecond } = this.#options;
    const nowMs = clock.monotonicMs();
    const known = this.#hosts.get(host);
    const bucket = known ?? { left: hostBytesPerSecond, refilledMs: nowMs };
    if (!known) this.#hosts.set(host, bucket);
    refill(bucket, hostBytesPerSecond, nowMs);
    refill(this.#all, bytesPerSecond, nowMs);
    if (bucket.left < bytes || this.#all.left < bytes) return false;
    bucket.left -= bytes;
    this.#all.left -= bytes;
    return true;
  }
}

function refill(bucket: Bucket, bytesPerSecond: number, nowMs: number): void {
  bucket.left = Math.min(bytesPerSecond, bucket.left + ((nowMs - bucket.refilledMs) / 1_000) * bytesPerSecond);
  bucket.refilledMs = nowMs;
}
