import t from 'tap';
import { runSignalCase } from '../../../benchmarks/multicast/runSignalCase.js';
import type { RoundOutcome } from '../../../benchmarks/runner/defineBenchmark.js';
import { type Fault, faults } from './faultyPath.js';

const context = { signal: new AbortController().signal, scale: 1, seed: 1 };

function roundOf(fault: Fault, given: { signalsPerSecond?: number } = {}): Promise<RoundOutcome> {
  const path = new URL(`./faultyPath.js?fault=${fault}`, import.meta.url).href;
  return runSignalCase({ path, receivers: 2, signals: 300, ...given }, context);
}

const reasons: Readonly<Record<Exclude<Fault, 'none'>, RegExp>> = {
  missing: /lost 1 of 300/,
  doubled: /1 signals twice or out of order/,
  swapped: /1 signals twice or out of order/,
  changed: /1 signals that nobody sent/,
  refused: /lost 1 of 300|refused 1 of 300/,
  nonsense: /dropped 1 messages/,
};

t.test('a path that paces itself and brings every signal to all has a whole round', async (t) => {
  const outcome = await roundOf('none');
  t.match(outcome, { complete: true, count: 300, lost: 0, reason: undefined });
  t.ok((outcome.cpuSeconds ?? 0) > 0 && outcome.seconds > 0);
});

t.test('at a rate every signal has a latency at each receiver', async (t) => {
  const outcome = await roundOf('none', { signalsPerSecond: 2_000 });
  t.match(outcome, { complete: true, count: 300 });
  t.equal(outcome.histogram?.totalCount, 600);
});

for (const fault of faults) {
  if (fault === 'none') continue;
  t.test(`one signal of hundreds that is ${fault} voids the round, and the reason says so`, async (t) => {
    t.match(await roundOf(fault), { complete: false, reason: reasons[fault] });
  });
}
