/**
 * One function for all that an event sets off at a place: the guards in their order, and what the first that agrees
 * does. The operations of all machines are closures of the same few functions, through which the engine sees everything
 * called from everywhere, and compiles calls. In a function of its own it sees this machine's guards and assignments
 * alone, and compiles those: the arguments that are made for them need not even be made.
 */
import { limits } from '../../protocol/limits.js';
import type { CompiledMachine } from './CompiledMachine.js';
import type { Candidate, Choice, FusedChoice, Place } from './Place.js';
import type { Operation } from './Step.js';
import type { Bind } from './writtenCode.js';
import type { Context } from './xstateShapes.js';

/** @returns null for what is no simple choice, for one too large, or where generating code is forbidden */
export function fuseChoice(
  machine: CompiledMachine,
  place: Place,
  { candidates, regions }: Choice,
  context: Context,
): FusedChoice | null {
  if (regions.length > 0 || candidates.length === 0 || machine.choicesFused >= limits.machineFusedChoicesMax)
    return null;
  const values: unknown[] = [];
  const bind: Bind = (value) => `v${values.push(value) - 1}`;
  const parts = candidates.map((candidate) => candidateCode(machine, place, candidate, bind, context));
  if (values.length > limits.fusedChoiceValuesMax) return null;
  machine.choicesFused++;
  const names = values.map((_, index) => `v${index}`);
  // A name of its own for profiles, and so that the engine takes no two of the same text for the same.
  const url = `academy-machine/${`${machine.chart.id}/${JSON.stringify(place.value)}`.replace(/[^\w.-]+/g, '-')}/${machine.choicesFused}`;
  const body = `'use strict'; return (step, context, event) => {\n${parts.join('\n')}\nreturn context;\n};\n//# sourceURL=${url}`;
  try {
    return new Function(...names, body)(...values) as FusedChoice;
  } catch {
    return null;
  }
}

function candidateCode(
  machine: CompiledMachine,
  place: Place,
  candidate: Candidate,
  bind: Bind,
  context: Context,
): string {
  const { operations, next, changesPlace } = machine.move(place, [candidate]);
  const lines = operations.map((operation) => operationCode(operation, bind, context));
  if (changesPlace) lines.push(`step.place = ${bind(next)};`);
  return guarded(candidate, `{ ${lines.join('\n')} return context; }`, bind, context);
}

function operationCode(operation: Operation, bind: Bind, context: Context): string {
  // While the code runs they are the engine's own to keep, and only what is called finds them in the step.
  const call = `step.context = context; step.event = event; ${bind(operation)}(step); context = step.context;`;
  return operation.write?.(bind, context) ?? call;
}

function guarded({ guard }: Candidate, then: string, bind: Bind, context: Context): string {
  if (guard === null) return then;
  if (!guard.write) return `if (${bind(guard)}(context, event, step.place)) ${then}`;
  const asked = guard.write(bind, context);
  if (!guard.explain) return `if (${asked}) ${then}`;
  return `{ let agrees;
    try { agrees = ${asked}; } catch (error) { throw ${bind(guard.explain)}(error, event); }
    if (agrees) ${then} }`;
}
