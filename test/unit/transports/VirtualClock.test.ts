import fc from 'fast-check';
import t from 'tap';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

t.test('time stands still until it is moved', async (test) => {
  const clock = new VirtualClock(1_000);
  test.equal(clock.nowMs(), 1_000);
  test.equal(clock.monotonicMs(), 0);
  clock.advance(250);
  test.equal(clock.nowMs(), 1_250);
  test.equal(clock.monotonicMs(), 250);
});

t.test('timers run in the order of their time, then of their setting, and see their own time', async (test) => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const set = (name: string, delayMs: number) =>
    clock.setTimeout(() => log.push(`${name} at ${clock.monotonicMs()}`), delayMs);
  set('late', 30);
  set('first', 10);
  set('second', 10);
  clock.advance(29);
  test.strictSame(log, ['first at 10', 'second at 10']);
  clock.advance(1);
  test.equal(log[2], 'late at 30');
  test.equal(clock.pendingTimers, 0);
});

t.test('a cleared timer does not run, and clearing what has run does nothing', async (test) => {
  const clock = new VirtualClock();
  let runs = 0;
  const cleared = clock.setTimeout(() => runs++, 5);
  const kept = clock.setTimeout(() => runs++, 5);
  clock.clearTimeout(cleared);
  clock.clearTimeout(cleared);
  clock.advance(10);
  clock.clearTimeout(kept);
  clock.clearTimeout(undefined);
  test.equal(runs, 1);
  test.equal(clock.pendingTimers, 0);
});

t.test('a timer that sets the next one is followed through one advance', async (test) => {
  const clock = new VirtualClock();
  const times: number[] = [];
  const tick = (): void => {
    times.push(clock.monotonicMs());
    clock.setTimeout(tick, 10);
  };
  clock.setTimeout(tick, 10);
  clock.advance(35);
  test.strictSame(times, [10, 20, 30]);
});

t.test(
  'a delay below a millisecond is one, so that a timer which sets itself again does not stop time',
  async (test) => {
    const clock = new VirtualClock();
    let runs = 0;
    const again = (): void => {
      runs += 1;
      clock.setTimeout(again, 0);
    };
    again();
    clock.advance(5);
    test.equal(runs, 6);
  },
);

t.test('run lets promises and the next turn settle between timers', async (test) => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
  const actor = async (name: string, ms: number): Promise<void> => {
    for (let step = 1; step <= 3; step++) {
      await sleep(ms);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name}${step} at ${clock.monotonicMs()}`);
    }
  };
  const all = Promise.all([actor('a', 10), actor('b', 15)]);
  await clock.run();
  await all;
  test.strictSame(log, ['a1 at 10', 'b1 at 15', 'a2 at 20', 'b2 at 30', 'a3 at 30', 'b3 at 45']);
});

t.test('run and advanceTo stop at their time', async (test) => {
  const clock = new VirtualClock();
  let runs = 0;
  const tick = (): void => {
    runs += 1;
    clock.setTimeout(tick, 10);
  };
  clock.setTimeout(tick, 10);
  await clock.run(25);
  test.equal(runs, 2);
  test.equal(clock.monotonicMs(), 25);
  await clock.advanceTo(40);
  test.equal(runs, 4);
  test.equal(clock.monotonicMs(), 40);
});

t.test('whatever is set and cleared, what runs does so in order and once', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ delayMs: fc.integer({ min: 1, max: 50 }), cleared: fc.boolean() }), { maxLength: 200 }),
      (timers) => {
        const clock = new VirtualClock();
        const ran: number[] = [];
        const handles = timers.map(({ delayMs }, index) => clock.setTimeout(() => ran.push(index), delayMs));
        for (const [index, { cleared }] of timers.entries()) if (cleared) clock.clearTimeout(handles[index]);
        clock.advance(50);
        const expected = timers
          .map((timer, index) => ({ ...timer, index }))
          .filter(({ cleared }) => !cleared)
          .sort((left, right) => left.delayMs - right.delayMs || left.index - right.index)
          .map(({ index }) => index);
        return JSON.stringify(ran) === JSON.stringify(expected);
      },
    ),
  );
});
