import t from 'tap';
import { runBenchmark } from '../../benchmarks/index.js';

t.test('every supervisor starts all children again, however short the run', async (t) => {
  // It fetches nact where it is not yet; a round that is not complete would reject.
  const document = await runBenchmark('supervision', { rounds: 1, scale: 0.05 });
  const names = document.results.map((result) => result.case);
  for (const name of ['restart', 'restart, nact', 'shard recovery', 'restore, XState'])
    t.ok(names.includes(name), name);
  t.ok(Number.isFinite(document.ratios.shard_recovery_vs_xstate));
  await t.rejects(runBenchmark('supervision', { only: ['comedy'] }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});
