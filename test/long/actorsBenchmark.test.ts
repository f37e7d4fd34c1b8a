import t from 'tap';
import { actorPeerNames } from '../../benchmarks/actors/actorPeers.js';
import { runBenchmark } from '../../benchmarks/index.js';

t.test('every actor system does all of each work, however short the run', async (t) => {
  // It fetches the peers' packages where they are not yet; a round that is not complete would reject.
  const document = await runBenchmark('actors', { rounds: 1, scale: 0.02 });
  const names = document.results.map((result) => result.case);
  for (const work of ['spawn', 'idle actor', 'ping-pong', 'fan-out to 1000']) {
    t.ok(names.includes(work));
    for (const peer of ['XState', 'nact', 'Effect', 'Effect cluster', 'comedy', 'eventemitter3']) {
      t.ok(names.includes(`${work}, ${peer}`), `${work}, ${peer}`);
    }
  }
  t.ok(document.notes?.some((note) => note.startsWith('Erlang/OTP')));
  t.ok(Object.values(document.ratios).every(Number.isFinite));
});

t.test('some of the peers can be chosen, and a name that none has is refused', async (t) => {
  const document = await runBenchmark('actors', { rounds: 1, scale: 0.02, only: ['eventemitter3'] });
  t.notOk(document.results.some((result) => /XState|nact|Effect|comedy|Erlang/.test(result.case)));
  t.ok(document.results.some((result) => result.case === 'spawn, eventemitter3'));
  await t.rejects(runBenchmark('actors', { only: ['carrier-pigeon'] }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    remedy: `choose among: ${actorPeerNames.join(', ')}`,
  });
});
