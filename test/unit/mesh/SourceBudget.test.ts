import t from 'tap';
import { SourceBudget } from '../../../runtime/mesh/SourceBudget.js';
import { ManualClock } from './meshFixtures.js';

function taken(budget: SourceBudget, source: string, times: number): number {
  return Array.from({ length: times }, () => budget.take(source)).filter(Boolean).length;
}

t.test('a source may send one second’s worth at once, and earns more with time', async (t) => {
  const clock = new ManualClock();
  const budget = new SourceBudget(clock, 100);
  t.equal(taken(budget, 'a', 150), 100);
  await clock.advance(500);
  t.equal(taken(budget, 'a', 150), 50);
  await clock.advance(60_000);
  t.equal(taken(budget, 'a', 150), 100, 'but saves up no more than a second');
});

t.test('one source does not use up another’s budget', async (t) => {
  const budget = new SourceBudget(new ManualClock(), 10);
  t.equal(taken(budget, 'a', 20), 10);
  t.equal(taken(budget, 'b', 20), 10);
});

t.test('a small budget is earned even when packets come faster than it', async (t) => {
  const clock = new ManualClock();
  const budget = new SourceBudget(clock, 10);
  taken(budget, 'a', 10);
  let passed = 0;
  for (let step = 0; step < 1_000; step++) {
    await clock.advance(1);
    if (budget.take('a')) passed += 1;
  }
  t.ok(passed >= 9 && passed <= 10, `${passed} in a second`);
});

t.test('the number of sources that are remembered is bounded', async (t) => {
  const budget = new SourceBudget(new ManualClock(), 10, 3);
  for (let index = 0; index < 100; index++) budget.take(`source ${index}`);
  t.equal(budget.size, 3);
});
