import t from 'tap';
import { runBenchmark } from '../../benchmarks/index.js';
import { manners } from '../../benchmarks/peers/SignalFraming.js';

t.test('every peer brings every signal to every receiver in every manner, however short the run', async (t) => {
  // It fetches the peers' packages where they are not yet; a round that is not complete would reject.
  const document = await runBenchmark('peers', { rounds: 1, scale: 0.02 });
  const names = document.results.map((result) => result.case);
  for (const peer of ['zeromq', 'ws', 'socket.io', 'gossipsub']) {
    for (const receivers of [1, 3]) {
      for (const manner of ['as used', 'batched', 'codec']) t.ok(names.includes(`${peer} ${manner} 1:${receivers}`));
    }
  }
  t.equal(
    document.results.reduce((sum, { lost, case: name }) => sum + (name.startsWith('academy') ? 0 : lost), 0),
    0,
  );
  const keys = Object.keys(document.ratios).filter((key) => /^vs_best_peer.*_1to[13]$/.test(key));
  t.equal(keys.length, 2 * manners.length);
});

t.test('some of the peers can be chosen, and a name that none has is refused', async (t) => {
  const document = await runBenchmark('peers', { rounds: 1, scale: 0.02, only: ['ws'] });
  const systems = new Set(document.results.map((result) => result.case.split(' ')[0]));
  systems.delete('C');
  t.strictSame([...systems], ['ws', 'academy']);
  await t.rejects(runBenchmark('peers', { only: ['carrier-pigeon'] }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});
