import type { AnyEventObject } from 'xstate';
import type { CompiledMachine } from './CompiledMachine.js';
import type { CompiledRun } from './CompiledRun.js';
import { fuseChoice } from './fuseChoice.js';
import type { Candidate, Choice, Move } from './Place.js';
import type { Step } from './Step.js';

/** All that an event sets off, of which this is the choice. The run goes on from where it ends, if it ends well. */
export function takeSteps(
  step: Step,
  machine: CompiledMachine,
  run: CompiledRun,
  event: AnyEventObject,
  choice: Choice,
): void {
  if (choice.fused === null && choice.uses++ === machine.usesBeforeFusing) {
    choice.fused = fuseChoice(machine, run.place, choice, run.context);
  }
  if (choice.fused !== null) {
    step.run = run;
    step.place = run.place;
    const context = choice.fused(step, run.context, event);
    if (isAtRest(step)) {
      run.context = context;
      run.place = step.place;
      return;
    }
    step.context = context;
    step.event = event;
  } else {
    step.begin(run, event);
    const move = choose(step, machine, choice);
    if (move) take(step, move);
  }
  if (!isAtRest(step)) toRest(step, machine);
  run.context = step.context;
  run.place = step.place;
}

function isAtRest({ isDone, place, raised }: Step): boolean {
  return isDone || (place.eventless === null && raised.length === 0);
}

export function takeInitialSteps(step: Step, machine: CompiledMachine): void {
  take(step, machine.initialMove);
  toRest(step, machine);
}

function toRest(step: Step, machine: CompiledMachine): void {
  const { maxIterations } = machine.chart.options;
  let asksEventless = true;
  for (let iteration = 1; !step.isDone; iteration++) {
    if (iteration > maxIterations) throw endlessLoop(maxIterations);
    const eventless = asksEventless && step.place.eventless ? chooseEventless(step, machine) : null;
    if (eventless) {
      step.hasChanged = false;
      take(step, eventless);
      // What changes nothing would be chosen again for ever.
      asksEventless = step.hasChanged;
      continue;
    }
    const event = step.raised.shift();
    if (!event) return;
    step.event = event;
    asksEventless = true;
    const move = choose(step, machine, machine.choice(step.place, event.type));
    if (move) take(step, move);
  }
}

function take(step: Step, move: Move): void {
  for (const operation of move.operations) operation(step);
  if (!move.changesPlace) return;
  step.place = move.next;
  step.hasChanged = true;
}

function choose(step: Step, machine: CompiledMachine, choice: Choice): Move | null {
  if (choice.regions.length === 0) {
    const candidate = firstOf(step, choice.candidates);
    return candidate && (candidate.move ?? machine.move(step.place, [candidate]));
  }
  const chosen: Candidate[] = [];
  chooseInRegions(step, choice, chosen);
  return chosen.length === 0 ? null : machine.move(step.place, chosen);
}

function chooseInRegions(step: Step, choice: Choice, chosen: Candidate[]): void {
  const before = chosen.length;
  for (const region of choice.regions) chooseInRegions(step, region, chosen);
  if (chosen.length > before) return;
  const candidate = firstOf(step, choice.candidates);
  if (candidate) chosen.push(candidate);
}

function firstOf(step: Step, candidates: readonly Candidate[]): Candidate | null {
  for (const candidate of candidates) {
    if (candidate.guard === null || candidate.guard(step.context, step.event, step.place)) return candidate;
  }
  return null;
}

/** Each active atomic state looks for one; several may find the same in a common ancestor. */
function chooseEventless(step: Step, machine: CompiledMachine): Move | null {
  const chosen: Candidate[] = [];
  for (const chain of step.place.eventless ?? []) {
    const candidate = firstOf(step, chain);
    if (candidate && !chosen.some((other) => other.number === candidate.number)) chosen.push(candidate);
  }
  return chosen.length === 0 ? null : machine.move(step.place, chosen);
}

function endlessLoop(maxIterations: number): Error {
  return new Error(
    `Infinite loop detected: the machine has processed more than ${maxIterations} microsteps without reaching a stable state. This usually happens when there's a cycle of transitions (e.g., eventless transitions or raised events causing state A -> B -> C -> A).`,
  );
}
