/** Returns every ball, and counts in memory that the test shares. */
import { emit, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorInput, ActorReference, DeliveredMessage } from '../../../runtime/protocol/actors.js';

export const player = defineActor({
  machine: setup({
    types: {} as {
      context: { volleys: Int32Array };
      events: DeliveredMessage<'serve', { to: ActorReference }> | DeliveredMessage<'ball', null>;
      emitted: ActorEffect;
      input: ActorInput<{ volleys: Int32Array }>;
    },
  }).createMachine({
    context: ({ input }) => ({ volleys: input.options.volleys }),
    on: {
      serve: { actions: emit(({ event }) => ({ type: 'tell', to: event.data.to, message: { type: 'ball' } })) },
      ball: {
        actions: [
          ({ context }) => {
            Atomics.add(context.volleys, 0, 1);
          },
          emit(({ event }) => ({ type: 'tell', to: event.from as ActorReference, message: { type: 'ball' } })),
        ],
      },
    },
  }),
});
