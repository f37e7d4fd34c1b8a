import fc from 'fast-check';
import t from 'tap';
import {
  encodeHistogram,
  latencyHistogram,
  percentileMicros,
  recordLatency,
  sumOfHistograms,
} from '../../../benchmarks/runner/latencyHistogram.js';
import { median } from '../../../benchmarks/runner/summarizeCase.js';

t.test('the median of known samples is their middle, or the mean of the two in the middle', async (t) => {
  t.equal(median([3]), 3);
  t.equal(median([9, 1, 5]), 5);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.equal(median([100, 2, 1]), 2, 'compared as numbers and not as texts');
  t.ok(Number.isNaN(median([])));
});

t.test('as many samples lie at or below the median as at or above it', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value <= middle).length;
      const above = values.filter((value) => value >= middle).length;
      return below * 2 >= values.length && above * 2 >= values.length;
    }),
  );
  t.pass('for every sample');
});

t.test('histograms of several processes add up to the percentiles of all their values', async (t) => {
  const low = latencyHistogram();
  const high = latencyHistogram();
  for (let value = 1; value <= 500; value++) recordLatency(low, value * 1000);
  for (let value = 501; value <= 1000; value++) recordLatency(high, value * 1000);
  const sum = sumOfHistograms([encodeHistogram(low), encodeHistogram(high)]);
  t.equal(sum.totalCount, 1000);
  for (const [percentile, micros] of [
    [50, 500],
    [99, 990],
    [99.9, 999],
  ] as const) {
    const found = percentileMicros(sum, percentile) ?? 0;
    t.ok(Math.abs(found - micros) <= micros / 500, `p${percentile} is ${found}`);
  }
});

t.test('a histogram takes what is below zero as zero and what is above a minute as a minute', async (t) => {
  const histogram = latencyHistogram();
  recordLatency(histogram, -5);
  recordLatency(histogram, 1e15);
  t.equal(percentileMicros(histogram, 1), 0);
  const longest = percentileMicros(histogram, 100) ?? 0;
  t.ok(longest > 59_000_000 && longest < 61_000_000, `${longest}`);
  t.equal(percentileMicros(latencyHistogram(), 50), null, 'and an empty one has no percentiles');
});
