/** An actor that counts what it is told and tells others, once for each of the ways to persist. */
import { type AnyActorLogic, assign, enqueueActions, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorInput, AskToken, Settled } from '../../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../../runtime/protocol/events.js';

interface Context {
  readonly name: string;
  readonly seen: readonly string[];
  readonly rings: number;
  readonly answers: readonly unknown[];
}

/** What it was told, and whom it tells in turn: names, and what they tell. */
export interface Told {
  readonly id: string;
  readonly next?: readonly { readonly to: string; readonly told: Told }[];
}

type KeeperEvent = { readonly ask?: AskToken } & (
  | { type: 'tell'; data: Told }
  | { type: 'report'; data: null }
  | { type: 'crash'; data: null }
  | { type: 'exit'; data: number }
  | { type: 'throw'; data: null }
  | { type: 'hang'; data: null }
  | { type: 'listen'; data: string }
  | { type: 'ring-in'; data: number }
  | { type: 'ask'; data: { to: string } }
  | { type: 'watch'; data: { to: string } }
  | { type: 'academy.down'; data: { reason: string; tag: string } }
  | { type: 'answered'; data: Settled }
  | { type: 'academy.event'; data: unknown }
);

export interface KeeperReport {
  readonly seen: readonly string[];
  readonly rings: number;
  readonly answers: readonly unknown[];
  readonly state: string;
}

export const keeperMachine = setup({
  types: {} as { context: Context; events: KeeperEvent; emitted: ActorEffect; input: ActorInput },
  delays: { ring: ({ event }) => (event.type === 'ring-in' ? event.data : 0) },
}).createMachine({
  id: 'keeper',
  context: ({ input }) => ({ name: input.name, seen: [], rings: 0, answers: [] }),
  initial: 'quiet',
  states: {
    quiet: { on: { 'ring-in': 'waiting' } },
    waiting: { after: { ring: { target: 'quiet', actions: assign({ rings: ({ context }) => context.rings + 1 }) } } },
  },
  on: {
    tell: {
      actions: [
        assign({ seen: ({ context, event }) => [...context.seen, event.data.id] }),
        enqueueActions(({ event, enqueue }) => {
          for (const { to, told } of event.data.next ?? []) {
            enqueue.emit({ type: 'tell', to: { name: to }, message: { type: 'tell', data: told } });
          }
          if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: event.data.id });
        }),
      ],
    },
    report: {
      actions: enqueueActions(({ context, event, self, enqueue }) => {
        const { seen, rings, answers } = context;
        const result: KeeperReport = { seen, rings, answers, state: String(self.getSnapshot().value) };
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result });
      }),
    },
    crash: {
      actions: () => {
        throw new Error('it was told to crash');
      },
    },
    exit: {
      actions: ({ event }) => {
        process.exit(event.data);
      },
    },
    throw: {
      actions: () => {
        setTimeout(() => {
          throw new Error('thrown outside of any actor');
        }, 1);
      },
    },
    hang: {
      actions: () => {
        for (;;);
      },
    },
    listen: {
      actions: enqueueActions(({ event, enqueue }) => {
        enqueue.emit({ type: 'subscribe', event: ACADEMY_CHAT_EVENTS.TYPING, roomId: event.data });
      }),
    },
    ask: {
      actions: enqueueActions(({ event, enqueue }) => {
        const message = { type: 'report', data: null };
        const to = { name: event.data.to };
        enqueue.emit({ type: 'ask', to, message, deadlineMs: 60_000, settles: 'answered', tag: event.data.to });
      }),
    },
    watch: {
      actions: enqueueActions(({ event, enqueue }) => {
        enqueue.emit({ type: 'monitor', target: { name: event.data.to }, tag: event.data.to });
      }),
    },
    'academy.down': {
      actions: assign({ seen: ({ context, event }) => [...context.seen, `${event.data.tag} ${event.data.reason}`] }),
    },
    answered: {
      actions: assign({
        answers: ({ context, event }) => [...context.answers, event.data.error?.code ?? event.data.tag],
      }),
    },
    'academy.event': { actions: assign({ seen: ({ context }) => [...context.seen, 'event'] }) },
  },
});

const restart = { backoffMs: 1, backoffMaxMs: 5, intensity: 1_000 } as const;
const machine: AnyActorLogic = keeperMachine;

export const plain = defineActor({ machine, restart });
export const snapshot = defineActor({ machine, restart, persist: 'snapshot' });
export const journal = defineActor({ machine, restart, persist: 'journal' });
export const passive = defineActor({ machine, restart, persist: 'snapshot', passivateAfterMs: 20 });

/** Hears everything and answers nothing. */
export const mute = defineActor({ machine: setup({}).createMachine({ id: 'mute', on: { '*': {} } }), restart });

/** What cannot be kept. */
export const unkept = defineActor({
  machine: setup({ types: {} as { context: { callback: () => number } } }).createMachine({
    context: { callback: () => 1 },
  }),
  persist: 'snapshot',
});

class Mind {
  think(): number {
    return 1;
  }
}

/** What is cloned without its methods, deep in the context. */
export const minded = defineActor({
  machine: setup({ types: {} as { context: { list: readonly { mind: Mind }[] } } }).createMachine({
    context: { list: [{ mind: new Mind() }] },
  }),
});

/** The keeper's next version: it calls its list by another name. */
const renamed = setup({
  types: {} as { context: { heard: readonly string[] }; events: KeeperEvent; emitted: ActorEffect },
}).createMachine({
  id: 'keeper',
  context: { heard: [] },
  initial: 'quiet',
  states: { quiet: {} },
  on: {
    report: {
      actions: enqueueActions(({ context, event, enqueue }) => {
        if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: { heard: context.heard } });
      }),
    },
  },
});

export const unmigrated = defineActor({ machine: renamed, persist: 'snapshot', snapshotVersion: 2 });
export const migrated = defineActor({
  machine: renamed,
  persist: 'snapshot',
  snapshotVersion: 2,
  migrate: (kept, fromVersion) => {
    const { context, ...rest } = kept as { context: Context };
    return { ...rest, context: { heard: [`from version ${fromVersion}`, ...context.seen] } };
  },
});

/** It persists nothing, and could not: it holds a function. */
export const holder = defineActor({
  machine: setup({
    types: {} as { context: { call: () => number }; events: { type: 'count'; ask?: AskToken }; emitted: ActorEffect },
  }).createMachine({
    context: { call: () => 1 },
    on: {
      count: {
        actions: enqueueActions(({ context, event, enqueue }) => {
          if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: context.call() });
        }),
      },
    },
  }),
  restart,
});
