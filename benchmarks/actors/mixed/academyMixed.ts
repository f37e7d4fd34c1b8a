/**
 * The mixed load by the project's actors: each with an address, a bounded mailbox, a supervisor and counters. A
 * conductor, itself an actor, tells the players of each type their message, as one effect.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { emit, enqueueActions, setup } from 'xstate';
import { actorNames } from '../../../runtime/protocol/actorNames.js';
import type { ActorAddress, ActorEffect, ActorMessage, AskToken } from '../../../runtime/protocol/actors.js';
import { addressesOf, onHost } from '../LocalHost.js';
import { timed } from '../measure.js';
import type { Measured } from '../Workload.js';
import { defined, type MixedMachine, type Report, reply, sinkName, type Told } from './MixedMachine.js';
import { checkMixed, type MixedReport, messageOf, mixedShape, sink } from './mixedMachines.js';

interface Part {
  readonly to: readonly ActorAddress[];
  readonly message: ActorMessage;
}

/** Tells each part to its players, and answers when all of it is in their mailboxes. */
const conductor = defined(
  setup({
    types: {} as { events: Told<'play', { readonly parts: readonly Part[] }>; emitted: ActorEffect },
    actions: {
      play: enqueueActions(({ event, enqueue }) => {
        for (const { to, message } of event.data.parts) enqueue.emit({ type: 'tellMany', to, message });
        enqueue.emit({ type: 'reply', ask: event.ask as AskToken, result: null });
      }),
    },
  }).createMachine({
    id: 'conductor',
    initial: 'conducting',
    states: { conducting: { on: { play: { actions: 'play' } } } },
  }),
);

/** Answers when it is asked. */
const echo = defined(
  setup({
    types: {} as { events: Report; emitted: ActorEffect },
    actions: { report: emit(({ event }) => reply(null, event)) },
  }).createMachine({
    id: 'echo',
    initial: 'answering',
    states: { answering: { on: { report: { actions: 'report' } } } },
  }),
);

export function academyMixed(machines: readonly MixedMachine[], count: number): Promise<Measured> {
  const { actorsOfType, warmUpSteps, steps } = mixedShape(count, machines.length);
  return onHost(async (host) => {
    const ask = (to: ActorAddress, type = 'report', data: unknown = null): Promise<unknown> =>
      host.ask(to, { type, data });
    const sinks = [sinkName, actorNames.chatDaemon].map((name) => host.spawnNamed(name, sink));
    const lead = host.spawnOne(conductor);
    const groups = machines.map((machine) => ({
      machine,
      to: addressesOf(host.spawnMany(machine.definition, actorsOfType, machine.options)),
    }));
    const last = host.spawnOne(echo);
    const run = async (from: number, to: number): Promise<void> => {
      for (let step = from; step < to; step++) {
        const parts = groups.map(({ machine, to: players }) => ({ to: players, message: messageOf(machine, step) }));
        await ask(lead, 'play', { parts });
        // Asked when all players have something to do, so it has its turn behind them.
        await ask(last);
        // They have told the sinks by now; a sink that fell behind would refuse.
        for (const each of sinks) await ask(each);
      }
    };
    await run(0, warmUpSteps);
    const end = warmUpSteps + steps;
    const messages = groups.length * actorsOfType * steps;
    const handledBefore = host.handled;
    return timed(
      messages,
      async () => {
        await run(warmUpSteps, end);
        while (host.handled - handledBefore < messages) await turn();
      },
      async () => {
        const reports = new Map<MixedMachine, MixedReport[]>();
        for (const { machine, to: players } of groups) {
          const asked = machine.reports ? players.map(async (each) => JSON.stringify(await ask(each))) : [];
          reports.set(machine, machine.reports ? await Promise.all(asked) : players.map(() => null));
        }
        const heard = (await Promise.all(sinks.map((each) => ask(each)))) as { readonly heard: number }[];
        const told = heard.reduce((sum, each) => sum + each.heard, 0);
        return checkMixed({ reports, told }, actorsOfType, end);
      },
    );
  });
}
