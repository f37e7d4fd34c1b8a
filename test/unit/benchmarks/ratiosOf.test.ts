import t from 'tap';
import type { CaseResult } from '../../../benchmarks/runner/BenchmarkDocument.js';
import { ratiosOf } from '../../../benchmarks/runner/ratiosOf.js';
import { summarizeCase } from '../../../benchmarks/runner/summarizeCase.js';

function results(medians: Readonly<Record<string, number>>): Record<string, CaseResult> {
  const entries = Object.entries(medians).map(([name, count]) => [
    name,
    summarizeCase(name, 'things/s', [{ count, seconds: 1, lost: 0, complete: true }]),
  ]);
  return Object.fromEntries(entries);
}

t.test('a ratio is of medians, a single term is its figure, and what was not in the run is left out', async (t) => {
  const given = results({ ours: 30, theirs: 10 });
  t.strictSame(
    ratiosOf(
      { faster: ['ours', 'theirs'], figure: ['ours'], without: ['ours', 'somebody'], other: ['somebody', 'ours'] },
      given,
    ),
    { faster: 3, figure: 30 },
  );
});
