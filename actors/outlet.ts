/** Where a seat's notices leave the actors' world: hands each to a function, on the main thread. */
import { setup } from 'xstate';
import type { ActorDefinition, ActorInput, DeliveredMessage } from '../runtime/protocol/actors.js';

export interface OutletOptions {
  readonly onNotice: (type: string, data: unknown, atMs: number) => void;
}

const machine = setup({
  types: {} as {
    context: OutletOptions;
    events: DeliveredMessage;
    input: ActorInput<OutletOptions>;
  },
  actions: { pass: ({ context, event }) => context.onNotice(event.type, event.data, event.atMs) },
}).createMachine({
  id: 'outlet',
  context: ({ input }) => input.options,
  initial: 'open',
  states: { open: { on: { '*': { actions: 'pass' } } } },
});

// A person's terminal that falls behind loses the oldest notices; the history has them all.
export const outlet: ActorDefinition = { kind: 'academy-actor', machine, mailbox: { policy: 'drop-oldest' } };
