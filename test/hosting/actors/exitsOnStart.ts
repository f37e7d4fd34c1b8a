/** A machine that ends its thread as it starts. */
import { setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';

export const exitsOnStart = defineActor({
  machine: setup({}).createMachine({
    entry: () => {
      process.exit(4);
    },
  }),
});
