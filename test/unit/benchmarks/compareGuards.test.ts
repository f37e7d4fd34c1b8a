import fc from 'fast-check';
import t from 'tap';
import {
  type Baseline,
  baselineOf,
  compareGuards,
  isFault,
  toleranceMax,
} from '../../../benchmarks/guard/compareGuards.js';
import { renderGuards } from '../../../benchmarks/guard/renderGuards.js';
import type { BenchmarkDocument } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';

const baseline: Baseline = {
  name: 'codec',
  machine: 'any',
  guards: {
    codec_encode: { median: 4, min: 3.6, max: 4.4 },
    steady_ratio: { median: 2, min: 2, max: 2 },
    copies_per_signal: { median: 3, min: 3, max: 3 },
    bytes_per_signal: { median: 283, min: 283, max: 283 },
  },
};
const same = { codec_encode: 4, steady_ratio: 2, copies_per_signal: 3, bytes_per_signal: 283 };

function fallen(now: Partial<typeof same>): string[] {
  return compareGuards(baseline, { ...same, ...now })
    .filter(isFault)
    .map(({ key }) => key);
}

t.test('what has not changed is kept', async (t) => {
  t.strictSame(fallen({}), []);
});

t.test('work that takes 30 % longer fails, and a rate that is 30 % lower', async (t) => {
  t.strictSame(fallen({ codec_encode: 4 / 1.3 }), ['codec_encode']);
  t.strictSame(fallen({ steady_ratio: 2 * 0.7 }), ['steady_ratio']);
});

t.test(
  'a fall as large as the spread of the rounds passes, and the same fall of what is steady does not',
  async (t) => {
    t.strictSame(fallen({ codec_encode: 4 * 0.91 }), []);
    t.strictSame(fallen({ steady_ratio: 2 * 0.91 }), ['steady_ratio']);
  },
);

t.test('one more copy per signal fails, and fewer do not', async (t) => {
  t.strictSame(fallen({ copies_per_signal: 4 }), ['copies_per_signal']);
  t.strictSame(fallen({ copies_per_signal: 2 }), []);
  t.strictSame(fallen({ bytes_per_signal: 283 * 1.1 }), ['bytes_per_signal']);
  t.strictSame(fallen({ bytes_per_signal: 200 }), []);
});

t.test('what is better passes, however much', async (t) => {
  t.strictSame(fallen({ codec_encode: 40, steady_ratio: 20 }), []);
});

t.test('a guard that the run does not have fails; one that is new is only named', async (t) => {
  const { steady_ratio: _, ...without } = same;
  t.match(compareGuards(baseline, without).filter(isFault), [{ key: 'steady_ratio', verdict: 'missing', now: null }]);
  t.match(compareGuards(baseline, { ...same, codec_encode: Number.NaN }).filter(isFault), [{ verdict: 'missing' }]);
  const added = compareGuards(baseline, { ...same, another: 1 }).filter(({ key }) => key === 'another');
  t.match(added, [{ verdict: 'new', baseline: null }]);
  t.notOk(added.some(isFault));
});

t.test('however far rounds scatter, a rate of 77 % or less fails and the median itself passes', async () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 100, noNaN: true }), { minLength: 1, maxLength: 15 }), (values) => {
      const document = documentOf({ ratio: values });
      const recorded = baselineOf([document], 'any');
      const middle = recorded.guards.ratio?.median ?? Number.NaN;
      const passes = (now: number): boolean => !compareGuards(recorded, { ratio: now }).some(isFault);
      return passes(middle) && !passes((middle / 1.3) * 0.999);
    }),
  );
});

t.test('a baseline is over the rounds of all runs', async (t) => {
  const recorded = baselineOf([documentOf({ ratio: [1, 2, 3] }), documentOf({ ratio: [4, 5] })], 'a machine');
  t.strictSame(recorded, { name: 'codec', machine: 'a machine', guards: { ratio: { median: 3, min: 1, max: 5 } } });
  t.ok(toleranceMax < 1 - 1 / 1.3);
});

t.test('the table says what fell, by how much, and how much was allowed', async (t) => {
  const text = renderGuards('codec', compareGuards(baseline, { ...same, codec_encode: 2.8 }));
  t.match(text, /codec_encode +4 +2\.8 +-30\.0 % +-10\.0 % +fell/);
  t.match(text, /steady_ratio +2 +2 +0\.0 % +-5\.0 % +kept/);
  t.ok(text.split('\n').every((line) => line.length <= 100));
});

function documentOf(guardRounds: Record<string, number[]>): BenchmarkDocument {
  const machine = describeMachine();
  return { name: 'codec', machine, rounds: 5, results: [], ratios: {}, guards: {}, guardRounds };
}
