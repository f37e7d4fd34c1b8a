/** An actor that counts, once with a journal and once without. */
import { assign, emit, setup } from 'xstate';
import { type ActorTypes, actorEffects, defineActor } from '../../../index.js';

interface CounterMessages {
  add: { tell: number };
  count: { ask: null; answer: number };
}

const machine = setup({
  types: {} as ActorTypes<CounterMessages, { start: number }, { count: number }>,
}).createMachine({
  context: ({ input }) => ({ count: input.options.start }),
  on: {
    add: { actions: assign({ count: ({ context, event }) => context.count + event.data }) },
    count: { actions: emit(({ context, event }) => actorEffects.reply(event, context.count)) },
  },
});

export const counter = defineActor({ machine });
export const persistentCounter = defineActor({ machine, persist: 'journal' });
