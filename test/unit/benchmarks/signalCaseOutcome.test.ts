import t from 'tap';
import type { ReceiverReport } from '../../../benchmarks/multicast/questions.js';
import { outcomeOf } from '../../../benchmarks/multicast/runSignalCase.js';

const whole: ReceiverReport = {
  received: 1000,
  lost: 0,
  disordered: 0,
  corrupt: 0,
  dropped: 0,
  lastNs: 3e9,
  cpuSeconds: 0.5,
  histogram: null,
};

function outcome(report: Partial<ReceiverReport>, given: { refused?: number; lostShareMax?: number } = {}) {
  return outcomeOf({
    count: 1000,
    published: { startNs: 1e9, cpuSeconds: 1, refused: given.refused ?? 0 },
    reports: [whole, { ...whole, ...report }],
    brokerCpuSeconds: 0.25,
    scheduled: false,
    lostShareMax: given.lostShareMax ?? 0,
  });
}

t.test('a whole round counts what all have, until the last one has it, and the CPU time of all', async (t) => {
  t.match(outcome({ lastNs: 5e9 }), { complete: true, count: 1000, seconds: 4, cpuSeconds: 2.25, lost: 0 });
});

t.test('a round with any fault at any receiver is void, and the reason says which', async (t) => {
  const faults: readonly [Partial<ReceiverReport>, RegExp][] = [
    [{ received: 999, lost: 1 }, /receiver 1 of 2 lost 1 of 1000/],
    [{ received: 999 }, /accounts for 999 of 1000/],
    [{ received: 1001 }, /accounts for 1001 of 1000/],
    [{ disordered: 1 }, /twice or out of order/],
    [{ corrupt: 1 }, /that nobody sent/],
    [{ dropped: 1 }, /dropped 1 messages/],
  ];
  for (const [report, reason] of faults) t.match(outcome(report), { complete: false, reason });
  t.match(outcome({}, { refused: 2 }), { complete: false, reason: /refused 2/ });
});

t.test('where some loss is allowed more is not', async (t) => {
  t.equal(outcome({ received: 990, lost: 10 }, { lostShareMax: 0.01 }).complete, true);
  t.equal(outcome({ received: 989, lost: 11 }, { lostShareMax: 0.01 }).complete, false);
});
