/**
 * Starts children again, one for one: each for itself, by its own restart options. The same supervisor serves the
 * actors of a host and the shards of a pool. It owns the timers of the restarts that are due.
 */
import type { RestartOptions } from '../../protocol/actors.js';
import type { Clock, TimerHandle } from '../../protocol/Clock.js';
import type { Random } from '../../protocol/Random.js';
import { type ChildEnd, restartPolicy, restartsWithin } from './restartPolicy.js';

interface Trouble {
  restartsAtMs: number[];
  timer: TimerHandle | null;
}

export class Supervisor<Child extends object> {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Only children that have ended before are in here. */
  readonly #troubles = new Map<Child, Trouble>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Tells that a child has ended. When it is to be started again, `restart` is called after the delay, and never
   * before this call has returned.
   * @param isCounted false when something else bounds such ends
   */
  childEnded(
    child: Child,
    end: ChildEnd,
    options: RestartOptions,
    restart: (child: Child) => void,
    isCounted = true,
  ): 'restarting' | 'stopped' | 'failed' {
    const nowMs = this.#clock.monotonicMs();
    const trouble = this.#troubles.get(child) ?? { restartsAtMs: [], timer: null };
    const counted = isCounted ? options : { ...options, intensity: Number.POSITIVE_INFINITY };
    const decision = restartPolicy(counted, end, trouble.restartsAtMs, nowMs, this.#random);
    if (!decision.restart) {
      this.forget(child);
      return decision.outcome;
    }
    trouble.restartsAtMs = restartsWithin(options.withinMs, trouble.restartsAtMs, nowMs);
    if (isCounted) trouble.restartsAtMs.push(nowMs);
    trouble.timer = this.#clock.setTimeout(() => {
      trouble.timer = null;
      restart(child);
    }, decision.delayMs);
    this.#troubles.set(child, trouble);
    return 'restarting';
  }

  /** The child is gone for good: its history and a restart that is due go with it. */
  forget(child: Child): void {
    const trouble = this.#troubles.get(child);
    if (!trouble) return;
    if (trouble.timer !== null) this.#clock.clearTimeout(trouble.timer);
    this.#troubles.delete(child);
  }

  close(): void {
    for (const child of [...this.#troubles.keys()]) this.forget(child);
  }
}
