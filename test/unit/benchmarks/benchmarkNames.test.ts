import t from 'tap';
import { benchmarkNames, loadBenchmark, runBenchmark } from '../../../benchmarks/index.js';

t.test('every benchmark is found by its own name and says what it stands for in a sentence', async (t) => {
  t.strictSame([...benchmarkNames].sort(), [
    'actors',
    'codec',
    'hops',
    'load',
    'multicast',
    'peers',
    'supervision',
    'threads',
  ]);
  for (const name of benchmarkNames) {
    const benchmark = await loadBenchmark(name);
    t.equal(benchmark.name, name);
    t.match(benchmark.sentence, /^[A-Z].+\.$/);
  }
});

t.test('a name that no benchmark has is refused with those that exist', async (t) => {
  for (const name of ['nothing', 'constructor', '']) {
    await t.rejects(runBenchmark(name), {
      code: 'ERR_ACADEMY_BAD_ARGUMENT',
      remedy: `use one of: ${benchmarkNames.join(', ')}`,
    });
  }
});
