/**
 * One virtual clock, one source of chance, and the turns of everything that runs under them: hours pass in
 * milliseconds, and the same seed gives the same run. Nothing happens unless a test lets it.
 *
 * ```ts
 * await Simulation.run(async (simulation) => {
 *   const actors = await TestActors.open({ simulation });
 *   …
 * });
 * ```
 */
import { AssertionError } from 'node:assert';
import { randomInt } from 'node:crypto';
import { type Random, seededRandom } from '../runtime/protocol/Random.js';
import { VirtualClock } from '../transports/memory/VirtualClock.js';
import type { TestTime } from './TestTime.js';

export interface SimulationOptions {
  /** @default the environment's ACADEMY_SEED, or a fresh one, which a failure tells */
  readonly seed?: number | undefined;
  /** Wall time at which it starts, in milliseconds since the epoch. @default 1 January 2026 */
  readonly startMs?: number;
}

/** Turns of the event loop that promises get to settle in. */
const settleTurns = 3;
/** Turns without an end, at one moment, are a fault: two actors that never stop answering each other. */
const turnsAtOnceMax = 1_000_000;
const defaultWithinMs = 10_000;

export class Simulation implements TestTime {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly random: Random;
  #turns: (() => void)[] = [];
  /** Calls that move time on. The latest does; the earlier ones wait, so that a test can answer a question it asks. */
  readonly #drivers: symbol[] = [];

  constructor({ seed = seedFromEnvironment(), startMs }: SimulationOptions = {}) {
    this.seed = seed;
    this.clock = new VirtualClock(startMs);
    this.random = seededRandom(seed);
  }

  /** Runs a test under a simulation of its own; what it fails with says which seed repeats it. */
  static async run<T>(test: (simulation: Simulation) => Promise<T>, options: SimulationOptions = {}): Promise<T> {
    const simulation = new Simulation(options);
    try {
      return await test(simulation);
    } catch (fault) {
      throw simulation.#withSeed(fault);
    }
  }

  /** For what puts off its turns, as ActorSystem does. */
  readonly defer = (turn: () => void): void => {
    this.#turns.push(turn);
  };

  /** Lets everything run that is due now; time stands still. */
  async untilIdle(): Promise<void> {
    for (let ran = 0; ; ran++) {
      const turns = this.#turns;
      this.#turns = [];
      for (const turn of turns) turn();
      if (turns.length === 0) await settle();
      if (turns.length === 0 && this.#turns.length === 0) return;
      if (ran > turnsAtOnceMax) throw this.fault('it never comes to rest: some actors answer each other for ever');
    }
  }

  /** Moves on by `ms`; what falls due meanwhile runs at its time. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + ms;
    await this.#drive(untilMs, () => false);
    this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
  }

  /**
   * Moves on until the condition holds, and no further.
   * @param what it waits for, in words
   * @throws AssertionError when it does not hold `withinMs` from now
   */
  async until(what: string, condition: () => unknown, withinMs: number = defaultWithinMs): Promise<void> {
    const untilMs = this.clock.monotonicMs() + withinMs;
    if (await this.#drive(untilMs, condition)) return;
    this.clock.advance(Math.max(0, untilMs - this.clock.monotonicMs()));
    throw this.fault(`waited in vain for ${withinMs} ms until ${what}`);
  }

  /** What a promise settles with, moving on as far as it needs. */
  async settled<T>(promise: Promise<T>, withinMs: number = Number.MAX_SAFE_INTEGER): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.until('a promise settles', () => isSettled, withinMs);
    return promise;
  }

  /** What a promise settles with while time stands still: for what waits for the machine, such as its files. */
  async atOnce<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    while (!isSettled) await this.untilIdle();
    return promise;
  }

  fault(message: string): AssertionError {
    return new AssertionError({ message: `${message} (${this.#seedText()})` });
  }

  /** Moves on until the condition holds or nothing more falls due until then. @returns whether it holds */
  async #drive(untilMs: number, condition: () => unknown): Promise<boolean> {
    const self = Symbol('driver');
    this.#drivers.push(self);
    try {
      for (;;) {
        await this.untilIdle();
        if (condition()) return true;
        if (this.#drivers.at(-1) !== self) await nextTurn();
        else if (!this.#runNext(untilMs)) return false;
      }
    } finally {
      this.#drivers.splice(this.#drivers.indexOf(self), 1);
    }
  }

  /** Runs what falls due at the next moment that has anything; false when there is none until then. */
  #runNext(untilMs: number): boolean {
    const nextMs = this.clock.nextTimerMs;
    if (nextMs === null || nextMs > untilMs) return false;
    this.clock.advance(nextMs - this.clock.monotonicMs());
    return true;
  }

  #withSeed(fault: unknown): unknown {
    if (fault instanceof Error && !fault.message.includes(this.#seedText())) {
      fault.message += `\n${this.#seedText()}`;
    }
    return fault;
  }

  #seedText(): string {
    return `repeat with ACADEMY_SEED=${this.seed}`;
  }
}

function seedFromEnvironment(): number {
  const given = Number(process.env.ACADEMY_SEED);
  return Number.isSafeInteger(given) && process.env.ACADEMY_SEED ? given : randomInt(2 ** 31);
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn++) await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
