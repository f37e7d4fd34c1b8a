/** The machines of the benchmark as the project's actors: the same state charts as those for XState by itself. */
import { assign, emit, setup } from 'xstate';
import { defineActor } from '../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorReference, AskToken, DeliveredMessage } from '../../runtime/protocol/actors.js';

export type ListenerMessage =
  | DeliveredMessage<'message', { readonly text: string }>
  | DeliveredMessage<'heard', null>
  /** Asks to be told when so many messages have been heard. */
  | DeliveredMessage<'tell-at', { readonly heard: number; readonly umpire: ActorReference }>;

interface ListenerContext {
  readonly heard: number;
  readonly tellAt: number;
  readonly umpire: ActorReference | null;
}

/** Counts the messages that it hears. */
export const listener = defineActor({
  machine: setup({
    types: {} as { context: ListenerContext; events: ListenerMessage; emitted: ActorEffect },
    actions: {
      count: assign(({ context, event }) =>
        event.type === 'message' && event.data.text.length > 0 ? { heard: context.heard + 1 } : {},
      ),
      agree: assign(({ event }) =>
        event.type === 'tell-at' ? { tellAt: event.data.heard, umpire: event.data.umpire } : {},
      ),
      tell: emit(({ context }) => ({
        type: 'tell' as const,
        to: context.umpire as ActorReference,
        message: { type: 'done' },
      })),
      answer: emit(({ context, event }) => ({
        type: 'reply' as const,
        ask: event.ask as AskToken,
        result: context.heard,
      })),
    },
    guards: { isLast: ({ context }) => context.heard + 1 === context.tellAt },
  }).createMachine({
    id: 'listener',
    context: { heard: 0, tellAt: 0, umpire: null },
    initial: 'listening',
    states: {
      listening: {
        on: {
          message: [{ guard: 'isLast', actions: ['count', 'tell'] }, { actions: 'count' }],
          'tell-at': { actions: 'agree' },
          heard: { actions: 'answer' },
        },
      },
    },
  }),
});

/** What is started by the hundred thousand, each with a context of its own: the same machine as XState's by itself. */
export const idler = defineActor({
  machine: setup({
    types: {} as {
      context: { readonly heard: number };
      events: DeliveredMessage<'message', { readonly text: string }>;
    },
    actions: {
      count: assign({ heard: ({ context, event }) => context.heard + (event.data.text.length > 0 ? 1 : 0) }),
    },
  }).createMachine({
    id: 'idler',
    context: () => ({ heard: 0 }),
    initial: 'listening',
    states: { listening: { on: { message: { actions: 'count' } } } },
  }),
});

export type SpeakerMessage = DeliveredMessage<'speak', { readonly to: readonly ActorReference[] }>;

/** Says one thing to many. */
export const speaker = defineActor({
  machine: setup({
    types: {} as { events: SpeakerMessage; emitted: ActorEffect },
    actions: {
      speak: emit(({ event }) => ({
        type: 'tellMany' as const,
        to: event.data.to,
        message: { type: 'message', data: { text: 'message' } },
      })),
    },
  }).createMachine({
    id: 'speaker',
    initial: 'speaking',
    states: { speaking: { on: { speak: { actions: 'speak' } } } },
  }),
});

export type UmpireMessage = DeliveredMessage<'done', null> | DeliveredMessage<'await', { readonly count: number }>;

interface UmpireContext {
  readonly done: number;
  readonly awaited: number;
  readonly ask: AskToken | null;
}

/** Answers the question `await` when so many have told it that they are done. */
export const umpire = defineActor({
  machine: setup({
    types: {} as { context: UmpireContext; events: UmpireMessage; emitted: ActorEffect },
    actions: {
      count: assign({ done: ({ context }) => context.done + 1 }),
      wait: assign(({ event }) =>
        event.type === 'await' ? { done: 0, awaited: event.data.count, ask: event.ask ?? null } : {},
      ),
      answer: emit(({ context }) => ({ type: 'reply' as const, ask: context.ask as AskToken, result: context.done })),
    },
    guards: { isLast: ({ context }) => context.done + 1 === context.awaited },
  }).createMachine({
    id: 'umpire',
    context: { done: 0, awaited: 0, ask: null },
    initial: 'waiting',
    states: {
      waiting: {
        on: {
          await: { actions: 'wait' },
          done: [{ guard: 'isLast', actions: ['count', 'answer'] }, { actions: 'count' }],
        },
      },
    },
  }),
});

export type PlayerMessage =
  | DeliveredMessage<'serve', { readonly to: ActorReference; readonly count: number }>
  | DeliveredMessage<'ball', null>
  | DeliveredMessage<'hits', null>;

interface PlayerContext {
  readonly hits: number;
  readonly left: number;
  readonly ask: AskToken | null;
}

/** Hits the ball back. The one that serves answers the question `serve` when it has had the ball `count` times. */
export const player = defineActor({
  machine: setup({
    types: {} as { context: PlayerContext; events: PlayerMessage; emitted: ActorEffect },
    actions: {
      begin: assign(({ event }) => (event.type === 'serve' ? { left: event.data.count, ask: event.ask ?? null } : {})),
      count: assign({
        hits: ({ context }) => context.hits + 1,
        left: ({ context }) => context.left - 1,
      }),
      serve: emit(({ event }) => ({
        type: 'tell' as const,
        to: (event as Extract<PlayerMessage, { type: 'serve' }>).data.to,
        message: { type: 'ball' },
      })),
      hitBack: emit(({ event }) => ({
        type: 'tell' as const,
        to: event.from as ActorReference,
        message: { type: 'ball' },
      })),
      settle: emit(({ context }) => ({ type: 'reply' as const, ask: context.ask as AskToken, result: context.hits })),
      answer: emit(({ context, event }) => ({
        type: 'reply' as const,
        ask: event.ask as AskToken,
        result: context.hits,
      })),
    },
    guards: { isOver: ({ context }) => context.left === 1 },
  }).createMachine({
    id: 'player',
    context: { hits: 0, left: 0, ask: null },
    initial: 'playing',
    states: {
      playing: {
        on: {
          serve: { actions: ['begin', 'serve'] },
          ball: [{ guard: 'isOver', actions: ['count', 'settle'] }, { actions: ['count', 'hitBack'] }],
          hits: { actions: 'answer' },
        },
      },
    },
  }),
});
