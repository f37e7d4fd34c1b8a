/** A supervision tree over actors that only exist on paper: they start, stop and fall when the test says so. */
import { SupervisionTree } from '../../../../runtime/hosting/supervision/SupervisionTree.js';
import type { FallEvent } from '../../../../runtime/hosting/supervision/supervise.js';
import type { ErrorRecord } from '../../../../runtime/protocol/errors.js';
import { seededRandom } from '../../../../runtime/protocol/Random.js';
import type { SupervisorDefinition } from '../../../../runtime/protocol/supervision.js';
import { VirtualClock } from '../../../../transports/memory/VirtualClock.js';

export interface WorldOptions {
  readonly seed?: number;
  /** Actors that do not stop when they are told, and end only by force. */
  readonly stubborn?: readonly string[];
  /** Actors whose orders wait until settle() is called. */
  readonly slow?: boolean;
}

export const oops: ErrorRecord = { code: 'ERR_ACADEMY_INTERNAL', message: 'oops' };

export class SupervisedWorld {
  readonly clock = new VirtualClock();
  /** What was done to actors, in words: `start a`, `stop b`, `hold c`, `kill d`, `release e` … */
  readonly done: string[] = [];
  readonly startsAtMs = new Map<string, number[]>();
  readonly tree: SupervisionTree;
  readonly living = new Set<string>();
  /** Orders that are still to be carried out. */
  readonly pending: (() => void)[] = [];
  readonly #held = new Set<string>();
  readonly #options: WorldOptions;

  constructor(root: SupervisorDefinition, options: WorldOptions = {}) {
    this.#options = options;
    const answer = (work: () => void): void => void (options.slow ? this.pending.push(work) : work());
    this.tree = new SupervisionTree({
      clock: this.clock,
      random: seededRandom(options.seed ?? 1),
      hands: {
        start: ({ name }, revival) => {
          this.done.push(revival ? `start ${name} ${revival}` : `start ${name}`);
          this.startsAtMs.set(name, [...(this.startsAtMs.get(name) ?? []), this.clock.monotonicMs()]);
          answer(() => {
            this.living.add(name);
            this.#held.delete(name);
            this.tree.handle({ type: 'started', name });
          });
        },
        resume: ({ name }) => void this.done.push(`resume ${name}`),
        stop: ({ name }, keep) => {
          this.done.push(`${keep ? 'hold' : 'stop'} ${name}`);
          if (!options.stubborn?.includes(name)) answer(() => this.#gone(name, keep));
        },
        kill: ({ name }) => {
          this.done.push(`kill ${name}`);
          answer(() => this.#gone(name, false));
        },
        release: ({ name }, error) => {
          // One that has stopped has been let go of already.
          if (this.#held.delete(name)) this.done.push(`release ${name}${error ? `: ${error.message}` : ''}`);
        },
        supervisorUp: ({ name }) => void this.done.push(`${name} is up`),
        supervisorEnded: ({ name }, error) => void (error && this.done.push(`${name} gives up`)),
        escalate: ({ name }, error) => void this.done.push(`node hears of ${name}: ${error.code}`),
      },
    });
    this.tree.add(null, { name: 'root', supervisor: root });
  }

  /** Carries out the orders that wait, and those that follow from them. */
  settle(): void {
    for (let next = this.pending.shift(); next; next = this.pending.shift()) next();
  }

  crash(name: string, fall: Partial<FallEvent> = {}): void {
    this.living.delete(name);
    this.#held.add(name);
    this.tree.handle({ type: 'fell', name, end: 'crash', error: oops, ...fall });
  }

  finish(name: string): void {
    this.living.delete(name);
    this.#held.add(name);
    this.tree.handle({ type: 'fell', name, end: 'done', error: null });
  }

  /** What was done since the last call. */
  news(): string[] {
    return this.done.splice(0);
  }

  /** Lets all delays and limits pass. */
  wait(ms = 10_000): string[] {
    this.clock.advance(ms);
    if (this.#options.slow) this.settle();
    return this.news();
  }

  #gone(name: string, keep: boolean): void {
    this.living.delete(name);
    if (keep) this.#held.add(name);
    this.tree.handle({ type: 'stopped', name });
  }
}
