// An actor with a contract: what it takes, what it answers and which options it wants are known to whoever talks to it.
import { type ActorTypes, actorEffects, defineActor } from 'academy-mesh';
import { assign, emit, setup } from 'xstate';

interface Messages {
  sell: { tell: { item: string; price: number } };
  total: { ask: null; answer: string };
}

interface Context {
  readonly currency: string;
  readonly total: number;
}

export const till = defineActor({
  machine: setup({ types: {} as ActorTypes<Messages, { currency: string }, Context> }).createMachine({
    id: 'till',
    context: ({ input }) => ({ currency: input.options.currency, total: 0 }),
    on: {
      sell: {
        actions: assign({
          total: ({ context, event }) => {
            const { item, price } = event.data;
            if (price < 0) throw new RangeError(`nobody is paid for taking ${item}`);
            return context.total + price;
          },
        }),
      },
      total: {
        actions: emit(({ context, event }) => actorEffects.reply(event, `${context.total} ${context.currency}`)),
      },
    },
  }),
  // What it has counted outlives a crash, the death of its thread, and the node.
  persist: 'journal',
});
