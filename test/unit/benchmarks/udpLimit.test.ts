import t from 'tap';
import { compileUdpLimit } from '../../../benchmarks/limit/runUdpLimit.js';

const signal = new AbortController().signal;
const program = await compileUdpLimit(signal);

t.test('the limit program brings every datagram to every receiver, both ways', async (t) => {
  if (typeof program === 'string') return t.match(program, /left out/);
  t.ok(program.ways.includes('sendto'));
  for (const way of program.ways) {
    for (const receivers of [1, 3]) {
      const outcome = await program.run({ way, receivers, datagrams: 5_000 }, { signal, scale: 1 });
      t.match(outcome, { complete: true, count: 5_000, lost: 0 }, `${way} to ${receivers}: ${outcome.reason}`);
      t.ok(outcome.seconds > 0 && (outcome.cpuSeconds ?? 0) > 0);
    }
  }
});

t.test('a run that is given up ends the program', async (t) => {
  if (typeof program === 'string') return t.match(program, /left out/);
  const giveUp = new AbortController();
  const running = program.run({ way: 'sendto', receivers: 1, datagrams: 1e9 }, { signal: giveUp.signal, scale: 1 });
  giveUp.abort();
  await t.rejects(running, { name: 'AbortError' });
  program.dispose();
});
