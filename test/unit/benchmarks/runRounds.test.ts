import t from 'tap';
import type { BenchmarkCase, RoundOutcome } from '../../../benchmarks/runner/defineBenchmark.js';
import { defineBenchmark } from '../../../benchmarks/runner/defineBenchmark.js';
import { latencyHistogram, recordLatency } from '../../../benchmarks/runner/latencyHistogram.js';
import { VoidRound } from '../../../benchmarks/runner/VoidRound.js';

/** A case that does nothing but note its turns, and reports one rate after the other; the first is the warm-up's. */
function rates<C extends string>(name: C, perRound: readonly number[], turns: string[] = []): BenchmarkCase<C> {
  let round = 0;
  return {
    case: name,
    unit: 'things/s',
    run: async () => {
      turns.push(name);
      return outcome({ count: perRound[round++] ?? 0 });
    },
  };
}

function outcome(given: Partial<RoundOutcome>): RoundOutcome {
  return { count: 1, seconds: 1, lost: 0, complete: true, ...given };
}

t.test('rounds go through the cases in turn, and the warm-up does not count', async (t) => {
  const turns: string[] = [];
  const benchmark = defineBenchmark({
    name: 'turns',
    sentence: 'Nothing at all.',
    cases: [rates('a', [1000, 10, 30, 20], turns), rates('b', [1000, 1, 2, 4], turns)],
    ratios: (results) => ({ a_vs_b: results.a.median / results.b.median }),
    guards: (results) => ({ spread: results.a.max - results.a.min, half: results.a.median / 2 }),
  });
  const document = await benchmark.run({ rounds: 3 });
  t.strictSame(turns, ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
  t.equal(document.rounds, 3);
  t.match(document.results, [
    { case: 'a', median: 20, min: 10, max: 30 },
    { case: 'b', median: 2, min: 1, max: 4 },
  ]);
  t.strictSame(document.ratios, { a_vs_b: 10 });
  t.strictSame(document.guards, { spread: 20, half: 10 });
  t.strictSame(document.guardRounds, { spread: [0, 0, 0], half: [5, 15, 10] }, 'each round by itself');
});

t.test('a case that scatters runs more often in each round that counts, between the others', async (t) => {
  const turns: string[] = [];
  const benchmark = defineBenchmark({
    name: 'turns',
    sentence: 'Nothing at all.',
    cases: [{ ...rates('a', [1000, 1, 2, 3, 4], turns), timesPerRound: 2 }, rates('b', [1000, 7, 9], turns)],
    guards: (results) => ({ a: results.a.median }),
  });
  const document = await benchmark.run({ rounds: 2 });
  t.strictSame(turns, ['a', 'b', 'a', 'b', 'a', 'a', 'b', 'a']);
  t.match(document.results, [
    { case: 'a', median: 2.5, min: 1, max: 4 },
    { case: 'b', median: 8 },
  ]);
  t.strictSame(document.guardRounds, { a: [1.5, 3.5] });
});

t.test('the document has the keys that other tools read, and is plain JSON', async (t) => {
  const benchmark = defineBenchmark({ name: 'shape', sentence: 'Nothing.', cases: [rates('only', [1, 1])] });
  const document = await benchmark.run({ rounds: 1 });
  t.strictSame(JSON.parse(JSON.stringify(document)), document);
  t.strictSame(Object.keys(document), ['name', 'machine', 'rounds', 'results', 'ratios', 'guards']);
  t.strictSame(Object.keys(document.results[0] ?? {}).sort(), [
    'case',
    'cpuSecondsPerMillion',
    'cpuSecondsPerMillionMin',
    'lost',
    'max',
    'median',
    'min',
    'p50',
    'p99',
    'p999',
    'senderCpuSecondsPerMillion',
    'unit',
  ]);
  t.match(document.machine, { cpu: String, cores: Number, memoryBytes: Number, system: String, node: process.version });
});

t.test('five rounds count unless another number is asked for', async (t) => {
  const five = defineBenchmark({ name: 'five', sentence: 'Nothing.', cases: [rates('only', [9, 1, 2, 3, 4, 5])] });
  const document = await five.run();
  t.equal(document.rounds, 5);
  t.match(document.results[0], { median: 3, min: 1, max: 5 });
});

t.test('a round whose work is not complete voids the run, whether it counts or not', async (t) => {
  for (const voidRound of [0, 2]) {
    let round = 0;
    const benchmark = defineBenchmark({
      name: 'torn',
      sentence: 'Loses what it was given.',
      cases: [
        {
          case: 'half done',
          unit: 'things/s',
          run: async () => outcome(round++ === voidRound ? { complete: false, reason: '3 of 4 things arrived' } : {}),
        },
      ],
    });
    await t.rejects(benchmark.run({ rounds: 3 }), {
      name: 'VoidRound',
      benchmark: 'torn',
      case: 'half done',
      reason: '3 of 4 things arrived',
    });
  }
});

t.test(
  'a round without work, without time or without a figure is void even when its case calls it complete',
  async (t) => {
    for (const empty of [{ count: 0 }, { seconds: 0 }, { value: Number.NaN }, { count: Number.NaN }]) {
      const benchmark = defineBenchmark({
        name: 'empty',
        sentence: 'Does nothing.',
        cases: [{ case: 'idle', unit: 'things/s', run: async () => outcome(empty) }],
      });
      await t.rejects(benchmark.run({ rounds: 1 }), VoidRound, JSON.stringify(empty));
    }
  },
);

t.test('latencies of all rounds are put together, and CPU time is told per million units', async (t) => {
  let round = 0;
  const benchmark = defineBenchmark({
    name: 'latency',
    sentence: 'Known latencies.',
    cases: [
      {
        case: 'known',
        unit: 'things/s',
        run: async () => {
          const histogram = latencyHistogram();
          // The warm-up's second must not be seen; round 1 and 2 have 1 to 100 ms and 101 to 200 ms.
          const base = (round - 1) * 100;
          for (let ms = 1; ms <= 100; ms++) recordLatency(histogram, round === 0 ? 1e9 : (base + ms) * 1e6);
          return outcome({ count: 200, histogram, cpuSeconds: 0.1 * round++, lost: 2 });
        },
      },
    ],
  });
  const [result] = (await benchmark.run({ rounds: 2 })).results;
  t.ok(Math.abs((result?.p50 ?? 0) - 100_000) < 200, `p50 ${result?.p50}`);
  t.ok(Math.abs((result?.p99 ?? 0) - 198_000) < 400, `p99 ${result?.p99}`);
  t.ok(Math.abs((result?.p999 ?? 0) - 200_000) < 400, `p99.9 ${result?.p999}`);
  t.ok(Math.abs((result?.cpuSecondsPerMillion ?? 0) - 750) < 1e-6, `CPU ${result?.cpuSecondsPerMillion}`);
  t.equal(result?.lost, 4);
});

t.test('a case that measures no rate states its figure', async (t) => {
  const benchmark = defineBenchmark({
    name: 'size',
    sentence: 'A size.',
    cases: [{ case: 'size', unit: 'bytes', run: async () => outcome({ value: 223 }) }],
  });
  t.match(await benchmark.run({ rounds: 1 }), { results: [{ median: 223, p50: null, cpuSecondsPerMillion: null }] });
});

t.test('a run that is given up starts no further round', async (t) => {
  const turns: string[] = [];
  const giveUp = new AbortController();
  const benchmark = defineBenchmark({
    name: 'long',
    sentence: 'Nothing.',
    cases: [rates('only', [1, 1, 1, 1], turns)],
  });
  await t.rejects(benchmark.run({ signal: giveUp.signal, onProgress: () => turns.length === 2 && giveUp.abort() }), {
    name: 'AbortError',
  });
  t.equal(turns.length, 2);
});

t.test('rounds and scale out of range are refused', async (t) => {
  const benchmark = defineBenchmark({ name: 'range', sentence: 'Nothing.', cases: [rates('only', [1, 1])] });
  for (const options of [{ rounds: 0 }, { rounds: 1.5 }, { rounds: 1e9 }, { scale: 0 }, { scale: Number.NaN }]) {
    await t.rejects(benchmark.run(options), { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, JSON.stringify(options));
  }
});

t.test('when only the guards are wanted, only their cases run, as often as they ask for', async (t) => {
  const turns: string[] = [];
  const benchmark = defineBenchmark({
    name: 'guarded',
    sentence: 'Nothing at all.',
    cases: [rates('a', [1, 2, 3], turns), rates('b', [1, 1, 1], turns)],
    ratios: (results) => ({ a_vs_b: results.a.median / results.b.median }),
    guards: (results) => ({ least: results.a.min }),
    guarding: { cases: ['a'], rounds: 2, scale: 0.5 },
  });
  const { ratios, guards, guardRounds, rounds } = await benchmark.run({ guardsOnly: true });
  t.strictSame(turns, ['a', 'a', 'a']);
  t.strictSame(
    { ratios, guards, guardRounds, rounds },
    { ratios: {}, guards: { least: 2 }, guardRounds: { least: [2, 3] }, rounds: 2 },
  );
});
