/**
 * Each run is an XState actor with everything XState has: children, promises, inspection. Its own timers, what it
 * sends to addresses and its errors go to the outlet, so that the host need not know which tier it talks to; the
 * timers of its children are on the host's clock.
 */
import { type AnyActor, type AnyActorLogic, type AnyEventObject, createActor, fromTransition } from 'xstate';
import type { Clock } from '../../protocol/Clock.js';
import { assertDeliverable } from './assertDeliverable.js';
import type { MachineOutlet, MachineOwner, MachineRun, MachineTier, TierReason } from './MachineTier.js';
import { stateText } from './stateText.js';

/** What of an actor's system is not in XState's types. */
interface ActorSystemInternals {
  _relay(source: unknown, target: AnyActor, event: AnyEventObject): void;
  readonly scheduler: {
    schedule(source: unknown, target: unknown, event: AnyEventObject, delayMs: number, id?: string): void;
    cancel(source: unknown, id: string): void;
  };
}

export class FullRun implements MachineRun {
  readonly owner: MachineOwner;
  readonly actor: AnyActor;
  status: MachineRun['status'] = 'active';
  /** Past what keeps XState's own events from the actor. */
  deliver: (event: AnyEventObject) => void = () => {};
  /** Steps under way from outside, in which an error is thrown to the caller. */
  depth = 0;
  fault: { readonly error: unknown } | null = null;

  constructor(owner: MachineOwner, actor: AnyActor) {
    this.owner = owner;
    this.actor = actor;
  }
}

/** Stands for the owner's parent: `sendParent` needs somebody to send to. */
const parentLogic = fromTransition(() => null, null);

export class FullTier implements MachineTier {
  readonly name = 'full';
  readonly reasons: readonly TierReason[];
  readonly takesInput = true;
  readonly #logic: AnyActorLogic;
  readonly #outlet: MachineOutlet;
  readonly #clock: Clock;
  readonly #isMachine: boolean;
  readonly #heard: ReadonlySet<string>;

  constructor(logic: AnyActorLogic, outlet: MachineOutlet, clock: Clock, reasons: readonly TierReason[]) {
    this.#logic = logic;
    this.#outlet = outlet;
    this.#clock = clock;
    this.reasons = reasons;
    this.#isMachine = '__xstatenode' in logic;
    this.#heard = new Set((logic as { events?: readonly string[] }).events);
  }

  start(owner: MachineOwner, input: unknown): FullRun {
    return this.#run(owner, { input });
  }

  restore(owner: MachineOwner, snapshot: unknown): FullRun {
    return this.#run(owner, { snapshot });
  }

  send(run: FullRun, event: AnyEventObject): void {
    assertDeliverable(event);
    this.#hand(run, event);
  }

  expire(run: FullRun, event: AnyEventObject): void {
    this.#hand(run, event);
  }

  snapshot(run: FullRun): unknown {
    return run.actor.getPersistedSnapshot();
  }

  contextOf(run: FullRun): unknown {
    const snapshot: object = run.actor.getSnapshot();
    return 'context' in snapshot ? snapshot.context : snapshot;
  }

  stateText(run: FullRun): string {
    return stateText(run.actor.getSnapshot());
  }

  hears(type: string): boolean {
    return this.#heard.has(type);
  }

  stop(run: FullRun): void {
    if (run.status !== 'active') return;
    run.status = 'stopped';
    end(run.actor);
  }

  #run(owner: MachineOwner, from: { input: unknown } | { snapshot: unknown }): FullRun {
    const clock = this.#clock;
    const logger = (...words: unknown[]): void => this.#outlet.log(owner, ...words);
    const parent = owner.parent === undefined ? undefined : createActor(parentLogic, { clock, logger });
    // `parent` is missing in the types of the options; XState gives it to children in the same way.
    const options = { ...from, clock, logger, id: owner.name, ...(parent ? { parent } : {}) };
    const actor = createActor(this.#logic, options as never) as AnyActor;
    const run = new FullRun(owner, actor);
    this.#listen(run);
    this.#redirect(run, parent);
    this.#within(run, () => actor.start());
    return run;
  }

  #listen(run: FullRun): void {
    const { actor, owner } = run;
    // Before start(): XState throws an error that nobody observes at the whole process.
    actor.subscribe({
      error: (error: unknown) => this.#fail(run, error),
      complete: () => {
        const { status, output } = actor.getSnapshot() as { status: string; output?: unknown };
        if (run.status !== 'active' || status !== 'done') return;
        run.status = 'done';
        this.#outlet.done(owner, output);
      },
    });
    actor.on('*', (emitted) => this.#act(run, () => this.#outlet.emit(owner, emitted as AnyEventObject)));
  }

  /** Leads what the machine sends and schedules to the outlet, except between it and its children. */
  #redirect(run: FullRun, parent: AnyActor | undefined): void {
    const { actor, owner } = run;
    const system = actor.system as unknown as ActorSystemInternals;
    const { scheduler } = system;
    const relay = system._relay;
    const { schedule, cancel } = scheduler;
    run.deliver = (event) => relay(undefined, actor, event);
    system._relay = (source, target, event) => {
      // Only its children may tell a machine of what XState has names for.
      if (this.#isMachine && target === actor && (source === undefined || source === actor)) assertDeliverable(event);
      // The end of the run, of which XState tells a parent too, is told by done() and failed(): then it acts no more.
      if (target === parent && parent) this.#act(run, () => this.#outlet.send(owner, owner.parent, event));
      else if (isActor(target)) relay(source, target, event);
      else this.#act(run, () => this.#outlet.send(owner, target, event));
    };
    scheduler.schedule = (source, target, event, delayMs, id) => {
      if (source !== actor || (target !== actor && target !== parent && isActor(target))) {
        schedule(source, target, event, delayMs, id);
        return;
      }
      const to = target === actor ? null : target === parent ? owner.parent : target;
      this.#act(run, () => this.#outlet.schedule(owner, id, delayMs, event, to));
    };
    scheduler.cancel = (source, id) => {
      cancel(source, id);
      if (source === actor) this.#act(run, () => this.#outlet.cancel(owner, id));
    };
  }

  #hand(run: FullRun, event: AnyEventObject): void {
    if (run.status === 'active') this.#within(run, () => run.deliver(event));
  }

  #within(run: FullRun, step: () => void): void {
    run.depth++;
    try {
      step();
    } finally {
      run.depth--;
    }
    if (run.fault && run.depth === 0) {
      const { error } = run.fault;
      run.fault = null;
      throw error;
    }
  }

  /** XState throws at the whole process what a listener throws. */
  #act(run: FullRun, effect: () => void): void {
    if (run.status !== 'active') return;
    try {
      effect();
    } catch (error) {
      this.#fail(run, error);
    }
  }

  #fail(run: FullRun, error: unknown): void {
    if (run.status !== 'active') return;
    run.status = 'error';
    end(run.actor);
    if (run.depth > 0) run.fault = { error };
    else this.#outlet.failed(run.owner, error);
  }
}

function isActor(target: unknown): boolean {
  return typeof (target as { _send?: unknown } | null)?._send === 'function';
}

/** A crashed machine leaves its children running: this is the event by which XState stops them itself. */
function end(actor: AnyActor): void {
  const { status, children } = actor.getSnapshot() as { status: string; children?: Record<string, AnyActor> };
  // Not stop(): an actor that was given a parent refuses it.
  if (status === 'active') (actor as unknown as { _stop(): void })._stop();
  else for (const child of Object.values(children ?? {})) child?.send({ type: 'xstate.stop' });
}
