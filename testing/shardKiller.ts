/** An actor that a test starts on a shard to end its thread, in each of the ways in which a thread ends. */
import { setup } from 'xstate';
import { defineActor } from '../runtime/hosting/defineActor.js';
import type { DeliveredMessage } from '../runtime/protocol/actors.js';

/** How a thread ends: it exits, something outside of any actor throws, its heap is full, its loop stands still. */
export type ShardDeath = 'exit' | 'throw' | 'out-of-memory' | 'hang';

const hoard: number[][] = [];

function end(how: ShardDeath): void {
  switch (how) {
    case 'exit':
      return process.exit(3);
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown outside of any actor');
      });
      return;
    case 'out-of-memory':
      for (;;) hoard.push(new Array(100_000).fill(Math.PI));
    case 'hang':
      for (;;);
  }
}

export const shardKiller = defineActor({
  machine: setup({ types: {} as { events: DeliveredMessage<'end', ShardDeath> } }).createMachine({
    id: 'shard-killer',
    on: { end: { actions: ({ event }) => end(event.data) } },
  }),
  // Its thread comes back without it.
  restart: { kind: 'temporary' },
});
