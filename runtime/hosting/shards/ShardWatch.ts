/**
 * Looks at the threads of the shards from outside and says which of them hangs: its heartbeat stands still and its loop
 * never rests. One sign alone is not enough: a thread that the machine gives no time has no heartbeat either, and a
 * thread with much to do never rests. It also knows how busy each thread is, for whoever places actors.
 */
import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';

/** Looks within the time after which a thread counts as hung. */
export const looksPerHang = 4;
/** Part of the time that the loop of a hung thread is busy, at the least. */
const hungUtilisation = 0.9;

/** A shard's thread as it is seen from outside. */
export interface WatchedThread {
  /** Tells one life of a shard from the next. */
  readonly epoch: number;
  readonly heartbeats: number;
  /** Since the thread began, as Node.js counts it. */
  readonly utilisation: EventLoopUtilization;
}

export interface ShardWatchOptions {
  readonly clock: Clock;
  /** A thread whose loop has not turned for so long hangs. */
  readonly hangMs: number;
  /** Worker threads of the node, numbered from 1. */
  readonly threads: number;
  /** @returns null while no thread runs for that shard */
  look(shard: number): WatchedThread | null;
  hung(shard: number): void;
}

interface Sight {
  thread: WatchedThread;
  busy: number;
  /** Looks in a row at which the heart stood still and the loop was busy. */
  stills: number;
}

export class ShardWatch {
  readonly #options: ShardWatchOptions;
  readonly #sights: (Sight | null)[];
  #timer: TimerHandle | null = null;

  constructor(options: ShardWatchOptions) {
    this.#options = options;
    this.#sights = new Array(options.threads + 1).fill(null);
  }

  start(): void {
    const { clock, hangMs } = this.#options;
    this.#timer = clock.setTimeout(() => {
      this.#lookAtAll();
      if (this.#timer !== null) this.start();
    }, hangMs / looksPerHang);
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Part of the time between the last two looks that the shard's thread was busy; 0 when it is not known. */
  utilisation(shard: number): number {
    return this.#sights[shard]?.busy ?? 0;
  }

  #lookAtAll(): void {
    for (let shard = 1; shard < this.#sights.length; shard++) {
      const thread = this.#options.look(shard);
      const sight = thread && sightOf(thread, this.#sights[shard] ?? null);
      this.#sights[shard] = sight;
      if (sight?.stills !== looksPerHang) continue;
      this.#sights[shard] = null;
      this.#options.hung(shard);
    }
  }
}

function sightOf(thread: WatchedThread, before: Sight | null): Sight {
  if (before?.thread.epoch !== thread.epoch) return { thread, busy: 0, stills: 0 };
  const active = thread.utilisation.active - before.thread.utilisation.active;
  const idle = thread.utilisation.idle - before.thread.utilisation.idle;
  const busy = active + idle > 0 ? active / (active + idle) : 0;
  const isStill = thread.heartbeats === before.thread.heartbeats && busy >= hungUtilisation;
  return { thread, busy, stills: isStill ? before.stills + 1 : 0 };
}
