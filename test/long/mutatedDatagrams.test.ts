import t from 'tap';
import { flood } from '../network/support/DatagramFlood.js';

/** Two million together, in rounds of another seed each; the ordinary suite has 100,000 of them. */
const rounds = [
  ...[1, 2, 3, 4].map((seed) => ({ seed, count: 250_000, by: 'outsider', proven: false }) as const),
  ...[5, 6].map((seed) => ({ seed, count: 250_000, by: 'member', proven: true }) as const),
  ...[7, 8].map((seed) => ({ seed, count: 250_000, by: 'member', proven: false }) as const),
];
const megabyte = 1_000_000;

for (const round of rounds) {
  const { count, by, seed, proven } = round;
  const stream = proven ? 'a proven stream' : 'a stream';
  t.test(
    `${count} datagrams of ${stream}, mutated by one who is ${by === 'member' ? 'a member' : 'none'} (seed ${seed}), crash nothing and grow no memory`,
    async (t) => {
      const report = await flood(round);
      t.match(report, { invalid: 0, packetsWrong: 0, deliveryFailures: 0, handlerFailures: 0 });
      t.ok(report.grownBytes < 10 * megabyte, `${report.grownBytes} bytes more are in use`);
      if (by === 'outsider') t.equal(report.heard, report.published, 'nothing that was said is missing');
      if (by === 'outsider' || proven) t.equal(report.wrong, 0, 'nothing was heard that nobody has said');
    },
  );
}
