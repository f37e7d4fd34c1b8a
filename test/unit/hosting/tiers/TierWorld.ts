/**
 * A world for one machine in one tier: it writes down what the machine does, in order, and keeps its timers on virtual
 * time. Two worlds in which the same happened can be compared line by line. `XStateWorld` is the same for a plain
 * XState actor.
 */
import { type AnyActor, type AnyEventObject, type AnyStateMachine, createActor, fromTransition } from 'xstate';
import { createMachineTier, type MachineTierOptions } from '../../../../runtime/hosting/tiers/createMachineTier.js';
import type {
  MachineOutlet,
  MachineOwner,
  MachineRun,
  MachineTier,
} from '../../../../runtime/hosting/tiers/MachineTier.js';
import type { Clock } from '../../../../runtime/protocol/Clock.js';

/** What is seen of a machine at rest. */
export interface View {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  readonly history?: unknown;
  readonly tags?: readonly string[];
}

/** Where the functions of a machine under test write what they were called with. */
export const probe: { lines: unknown[]; friend: Addressee } = { lines: [], friend: { name: 'a friend' } };

/** Whom a machine sends to. A plain XState actor needs something with a `_send`; the tiers hand on what they get. */
interface Addressee {
  readonly name: string;
  readonly _send?: (event: AnyEventObject) => void;
}

/** Lines of one event. Machines made by chance may send themselves events for ever, in XState as in the tiers. */
const linesMax = 5_000;

class EndlessMachine extends Error {}

function boundedLines(): unknown[] {
  const lines: unknown[] = [];
  const push = (...more: unknown[]): number => {
    if (lines.length >= linesMax) throw new EndlessMachine('it does not come to rest');
    return Array.prototype.push.apply(lines, more);
  };
  // Not to be seen where lines are compared.
  return Object.defineProperty(lines, 'push', { value: push, enumerable: false });
}

const owner: MachineOwner = { name: 'machine', parent: { name: 'the parent' } };
const friend: Addressee = { name: 'a friend' };

interface Timer {
  readonly id: string | undefined;
  readonly atMs: number;
  readonly fire: () => void;
}

/** XState's rules for timers: several may have the same id, and the first that fires makes the id be forgotten. */
class Timers implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];
  readonly #byId = new Map<string, Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.add(undefined, delayMs, callback);
  }

  clearTimeout(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  add(id: string | undefined, delayMs: number, fire: () => void): Timer {
    const timer = { id, atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    if (id !== undefined) this.#byId.set(id, timer);
    return timer;
  }

  cancel(id: string): void {
    const timer = this.#byId.get(id);
    this.#byId.delete(id);
    if (timer) this.clearTimeout(timer);
  }

  clear(): void {
    this.#timers = [];
    this.#byId.clear();
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    // A timer of 0 ms may set itself again for ever.
    for (let fired = 0; fired < 30; fired++) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((one, other) => one.atMs - other.atMs);
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.clearTimeout(next);
      if (next.id !== undefined) this.#byId.delete(next.id);
      next.fire();
    }
    this.#nowMs = endMs;
  }
}

/** A tier; a compiled machine part by part, or with all that it does as functions of its own. */
export type TierForm = 'compiled' | 'fused' | 'hosted' | 'full';
export const tierForms: readonly TierForm[] = ['compiled', 'fused', 'hosted', 'full'];

const formOptions: Record<TierForm, Pick<MachineTierOptions, 'force' | 'usesBeforeFusing'>> = {
  compiled: { force: 'compiled', usesBeforeFusing: Number.POSITIVE_INFINITY },
  fused: { force: 'compiled', usesBeforeFusing: 0 },
  hosted: { force: 'hosted' },
  full: { force: 'full' },
};

export class TierWorld {
  readonly name: string;
  readonly #machine: AnyStateMachine;
  readonly #timers = new Timers();
  readonly #outlet: MachineOutlet;
  #tier: MachineTier;
  #run: MachineRun | null = null;
  #lines = boundedLines();
  /** It has not come to rest, and there is nothing to compare. */
  isEndless = false;

  constructor(machine: AnyStateMachine, form: TierForm) {
    this.#machine = machine;
    this.name = form;
    this.#outlet = {
      emit: (_owner, emitted) => this.#lines.push(['emit', emitted]),
      send: (_owner, target, event) => this.#lines.push(['send', nameOf(target), event]),
      log: (_owner, ...words) => this.#lines.push(['log', ...words]),
      schedule: (_owner, id, delayMs, event, target) => {
        this.#lines.push(['schedule', id, delayMs, event, target && nameOf(target)]);
        this.#timers.add(id, delayMs, () => {
          if (target === null) this.#guarded(() => this.#tier.expire(this.#live, event));
          else this.#lines.push(['send', nameOf(target), event]);
        });
      },
      cancel: (_owner, id) => {
        this.#lines.push(['cancel', id]);
        this.#timers.cancel(id);
      },
      done: (_owner, output) => this.#over(['done', output]),
      failed: (_owner, error) => this.#over(['failed', (error as Error).message]),
    };
    this.#tier = createMachineTier(machine, this.#outlet, { clock: this.#timers, ...formOptions[form] });
  }

  start(input: unknown): void {
    this.#guarded(() => {
      this.#run = this.#tier.start(owner, input);
    });
  }

  send(event: AnyEventObject): void {
    if (this.#run) this.#guarded(() => this.#tier.send(this.#live, event));
  }

  advance(ms: number): void {
    if (this.#run) this.#guarded(() => this.#timers.advance(ms));
  }

  /** Goes on in another tier from a snapshot, such as a host keeps it. */
  restore(form: TierForm, snapshot: unknown): void {
    this.#tier = createMachineTier(this.#machine, this.#outlet, { clock: this.#timers, ...formOptions[form] });
    this.#guarded(() => {
      this.#run = this.#tier.restore(owner, structuredClone(snapshot));
    });
  }

  get isActive(): boolean {
    return this.#run?.status === 'active';
  }

  snapshot(): unknown {
    return this.#tier.snapshot(this.#live);
  }

  view(): View {
    if (!this.#run) return { status: 'never started' };
    return viewOf(this.#machine, { ...(this.snapshot() as Snapshot), status: this.#run.status });
  }

  /** Everything that has happened since it was last asked. */
  takeLines(): unknown[] {
    const lines = this.#lines;
    this.#lines = boundedLines();
    return lines;
  }

  get #live(): MachineRun {
    if (!this.#run) throw new Error('the machine has not started');
    return this.#run;
  }

  #over(line: unknown): void {
    this.#lines.push(line);
    this.#timers.clear();
  }

  #guarded(act: () => void): void {
    probe.lines = this.#lines;
    probe.friend = friend;
    try {
      act();
    } catch (error) {
      this.isEndless = error instanceof EndlessMachine;
      if (!this.isEndless) this.#over(['threw', (error as Error).message]);
    }
  }
}

/** A plain XState actor, with a plain XState actor as its parent. It tells of no timers: a comparison leaves those out. */
export class XStateWorld {
  readonly name = 'xstate';
  readonly #machine: AnyStateMachine;
  readonly #timers = new Timers();
  readonly #friend: Addressee = { name: friend.name, _send: (event) => this.#lines.push(['send', friend.name, event]) };
  #actor: AnyActor | null = null;
  #lines: unknown[] = [];

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
  }

  start(input: unknown): void {
    this.#listen();
    const logger = (...words: unknown[]): unknown => this.#lines.push(['log', ...words]);
    const parent = Object.assign(
      createActor(
        fromTransition(() => null, null),
        { clock: this.#timers, logger },
      ),
      {
        _send: (event: AnyEventObject) => {
          if (!/^xstate\.(done|error)\.actor\./.test(event.type)) this.#lines.push(['send', 'the parent', event]);
        },
      },
    );
    const actor = createActor(this.#machine, { input, id: owner.name, parent } as never) as AnyActor;
    actor.on('*', (emitted) => this.#lines.push(['emit', emitted]));
    actor.subscribe({
      complete: () => this.#lines.push(['done', actor.getSnapshot().output]),
      error: (error: unknown) => this.#lines.push(['threw', (error as Error).message]),
    });
    this.#actor = actor;
    actor.start();
  }

  send(event: AnyEventObject): void {
    this.#listen();
    this.#actor?.send(event);
  }

  advance(ms: number): void {
    this.#listen();
    this.#timers.advance(ms);
  }

  view(): View {
    return viewOf(this.#machine, this.#actor?.getPersistedSnapshot() as unknown as Snapshot);
  }

  takeLines(): unknown[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #listen(): void {
    probe.lines = this.#lines;
    probe.friend = this.#friend;
  }
}

function nameOf(target: unknown): string {
  return (target as Addressee).name;
}

interface Snapshot {
  readonly status: string;
  readonly value: never;
  readonly context: unknown;
  readonly output?: unknown;
  readonly historyValue?: unknown;
}

function viewOf(machine: AnyStateMachine, snapshot: Snapshot): View {
  const { status, value, context, output, historyValue: history } = snapshot;
  const tags = [...(machine.resolveState({ value, context }) as { tags: ReadonlySet<string> }).tags].sort();
  // A key that is absent is the same as one that is undefined, to whoever compares the views as JSON.
  return { status, value, context, output, history, tags };
}
