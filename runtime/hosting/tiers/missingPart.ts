/**
 * What is said of a machine that names an action, a guard, an actor or a delay which it does not have. Most of it is
 * found before the machine starts. What only a function names, by `enqueueActions`, is said when it is asked for: XState
 * would pass over such an action, and wait no time where it finds no delay.
 */
import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { AcademyError } from '../../protocol/errors.js';
import { type Chart, isChart } from './xstateShapes.js';

export type PartKind = 'action' | 'guard' | 'actor' | 'delay';
type Parts = Readonly<Record<string, unknown>>;

/** @param at where it is named */
export function missingPart(chart: Chart, kind: PartKind, name: string, at: string): AcademyError {
  const has = Object.keys(chart.implementations[`${kind}s`]);
  return new AcademyError(
    'ERR_ACADEMY_MACHINE_UNSUPPORTED',
    `the machine "${chart.id}" names the ${kind} "${name}" ${at}, and has none of that name`,
    {
      remedy: `give it in setup({ ${kind}s: { ${name} } })${has.length > 0 ? `, or use one of: ${has.join(', ')}` : ''}`,
    },
  );
}

/** What the machine has under a name. */
export function partOf(chart: Chart, kind: PartKind, name: string): unknown {
  return ownPart(chart.implementations[`${kind}s`], name);
}

/** The same, or else a function that throws ERR_ACADEMY_MACHINE_UNSUPPORTED when it is called. */
export function partOrRefusal(chart: Chart, kind: PartKind, name: string): unknown {
  return partOf(chart, kind, name) ?? refusalOf(chart, kind, name);
}

/** The machine, made so that XState, too, finds a function that throws under a name that it does not have. */
export function withRefusals(logic: AnyActorLogic): AnyActorLogic {
  if (!isChart(logic)) return logic;
  const machine = (logic as AnyStateMachine).provide({}) as unknown as Chart;
  const { actions, guards, delays } = machine.implementations;
  const implementations: Partial<Chart['implementations']> = {
    actions: refusing(machine, 'action', actions),
    guards: refusing(machine, 'guard', guards),
    delays: refusing(machine, 'delay', delays),
  };
  Object.assign(machine.implementations, implementations);
  return machine as unknown as AnyActorLogic;
}

function refusing(machine: Chart, kind: PartKind, parts: Parts): Parts {
  return new Proxy(parts, {
    get: (_parts, name) => ownPart(parts, name as string) ?? refusalOf(machine, kind, name as string),
  });
}

function refusalOf(chart: Chart, kind: PartKind, name: string): () => never {
  return () => {
    throw missingPart(chart, kind, name, 'as it runs');
  };
}

function ownPart(parts: Parts, name: string): unknown {
  return Object.hasOwn(parts, name) ? (parts[name] ?? undefined) : undefined;
}
