/** A machine that cannot start. */
import { setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';

export const crashesOnStart = defineActor({
  machine: setup({}).createMachine({
    entry: () => {
      throw new Error('no such table');
    },
  }),
});
