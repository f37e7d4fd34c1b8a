/** A parent that has children on its own shard, and tells where they are. */
import { assign, emit, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type {
  ActorAddress,
  ActorEffect,
  ActorInput,
  ActorReference,
  AskToken,
  DeliveredMessage,
  Settled,
} from '../../../runtime/protocol/actors.js';

export type ChildMessage =
  | DeliveredMessage<'count', null>
  | DeliveredMessage<'crash', null>
  | DeliveredMessage<'watch', ActorReference>;

interface ChildContext {
  readonly input: ActorInput<{ readonly nickname: string; readonly fails?: boolean }>;
  readonly counted: number;
}

/** Counts what it is told, and answers with it and with what it knows of itself. */
export const child = defineActor({
  restart: { backoffMs: 1, backoffMaxMs: 5 },
  machine: setup({
    types: {} as {
      context: ChildContext;
      events: ChildMessage;
      emitted: ActorEffect;
      input: ChildContext['input'];
    },
    actions: {
      count: assign({ counted: ({ context }) => context.counted + 1 }),
      answer: emit(({ context, event }) => ({
        type: 'reply',
        ask: event.ask as AskToken,
        result: {
          counted: context.counted,
          nickname: context.input.options.nickname,
          self: context.input.self,
          restarts: context.input.restarts,
        },
      })),
    },
    guards: { isAsked: ({ event }) => event.ask !== undefined },
  }).createMachine({
    id: 'child',
    context: ({ input }) => {
      if (input.options.fails) throw new Error('it does not want to live');
      return { input, counted: 0 };
    },
    on: {
      count: [{ guard: 'isAsked', actions: 'answer' }, { actions: 'count' }],
      crash: {
        actions: () => {
          throw new Error('on purpose');
        },
      },
    },
  }),
});

export type ParentMessage =
  | DeliveredMessage<'bear', { readonly nickname: string; readonly fails?: boolean }>
  | DeliveredMessage<'born', Settled>
  | DeliveredMessage<'children', null>
  | DeliveredMessage<'crash', null>
  | DeliveredMessage<'disown', ActorAddress>;

interface ParentContext {
  readonly born: readonly Settled[];
}

export const parent = defineActor({
  restart: { backoffMs: 1, backoffMaxMs: 5 },
  machine: setup({
    types: {} as { context: ParentContext; events: ParentMessage; emitted: ActorEffect },
    actions: {
      bear: emit(({ event }) => ({
        type: 'spawn-child',
        definition: child,
        options: event.data,
        settles: 'born',
        tag: (event as Extract<ParentMessage, { type: 'bear' }>).data.nickname,
      })),
      keep: assign({
        born: ({ context, event }) => [...context.born, (event as DeliveredMessage<'born', Settled>).data],
      }),
      answer: emit(({ context, event }) => ({ type: 'reply', ask: event.ask as AskToken, result: context.born })),
      disown: emit(({ event }) => ({ type: 'stop', target: event.data as ActorAddress })),
    },
  }).createMachine({
    id: 'parent',
    context: { born: [] },
    on: {
      bear: { actions: 'bear' },
      born: { actions: 'keep' },
      children: { actions: 'answer' },
      disown: { actions: 'disown' },
      crash: {
        actions: () => {
          throw new Error('on purpose');
        },
      },
    },
  }),
});
