/**
 * The mixed load: twenty types of machine, of many shapes. What each must come to is taken from XState itself, one
 * actor of each type, so that a round whose actors have done anything else is void.
 */
import { type AnyActorLogic, assign, createActor, emit, setup } from 'xstate';
import type { ActorDefinition, ActorEffect, ActorInput, ActorMessage } from '../../../runtime/protocol/actors.js';
import { nodeIdOf } from '../../../runtime/protocol/identity.js';
import { expectCount } from '../measure.js';
import { builtInMachines } from './builtInMachines.js';
import { flatMachines } from './flatMachines.js';
import { defined, type MixedMachine, reply, type Told } from './MixedMachine.js';
import { nestedMachines } from './nestedMachines.js';

export const mixedMachines: readonly MixedMachine[] = [...flatMachines, ...nestedMachines, ...builtInMachines];
/** The one of the single load: it goes from state to state, with guards and entry and exit actions. */
export const singleMachines: readonly MixedMachine[] = mixedMachines.filter(({ name }) => name === 'trafficLight');

/** How a number of messages is spread: each actor of each type gets one in every step. */
export interface MixedShape {
  readonly actorsOfType: number;
  readonly warmUpSteps: number;
  readonly steps: number;
}

const actorsMax = 10_000;
const stepsWanted = 30;

export function mixedShape(count: number, types: number): MixedShape {
  const wanted = Math.round(count / types / stepsWanted);
  const actorsOfType = Math.max(1, Math.min(actorsMax / types, wanted));
  const steps = Math.max(1, Math.round(count / types / actorsOfType));
  return { actorsOfType, warmUpSteps: Math.ceil(steps / 5), steps };
}

export function messageOf({ script }: MixedMachine, step: number): ActorMessage {
  return script[step % script.length] as ActorMessage;
}

/** Counts what it is told, and answers how much it was. */
export const sink: ActorDefinition = defined(
  setup({
    types: {} as { context: { readonly heard: number }; events: Told<string, unknown>; emitted: ActorEffect },
    actions: {
      count: assign({ heard: ({ context }) => context.heard + 1 }),
      report: emit(({ context, event }) => reply(context, event)),
    },
  }).createMachine({
    id: 'sink',
    context: { heard: 0 },
    initial: 'listening',
    states: { listening: { on: { report: { actions: 'report' }, '*': { actions: 'count' } } } },
  }),
);

export function mixedInput({ name, options }: MixedMachine): ActorInput {
  return {
    name,
    self: { shard: 0, slot: 0, generation: 1 },
    nodeId: nodeIdOf(new Uint8Array(32)),
    academyId: 'benchmark-academy',
    seed: 1,
    startedAtMs: 0,
    nowMs: () => 0,
    restarts: 0,
    options,
  };
}

/** The answer to the question `report`, or null of machines that have none. */
export type MixedReport = string | null;

export interface MixedOutcome {
  /** By machine, one of each actor. */
  readonly reports: ReadonlyMap<MixedMachine, readonly MixedReport[]>;
  /** What the actors have told others. */
  readonly told: number;
}

/** @returns what is wrong with the outcome, null when it is exactly XState's */
export function checkMixed(outcome: MixedOutcome, actorsOfType: number, steps: number): string | null {
  let told = 0;
  for (const [machine, reports] of outcome.reports) {
    const expected = expectedOf(machine, steps);
    told += expected.told * actorsOfType;
    const right = reports.filter((each) => each === expected.report).length;
    const fault = expectCount(`actors "${machine.name}" where XState is`, right, actorsOfType);
    if (fault) return fault;
  }
  return expectCount('messages told', outcome.told, told);
}

function expectedOf(machine: MixedMachine, steps: number): { readonly report: MixedReport; readonly told: number } {
  const actor = createActor(machine.definition.machine as AnyActorLogic, { input: mixedInput(machine) });
  let told = 0;
  let report: MixedReport = null;
  actor.on('tell', () => {
    told++;
  });
  actor.on('reply', (effect: { readonly result?: unknown }) => {
    report = JSON.stringify(effect.result);
  });
  actor.start();
  for (let step = 0; step < steps; step++) actor.send(messageOf(machine, step));
  if (machine.reports) actor.send({ type: 'report', data: null });
  actor.stop();
  if (machine.reports && report === null) throw new Error(`"${machine.name}" does not answer after ${steps} steps`);
  return { report, told };
}
