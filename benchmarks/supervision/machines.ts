/** Actors that crash when they are told to, and who tells them. */
import { assign, emit, enqueueActions, setup } from 'xstate';
import { defineActor } from '../../runtime/hosting/defineActor.js';
import type {
  ActorEffect,
  ActorInput,
  ActorReference,
  AskToken,
  DeliveredMessage,
  RestartOptions,
} from '../../runtime/protocol/actors.js';

/** Started again always and at once, however often: how fast that goes is what is measured. */
export const restartAlways: Partial<RestartOptions> = {
  kind: 'permanent',
  intensity: Number.MAX_SAFE_INTEGER,
  withinMs: 1,
  backoffMs: 0,
  backoffMaxMs: 0,
};

export interface FragileOptions {
  readonly driver: ActorReference;
}

type FragileMessage = DeliveredMessage<'crash', { readonly number: number }>;

/** Says that it is up when it starts, and crashes when it is told to. */
export const fragile = defineActor({
  restart: restartAlways,
  machine: setup({
    types: {} as {
      context: { readonly driver: ActorReference };
      events: FragileMessage;
      input: ActorInput<FragileOptions>;
      emitted: ActorEffect;
    },
    actions: {
      tellUp: emit(({ context }) => ({ type: 'tell' as const, to: context.driver, message: { type: 'up' } })),
      crash: () => {
        throw new Error('crashed');
      },
    },
  }).createMachine({
    id: 'fragile',
    context: ({ input }) => ({ driver: input.options.driver }),
    entry: 'tellUp',
    initial: 'standing',
    states: { standing: { on: { crash: { actions: 'crash' } } } },
  }),
});

type DriverMessage =
  | DeliveredMessage<'begin', { readonly children: readonly ActorReference[]; readonly crashes: number }>
  | DeliveredMessage<'up', null>;

interface DriverContext {
  /** Crashes that are still to be caused. */
  readonly left: number;
  /** Restarts that are still awaited. */
  readonly awaited: number;
  readonly ask: AskToken | null;
}

function crash(to: ActorReference, number: number): ActorEffect {
  return { type: 'tell', to, message: { type: 'crash', data: { number } } };
}

/** Keeps children crashing: whoever comes up is told to crash again, until there were as many crashes as asked for. */
export const driver = defineActor({
  machine: setup({
    types: {} as { context: DriverContext; events: DriverMessage; emitted: ActorEffect },
    guards: {
      isLast: ({ context }) => context.awaited === 1,
      isEnough: ({ context }) => context.left === 0,
    },
    actions: {
      begin: enqueueActions(({ event, enqueue }) => {
        if (event.type !== 'begin') return;
        const { children, crashes } = event.data;
        const first = children.slice(0, crashes);
        enqueue.assign({ left: crashes - first.length, awaited: crashes, ask: event.ask ?? null });
        for (const [index, child] of first.entries()) enqueue.emit(crash(child, crashes + index));
      }),
      note: assign({ awaited: ({ context }) => context.awaited - 1 }),
      again: emit(({ context, event }) => crash(event.from as ActorReference, context.left)),
      count: assign({ left: ({ context }) => context.left - 1 }),
      settle: emit(({ context }) => ({ type: 'reply' as const, ask: context.ask as AskToken, result: null })),
    },
  }).createMachine({
    id: 'driver',
    context: { left: 0, awaited: 0, ask: null },
    initial: 'idle',
    states: {
      idle: { on: { begin: { target: 'driving', actions: 'begin' } } },
      driving: {
        on: {
          up: [
            { guard: 'isLast', target: 'idle', actions: ['note', 'settle'] },
            { guard: 'isEnough', actions: 'note' },
            { actions: ['note', 'again', 'count'] },
          ],
        },
      },
    },
  }),
});

/** Ends the thread that it runs on. */
export const assassin = defineActor({
  restart: { kind: 'temporary' },
  machine: setup({
    types: {} as { events: DeliveredMessage<'strike', null> },
    actions: { strike: () => process.exit(1) },
  }).createMachine({
    id: 'assassin',
    initial: 'waiting',
    states: { waiting: { on: { strike: { actions: 'strike' } } } },
  }),
});
