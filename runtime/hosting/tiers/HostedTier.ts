/**
 * Takes XState's own step, without an XState actor around it: for machines whose actions are not all known here, and
 * for logic that is a plain function. One scope serves all runs, each run is its snapshot. It has no children.
 */
import type { AnyActorLogic, AnyEventObject, Snapshot } from 'xstate';
import { assertDeliverable } from './assertDeliverable.js';
import { emptySystem, MachineSelf, type SelfPort } from './MachineSelf.js';
import type { MachineOutlet, MachineOwner, MachineRun, MachineTier, TierReason } from './MachineTier.js';
import { performEffect } from './performEffect.js';
import { stateText } from './stateText.js';

type LiveSnapshot = Snapshot<unknown> & { readonly value?: unknown };

export class HostedRun implements MachineRun {
  readonly owner: MachineOwner;
  status: MachineRun['status'] = 'active';
  snapshot: LiveSnapshot | undefined = undefined;
  self: MachineSelf<HostedRun>;
  /** What the machine has sent itself from within the step that it is taking; null between steps. */
  toSelf: AnyEventObject[] | null = null;

  constructor(owner: MachineOwner, port: SelfPort<HostedRun>) {
    this.owner = owner;
    this.self = new MachineSelf(port, this);
  }
}

interface ScheduledAction {
  readonly exec?: (info: unknown, params: unknown) => void;
  readonly info: unknown;
  readonly params: unknown;
}

export class HostedTier implements MachineTier, SelfPort<HostedRun> {
  readonly name = 'hosted';
  readonly reasons: readonly TierReason[];
  readonly takesInput = true;
  readonly logic: AnyActorLogic;
  readonly #outlet: MachineOutlet;
  readonly #heard: ReadonlySet<string>;

  constructor(logic: AnyActorLogic, outlet: MachineOutlet, reasons: readonly TierReason[]) {
    this.logic = logic;
    this.#outlet = outlet;
    this.reasons = reasons;
    this.#heard = new Set((logic as { events?: readonly string[] }).events);
  }

  start(owner: MachineOwner, input: unknown): HostedRun {
    const run = new HostedRun(owner, this);
    this.#step(run, (scope) => this.logic.getInitialSnapshot(scope as never, input), true);
    return run;
  }

  restore(owner: MachineOwner, snapshot: unknown): HostedRun {
    const run = new HostedRun(owner, this);
    const { logic } = this;
    this.#step(
      run,
      (scope) => (logic.restoreSnapshot?.(snapshot as never, scope as never) ?? snapshot) as LiveSnapshot,
    );
    return run;
  }

  send(run: HostedRun, event: AnyEventObject): void {
    if (run.status !== 'active') return;
    assertDeliverable(event);
    this.expire(run, event);
  }

  expire(run: HostedRun, event: AnyEventObject): void {
    if (run.status !== 'active') return;
    if (run.toSelf) run.toSelf.push(event);
    else this.#step(run, (scope) => this.logic.transition(run.snapshot as never, event, scope as never));
  }

  snapshot(run: HostedRun): unknown {
    return this.logic.getPersistedSnapshot(run.snapshot as never);
  }

  contextOf({ snapshot = {} as LiveSnapshot }: HostedRun): unknown {
    return 'context' in snapshot ? snapshot.context : snapshot;
  }

  stateText(run: HostedRun): string {
    return stateText(run.snapshot as LiveSnapshot);
  }

  hears(type: string): boolean {
    return this.#heard.has(type);
  }

  stop(run: HostedRun): void {
    if (run.status === 'active') run.status = 'stopped';
  }

  sendToSelf(run: HostedRun, event: AnyEventObject): void {
    assertDeliverable(event);
    try {
      this.send(run, event);
    } catch (error) {
      this.#outlet.failed(run.owner, error);
    }
  }

  liveSnapshot(run: HostedRun): unknown {
    return run.snapshot;
  }

  // --- one event, and those that it makes the machine send itself

  #step(run: HostedRun, first: (scope: unknown) => LiveSnapshot, isEntry = false): void {
    run.toSelf = [];
    try {
      this.#take(run, first, isEntry);
      for (let event = run.toSelf.shift(); event && run.status === 'active'; event = run.toSelf.shift()) {
        const next = event;
        this.#take(run, (scope) => this.logic.transition(run.snapshot as never, next, scope as never), false);
      }
    } catch (error) {
      run.status = 'error';
      run.snapshot = { ...(run.snapshot as LiveSnapshot), status: 'error', error } as LiveSnapshot;
      throw error;
    } finally {
      run.toSelf = null;
    }
  }

  /** XState puts off what goes to the world until the step is taken; on entry, the machine's own functions too. */
  #take(run: HostedRun, step: (scope: unknown) => LiveSnapshot, isEntry: boolean): void {
    const deferred: (() => void)[] = [];
    const snapshot = step(this.#scope(run, deferred, isEntry));
    if (snapshot.status === 'error') throw snapshot.error;
    run.snapshot = snapshot;
    for (let act = deferred.shift(); act; act = deferred.shift()) act();
    if (snapshot.status !== 'done') return;
    run.status = 'done';
    this.#outlet.done(run.owner, snapshot.output);
  }

  #scope(run: HostedRun, deferred: (() => void)[], isEntry: boolean): unknown {
    const { owner, self, toSelf } = run;
    const outlet = this.#outlet;
    const perform = (effect: Parameters<typeof performEffect>[3]): void =>
      performEffect(outlet, owner, toSelf ?? [], effect);
    const targetOf = (target: unknown): unknown => (target === self ? null : target);
    const logger = (...words: unknown[]): void => outlet.log(owner, ...words);
    return {
      self,
      id: self.id,
      sessionId: self.sessionId,
      logger,
      defer: (act: () => void) => deferred.push(act),
      emit: (event: AnyEventObject) => perform({ kind: 'emit', event }),
      stopChild: () => {},
      actionExecutor: ({ exec, info, params }: ScheduledAction) => {
        if (isEntry) deferred.push(() => exec?.(info, params));
        else exec?.(info, params);
      },
      system: {
        ...emptySystem,
        _sendInspectionEvent: () => {},
        _relay: (_source: unknown, target: unknown, event: AnyEventObject) =>
          perform({ kind: 'send', target: targetOf(target), event }),
        scheduler: {
          schedule: (_source: unknown, target: unknown, event: AnyEventObject, delayMs: number, id?: string) =>
            perform({ kind: 'schedule', id, delayMs, event, target: targetOf(target) }),
          cancel: (_source: unknown, id: string) => perform({ kind: 'cancel', id }),
        },
      },
    };
  }
}
