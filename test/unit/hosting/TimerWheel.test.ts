import fc from 'fast-check';
import t from 'tap';
import { TimerWheel, type WheelTimer } from '../../../runtime/hosting/mailboxes/TimerWheel.js';
import { FakeClock } from './FakeClock.js';

const bound = 1_000_000;
/** Delays of all sizes: within a slot, across levels, and beyond the last one. */
const delays = fc.oneof(
  fc.integer({ min: 0, max: 70 }),
  fc.integer({ min: 0, max: 40_000 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.integer({ min: 2 ** 34, max: 2 ** 37 }),
);
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ step: fc.constant('set' as const), by: delays }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('cancel' as const), by: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.record({ step: fc.constant('advance' as const), by: delays }) },
  ),
  { maxLength: 60 },
);

t.test('timers fire at their time, in the order of deadline and setting, and never when cancelled', async () => {
  fc.assert(
    fc.property(steps, (todo) => {
      const clock = new FakeClock();
      const fired: string[] = [];
      const wheel = new TimerWheel<number>(clock, (number) => fired.push(`${number} at ${clock.nowMs()}`), bound);
      const timers: { timer: WheelTimer<number>; number: number; dueMs: number }[] = [];
      let open: typeof timers = [];
      for (const [number, { step, by }] of todo.entries()) {
        if (step === 'set') {
          const set = { timer: wheel.set(number, by), number, dueMs: clock.nowMs() + by };
          timers.push(set);
          open.push(set);
        } else if (step === 'cancel') {
          const picked = timers[by % Math.max(1, timers.length)];
          if (picked) wheel.cancel(picked.timer);
          open = open.filter((each) => each !== picked);
        } else {
          const endMs = clock.nowMs() + by;
          const due = open.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
          open = open.filter((each) => !due.includes(each));
          fired.length = 0;
          clock.advance(by);
          const expected = due.map((each) => `${each.number} at ${each.dueMs}`);
          if (JSON.stringify(fired) !== JSON.stringify(expected)) return false;
        }
        // All of the wheel is one timer of the clock, and none when nothing waits.
        if (wheel.size !== open.length || clock.delays.length !== Math.min(1, open.length)) return false;
      }
      return true;
    }),
    { numRuns: 2_000 },
  );
});

t.test('a timer never fires early, whatever fraction of a millisecond it is', async (t) => {
  const clock = new FakeClock();
  let nowMs = 0.7;
  clock.monotonicMs = () => nowMs;
  let fired = 0;
  const wheel = new TimerWheel<null>(clock, () => fired++, bound);
  nowMs = 1.4;
  wheel.set(null, 10);
  nowMs = 11.3;
  clock.advance(20);
  t.equal(fired, 0, 'it looks again');
  nowMs = 12;
  clock.advance(20);
  t.equal(fired, 1);
});

t.test('a flood of timers that are due at once leaves room for others', async (t) => {
  const clock = new FakeClock();
  const turns: number[] = [];
  let fired = 0;
  const wheel = new TimerWheel<null>(clock, () => fired++, 100);
  for (let count = 0; count < 250; count++) wheel.set(null, 5);
  clock.setTimeout(() => turns.push(fired), 5);
  clock.advance(5);
  t.strictSame([turns, fired], [[100], 250]);
});

t.test('timers that are set or cancelled while others fire keep the order', async (t) => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const acts = new Map<string, () => void>();
  const wheel = new TimerWheel<string>(
    clock,
    (name) => {
      fired.push(name);
      acts.get(name)?.();
    },
    bound,
  );
  wheel.set('a', 5);
  const b = wheel.set('b', 5);
  wheel.set('c', 5);
  acts.set('a', () => {
    wheel.cancel(b);
    wheel.set('at once', 0);
    wheel.set('later', 1);
  });
  clock.advance(10);
  t.strictSame(fired, ['a', 'c', 'at once', 'later']);
  t.strictSame(clock.delays, []);
  wheel.set('never', 5);
  wheel.close();
  t.strictSame(clock.delays, [], 'a closed wheel keeps no timer');
});
