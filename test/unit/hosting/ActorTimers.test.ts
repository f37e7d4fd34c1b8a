import fc from 'fast-check';
import t from 'tap';
import { type AnyEventObject, cancel, createActor, createMachine, raise } from 'xstate';
import { ActorCell } from '../../../runtime/hosting/lives/ActorCell.js';
import { ActorTimers } from '../../../runtime/hosting/mailboxes/ActorTimers.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

const ids = ['x', 'y'] as const;
const deeds = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('set' as const),
        id: fc.constantFrom(...ids),
        ms: fc.integer({ min: 1, max: 60 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('cancel' as const), id: fc.constantFrom(...ids), ms: fc.constant(0) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        id: fc.constant('x'),
        ms: fc.integer({ min: 1, max: 40 }),
      }),
    },
  ),
  { maxLength: 25 },
);

const due = ({ event }: { event: AnyEventObject }) => ({ type: 'due', number: event.number });

t.test('of timers with the same id those fire that fire in XState, whichever were cancelled and when', async (t) => {
  fc.assert(
    fc.property(deeds, (list) => {
      const ours: number[] = [];
      const theirs: number[] = [];
      const clock = new VirtualClock();
      const timers = new ActorTimers(clock, ({ event }) => ours.push(event.number));
      const cell = new ActorCell(null, null, 1, 1);
      const xstateClock = new VirtualClock();
      const actor = createActor(
        createMachine({
          on: {
            due: { actions: ({ event }) => void theirs.push(event.number) },
            ...Object.fromEntries(
              ids.flatMap((id) => [
                [`set.${id}`, { actions: raise(due, { delay: ({ event }) => event.ms, id }) }],
                [`cancel.${id}`, { actions: cancel(id) }],
              ]),
            ),
          },
        }),
        { clock: xstateClock },
      ).start();
      for (const [number, { do: deed, id, ms }] of list.entries()) {
        if (deed === 'wait') {
          clock.advance(ms);
          xstateClock.advance(ms);
        } else if (deed === 'set') {
          timers.set(cell, id, ms, { type: 'due', number }, null);
          actor.send({ type: `set.${id}`, number, ms });
        } else {
          timers.cancel(cell, id);
          actor.send({ type: `cancel.${id}` });
        }
      }
      clock.advance(100);
      xstateClock.advance(100);
      t.strictSame(ours, theirs);
    }),
  );
});
