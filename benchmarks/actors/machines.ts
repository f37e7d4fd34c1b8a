/** The machines of the benchmark as the project's actors: the same state charts as those for XState by itself. */
import { assign, emit, setup } from 'xstate';
import { defineActor } from '../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorReference, AskToken, DeliveredMessage } from '../../runtime/protocol/actors.js';

export type ListenerMessage =
  | DeliveredMessage<'message', { readonly text: string }>
  | DeliveredMessage<'heard', null>
  /** Comes behind messages, and asks to be told when they have been heard. */
  | DeliveredMessage<'mark', { readonly umpire: ActorReference }>;

/** Counts the messages that it hears, as XState's listener by itself. */
export const listener = defineActor({
  machine: setup({
    types: {} as { context: { readonly heard: number }; events: ListenerMessage; emitted: ActorEffect },
    actions: {
      count: assign({
        heard: ({ context, event }) =>
          context.heard +
          ((event as DeliveredMessage<'message', { readonly text: string }>).data.text.length > 0 ? 1 : 0),
      }),
      tell: emit(({ event }) => ({
        type: 'tell' as const,
        to: (event as Extract<ListenerMessage, { type: 'mark' }>).data.umpire,
        message: { type: 'done' },
      })),
      answer: emit(({ context, event }) => ({
        type: 'reply' as const,
        ask: event.ask as AskToken,
        result: context.heard,
      })),
    },
  }).createMachine({
    id: 'listener',
    context: () => ({ heard: 0 }),
    initial: 'listening',
    states: {
      listening: {
        on: { message: { actions: 'count' }, mark: { actions: 'tell' }, heard: { actions: 'answer' } },
      },
    },
  }),
});

interface Speech {
  readonly to: readonly ActorReference[];
  readonly type: 'message' | 'mark';
  readonly data: unknown;
}
export type SpeakerMessage = DeliveredMessage<'speak', Speech>;

/** Says one thing to many. */
export const speaker = defineActor({
  machine: setup({
    types: {} as { events: SpeakerMessage; emitted: ActorEffect },
    actions: {
      speak: emit(({ event }) => ({
        type: 'tellMany' as const,
        to: event.data.to,
        message: { type: event.data.type, data: event.data.data },
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
