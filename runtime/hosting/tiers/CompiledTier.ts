/**
 * Runs machines from tables. `send` looks up what the event can set off where the machine stands, and takes the steps
 * of SCXML as XState does: one transition, then eventless ones, then raised events, until the machine is at rest. Only
 * then does the world hear what it was asked for, so a step that fails has done nothing.
 */
import type { AnyEventObject } from 'xstate';
import { limits } from '../../protocol/limits.js';
import { assertDeliverable } from './assertDeliverable.js';
import { CompiledMachine } from './CompiledMachine.js';
import { CompiledRun } from './CompiledRun.js';
import { enterContext } from './enterContext.js';
import { MachineSelf, type SelfPort } from './MachineSelf.js';
import type { MachineOutlet, MachineOwner, MachineTier } from './MachineTier.js';
import type { Choice } from './Place.js';
import { performEffect } from './performEffect.js';
import { type PlainStart, plainStart } from './plainStart.js';
import { Step, type StepHost } from './Step.js';
import { persistedSnapshot, placeOfSnapshot, resolvedSnapshot } from './snapshots.js';
import { stateText } from './stateText.js';
import { takeInitialSteps, takeSteps } from './takeSteps.js';
import type { Chart, Context } from './xstateShapes.js';

export class CompiledTier implements MachineTier, StepHost, SelfPort<CompiledRun> {
  readonly name = 'compiled';
  readonly reasons = [];
  readonly logic: Chart;
  readonly #machine: CompiledMachine;
  readonly #outlet: MachineOutlet;
  readonly #heard: ReadonlySet<string>;
  /** Found out when the first machine is started. */
  #plainStart: PlainStart | null | undefined;
  /** The step to use next; null while it is in use. */
  #idle: Step | null = null;

  constructor(chart: Chart, outlet: MachineOutlet, usesBeforeFusing?: number) {
    this.logic = chart;
    this.#machine =
      usesBeforeFusing === undefined ? compiledMachine(chart) : new CompiledMachine(chart, usesBeforeFusing);
    this.#outlet = outlet;
    this.#heard = new Set(chart.events);
  }

  get takesInput(): boolean {
    return this.#plain?.takesInput ?? true;
  }

  start(owner: MachineOwner, input: unknown): CompiledRun {
    const plain = this.#plain;
    return plain === null ? this.#enter(owner, input) : new CompiledRun(owner, plain.place, plain.contextOf(input));
  }

  get #plain(): PlainStart | null {
    if (this.#plainStart === undefined) this.#plainStart = plainStart(this.#machine);
    return this.#plainStart;
  }

  #enter(owner: MachineOwner, input: unknown): CompiledRun {
    const machine = this.#machine;
    const run = new CompiledRun(owner, machine.before, notEntered);
    const step = this.#stepOf(run);
    step.begin(run, { type: 'xstate.init', input });
    try {
      step.context = enterContext(step, machine.chart, input);
      const calls: (() => void)[] = [];
      step.entryCalls = calls;
      takeInitialSteps(step, machine);
      run.context = step.context;
      run.place = step.place;
      step.entryCalls = null;
      for (const call of calls) call();
      this.#settle(run, step);
    } catch (error) {
      this.#abandon(run, step, error);
      throw error;
    }
    this.#end(run, step);
    return run;
  }

  restore(owner: MachineOwner, snapshot: unknown): CompiledRun {
    const { status, context, output, error } = snapshot as Record<string, unknown>;
    if (status === 'error') throw error;
    const run = new CompiledRun(owner, placeOfSnapshot(this.#machine, snapshot), context as Context);
    if (status === 'done') {
      run.status = 'done';
      run.rare = { output };
      this.#outlet.done(owner, output);
    }
    return run;
  }

  send(run: CompiledRun, event: AnyEventObject): void {
    if (run.status !== 'active') return;
    const { place } = run;
    const isLast = event !== undefined && event !== null && event.type === place.lastType;
    this.#hand(run, event, isLast ? place.lastChoice : this.#admit(run, event));
  }

  expire(run: CompiledRun, event: AnyEventObject): void {
    if (run.status === 'active') this.#hand(run, event, this.#machine.choice(run.place, event.type));
  }

  snapshot(run: CompiledRun): unknown {
    return persistedSnapshot(run);
  }

  contextOf({ context }: CompiledRun): unknown {
    return context;
  }

  stateText(run: CompiledRun): string {
    return stateText({ status: run.status, value: run.place.value });
  }

  hears(type: string): boolean {
    return this.#heard.has(type);
  }

  stop(run: CompiledRun): void {
    if (run.status === 'active') run.status = 'stopped';
  }

  // --- for the operations

  selfOf(run: CompiledRun): MachineSelf<CompiledRun> {
    run.rare ??= {};
    run.rare.self ??= new MachineSelf(this, run);
    return run.rare.self;
  }

  log(run: CompiledRun, words: readonly unknown[]): void {
    this.#outlet.log(run.owner, ...words);
  }

  sendToSelf(run: CompiledRun, event: AnyEventObject): void {
    assertDeliverable(event);
    try {
      this.send(run, event);
    } catch (error) {
      // Nobody waits for what the machine's own asynchronous code sends it.
      this.#outlet.failed(run.owner, error);
    }
  }

  liveSnapshot(run: CompiledRun): unknown {
    return run.context === notEntered ? undefined : resolvedSnapshot(this.logic, run);
  }

  // --- one event

  #admit(run: CompiledRun, event: AnyEventObject): Choice {
    const { place } = run;
    const known = place.choices.get(event?.type);
    if (known === undefined) assertDeliverable(event);
    const choice = known ?? this.#machine.choice(place, event.type);
    if (known === undefined && place.choices.size < limits.machineEventTypesMax) place.choices.set(event.type, choice);
    place.lastType = event.type;
    place.lastChoice = choice;
    return choice;
  }

  #hand(run: CompiledRun, event: AnyEventObject, choice: Choice): void {
    if (run.step) {
      run.step.toSelf.push(event);
      return;
    }
    const step = this.#stepOf(run);
    try {
      takeSteps(step, this.#machine, run, event, choice);
      if (step.effects.length > 0 || step.toSelf.length > 0 || step.isDone) this.#settle(run, step);
    } catch (error) {
      this.#abandon(run, step, error);
      throw error;
    }
    this.#end(run, step);
  }

  #stepOf(run: CompiledRun): Step {
    const step = this.#idle ?? new Step(this, run);
    this.#idle = null;
    run.step = step;
    return step;
  }

  #end(run: CompiledRun, step: Step): void {
    run.step = null;
    this.#idle = step;
  }

  #abandon(run: CompiledRun, step: Step, error: unknown): void {
    run.status = 'error';
    run.rare = { ...run.rare, error };
    step.clear();
    this.#end(run, step);
  }

  /** The step is taken: now it has its effects, and what the machine has sent itself is dealt with. */
  #settle(run: CompiledRun, step: Step): void {
    this.#perform(run, step);
    for (let event = step.toSelf.shift(); event && run.status === 'active'; event = step.toSelf.shift()) {
      takeSteps(step, this.#machine, run, event, this.#machine.choice(run.place, event.type));
      this.#perform(run, step);
    }
  }

  #perform(run: CompiledRun, step: Step): void {
    const { effects, output } = step;
    for (const effect of effects) performEffect(this.#outlet, run.owner, step.toSelf, effect);
    // To set the length to 0 is a call into the engine, and frees what the next step needs.
    while (effects.length > 0) effects.pop();
    if (!step.isDone) return;
    step.clear();
    run.status = 'done';
    run.rare = { ...run.rare, output };
    this.#outlet.done(run.owner, output);
  }
}

/** Until the machine has entered its first state. */
const notEntered: Context = {};

const compiled = new WeakMap<Chart, CompiledMachine>();

/** Tables are made once, however many hosts a thread has. */
function compiledMachine(chart: Chart): CompiledMachine {
  let machine = compiled.get(chart);
  if (!machine) {
    machine = new CompiledMachine(chart);
    compiled.set(chart, machine);
  }
  return machine;
}
