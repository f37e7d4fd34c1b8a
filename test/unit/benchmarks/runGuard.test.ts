import t, { type Test } from 'tap';
import { runGuard } from '../../../benchmarks/guard.js';
import { type Benchmark, defineBenchmark } from '../../../benchmarks/runner/defineBenchmark.js';
import { describeMachine } from '../../../benchmarks/runner/describeMachine.js';

/** A benchmark whose one guard is the next of the given figures in each run, in all its rounds alike. */
function benchmarkOf(figures: readonly number[]): Benchmark {
  let run = -1;
  let round = 0;
  const rounds = 2;
  return defineBenchmark({
    name: 'fake',
    sentence: 'Figures that are made up.',
    rounds,
    cases: [
      {
        case: 'only',
        unit: 'things/s',
        run: async () => {
          if (round++ % (rounds + 1) === 0) run += 1;
          return { count: 1, seconds: 1, lost: 0, value: figures[run] ?? Number.NaN, complete: true };
        },
      },
    ],
    guards: (results) => ({ figure: results.only.median }),
  });
}

async function guard(t: Test, recorded: readonly number[], now: readonly number[]): Promise<[boolean, string]> {
  const folder = t.testdir({});
  const said: string[] = [];
  const given = { names: ['fake'], folder, onText: (text: string) => said.push(text) };
  await runGuard({ ...given, record: true, load: async () => benchmarkOf(recorded) });
  const kept = await runGuard({ ...given, names: [], load: async () => benchmarkOf(now) });
  return [kept, said.join('')];
}

t.test('unchanged code passes, and a fall in every run fails with a table', async (t) => {
  t.match(await guard(t, [10, 10.4, 9.7], [9.9, 0]), [true, /figure +10 +9\.9 .*kept/]);
  t.match(await guard(t, [10, 10.4, 9.7], [7.5, 7.4, 7.3]), [false, /figure +10 +7\.3 .*fell/]);
});

t.test('what fell in one run and not in the next one was the machine', async (t) => {
  t.match(await guard(t, [10, 10, 10], [5, 10]), [true, /kept/]);
});

t.test('the long form holds the ratios, too, to a baseline of their own', async (t) => {
  const folder = t.testdir({});
  const said: string[] = [];
  let wanted = 0;
  const of = (figure: number): Benchmark => ({
    name: 'fake',
    sentence: 'Figures that are made up.',
    run: async ({ guardsOnly } = {}) => {
      wanted += guardsOnly ? 1 : 0;
      return {
        name: 'fake',
        machine: describeMachine(),
        rounds: 1,
        results: [],
        ratios: { vs_peer: figure, latency_p99_vs_peer: 1 / figure },
        guards: {},
      };
    },
  });
  const given = { names: ['fake'], folder, long: true, onText: (text: string) => said.push(text) };
  await runGuard({ ...given, record: true, load: async () => of(4) });
  t.ok(await runGuard({ ...given, load: async () => of(4.1) }));
  t.notOk(await runGuard({ ...given, load: async () => of(3) }));
  t.match(said.at(-1), /latency_p99_vs_peer .*fell\nvs_peer .*fell|vs_peer .*fell\nlatency_p99_vs_peer .*fell/);
  t.equal(wanted, 0, 'all of the benchmark is run');
});

t.test('a benchmark without guards or without a baseline is refused', async (t) => {
  const given = { folder: t.testdir({}), onText: () => {} };
  const bare = defineBenchmark({ name: 'bare', sentence: 'Nothing.', cases: [] });
  await t.rejects(runGuard({ ...given, names: ['bare'], record: true, load: async () => bare }), /has no guards/);
  await t.rejects(runGuard({ ...given, names: ['fake'], load: async () => benchmarkOf([1]) }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    remedy: /--record fake/,
  });
  await t.rejects(runGuard(given), /no baseline lies in/);
});
