/**
 * The mixed load by XState alone: an actor is a createActor, a message a call of send(), and what a machine tells
 * another is passed on by a listener, as users of emit() do it.
 */
import { type AnyActorLogic, type AnyActorRef, createActor } from 'xstate';
import { timed } from '../measure.js';
import type { Measured } from '../Workload.js';
import type { MixedMachine } from './MixedMachine.js';
import { checkMixed, type MixedReport, messageOf, mixedInput, mixedShape, sink } from './mixedMachines.js';

interface Tell {
  readonly message: { readonly type: string; readonly data?: unknown };
}

export async function xstateMixed(machines: readonly MixedMachine[], count: number): Promise<Measured> {
  const { actorsOfType, warmUpSteps, steps } = mixedShape(count, machines.length);
  const listener = createActor(sink.machine as AnyActorLogic).start();
  const groups = machines.map((machine) => ({
    machine,
    actors: Array.from({ length: actorsOfType }, () => started(machine, listener)),
  }));
  const run = (from: number, to: number): void => {
    for (let step = from; step < to; step++) {
      for (const { machine, actors } of groups) {
        const message = messageOf(machine, step);
        for (const actor of actors) actor.send(message);
      }
    }
  };
  run(0, warmUpSteps);
  const last = warmUpSteps + steps;
  const measured = await timed(
    groups.length * actorsOfType * steps,
    () => run(warmUpSteps, last),
    () => {
      const { heard } = (listener.getSnapshot() as { readonly context: { readonly heard: number } }).context;
      const reports = new Map(
        groups.map(({ machine, actors }) => [machine, actors.map((each) => reportOf(machine, each))]),
      );
      return checkMixed({ reports, told: heard }, actorsOfType, last);
    },
  );
  for (const { actors } of groups) for (const actor of actors) actor.stop();
  return measured;
}

function started(machine: MixedMachine, listener: AnyActorRef): AnyActorRef {
  const actor = createActor(machine.definition.machine as AnyActorLogic, { input: mixedInput(machine) });
  if (machine.speaks) actor.on('tell', (effect: unknown) => listener.send((effect as Tell).message));
  return actor.start();
}

function reportOf({ reports }: MixedMachine, actor: AnyActorRef): MixedReport {
  if (!reports) return null;
  let report: MixedReport = null;
  actor.on('reply', (effect: unknown) => {
    report = JSON.stringify((effect as { readonly result: unknown }).result);
  });
  actor.send({ type: 'report', data: null });
  return report;
}
