/** Actors that read signals, however these have come: as a hot event of a stream, or as a message. */
import { assign, emit, setup } from 'xstate';
import { defineActor } from '../../runtime/hosting/defineActor.js';
import type {
  ActorEffect,
  ActorInput,
  AskToken,
  DeliveredEvent,
  DeliveredMessage,
} from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

export interface SignalListenerOptions {
  /** The room whose signals it subscribes to; without one it is told them. */
  readonly roomId?: string;
}

/** What a listener has read, and the answer to the question `read`. */
export interface SignalsRead {
  readonly count: number;
  readonly weight: number;
}

type SignalMessage = DeliveredEvent | DeliveredMessage<'signal', TrainingSignal> | DeliveredMessage<'read', null>;

/** A figure of the numbers and the lengths of all texts, so that no field can be left undecoded. */
export function weighSignal({
  personaId,
  roomId,
  sessionId,
  messageId,
  judge,
  signal,
  timestamp,
}: TrainingSignal): number {
  const ids = personaId.length + roomId.length + sessionId.length + messageId.length + judge.length;
  const { value, category, source, inputContext, expectedBehavior, actualBehavior, improvementSuggestion } = signal;
  const texts = inputContext.length + expectedBehavior.length + actualBehavior.length + improvementSuggestion.length;
  return ids + category.length + source.length + texts + Math.round(value * 100) + (timestamp % 1_000);
}

export const signalListener = defineActor({
  machine: setup({
    types: {} as {
      context: SignalsRead & SignalListenerOptions;
      events: SignalMessage;
      input: ActorInput<SignalListenerOptions>;
      emitted: ActorEffect;
    },
    guards: { hasRoom: ({ context }) => context.roomId !== undefined },
    actions: {
      subscribe: emit(({ context }) => ({
        type: 'subscribe' as const,
        event: ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL,
        roomId: context.roomId as string,
      })),
      hear: assign(({ context, event }) => {
        const signal = (event as DeliveredEvent).data.data as TrainingSignal;
        return { count: context.count + 1, weight: context.weight + weighSignal(signal) };
      }),
      take: assign(({ context, event }) => {
        const signal = event.data as TrainingSignal;
        return { count: context.count + 1, weight: context.weight + weighSignal(signal) };
      }),
      answer: emit(({ context, event }) => ({
        type: 'reply' as const,
        ask: event.ask as AskToken,
        result: { count: context.count, weight: context.weight } satisfies SignalsRead,
      })),
    },
  }).createMachine({
    id: 'signalListener',
    context: ({ input }) => ({ count: 0, weight: 0, ...input.options }),
    initial: 'deciding',
    on: { read: { actions: 'answer' } },
    states: {
      deciding: { always: [{ guard: 'hasRoom', target: 'listening', actions: 'subscribe' }, { target: 'listening' }] },
      listening: { on: { 'academy.event': { actions: 'hear' }, signal: { actions: 'take' } } },
    },
  }),
});
