import t from 'tap';
import { flood } from './support/DatagramFlood.js';

/** The long form, with two million, is test/long/mutatedDatagrams.test.ts. */
const count = 40_000;
const megabyte = 1_000_000;

t.test('datagrams that somebody mutates who has no key change nothing that is heard', async (t) => {
  const report = await flood({ seed: 1, count, by: 'outsider', proven: false });
  t.match(report, { wrong: 0, invalid: 0, packetsWrong: 0, deliveryFailures: 0, handlerFailures: 0 });
  t.equal(report.heard, report.published, 'and nothing that was said is missing');
  t.equal(report.packetsHeard, report.packetsSent);
  t.ok(report.grownBytes < 10 * megabyte, `${report.grownBytes} bytes more are in use`);
});

t.test('of a proven stream, those that a member mutates and tags rightly change nothing that is heard', async (t) => {
  const report = await flood({ seed: 2, count: count / 2, by: 'member', proven: true });
  t.match(report, { wrong: 0, invalid: 0, packetsWrong: 0, deliveryFailures: 0, handlerFailures: 0 });
  t.ok(report.heard > 0);
  t.ok(report.grownBytes < 10 * megabyte, `${report.grownBytes} bytes more are in use`);
});

t.test('of a stream without proofs a member can forge what is heard, but nothing that breaks a schema', async (t) => {
  const report = await flood({ seed: 3, count, by: 'member', proven: false });
  t.match(report, { invalid: 0, packetsWrong: 0, deliveryFailures: 0, handlerFailures: 0 });
  t.ok(report.wrong > 0, 'so the layouts are reached');
  t.ok(report.grownBytes < 10 * megabyte, `${report.grownBytes} bytes more are in use`);
});
