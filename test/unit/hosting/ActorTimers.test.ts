import fc from 'fast-check';
import t from 'tap';
import { type AnyEventObject, cancel, createActor, createMachine, raise } from 'xstate';
import { ActorCell } from '../../../runtime/hosting/lives/ActorCell.js';
import { ActorTimers } from '../../../runtime/hosting/mailboxes/ActorTimers.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

const ids = ['x', 'y'] as const;
type Deed = readonly [deed: 'set' | 'cancel' | 'wait' | 'keep', id: (typeof ids)[number], ms: number];

const id = fc.constantFrom(...ids);
const deed = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('set' as const), id, fc.integer({ min: 1, max: 60 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('cancel' as const), id, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('wait' as const), id, fc.integer({ min: 1, max: 40 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('keep' as const), id, fc.constant(0)) },
);
const deeds: fc.Arbitrary<Deed[]> = fc.array(deed, { maxLength: 25 });

/** The end of one that was forgotten makes the latest be forgotten, too. */
const forgottenTwice: Deed[] = [
  ['set', 'y', 1],
  ['set', 'y', 2],
  ['set', 'y', 1],
  ['wait', 'x', 1],
  ['cancel', 'y', 0],
];

const due = ({ event }: { event: AnyEventObject }) => ({ type: 'due', number: event.number });

t.test(
  'of timers with the same id those fire that fire in XState, whichever were cancelled, when, and kept in between',
  async (t) => {
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
        for (const [number, [deed, id, ms]] of list.entries()) {
          if (deed === 'wait') {
            clock.advance(ms);
            xstateClock.advance(ms);
          } else if (deed === 'set') {
            timers.set(cell, id, ms, { type: 'due', number }, null);
            actor.send({ type: `set.${id}`, number, ms });
          } else if (deed === 'cancel') {
            timers.cancel(cell, id);
            actor.send({ type: `cancel.${id}` });
          } else {
            const kept = timers.list(cell);
            timers.clear(cell);
            timers.arm(cell, kept);
          }
        }
        clock.advance(100);
        xstateClock.advance(100);
        t.strictSame(ours, theirs);
      }),
      { numRuns: 500, examples: [[forgottenTwice]] },
    );
  },
);
