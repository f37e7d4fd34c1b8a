import t from 'tap';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';
import { AnswerBudget } from '../../../transports/udp/stream/sending/AnswerBudget.js';

function taken(budget: AnswerBudget, host: string, bytes: number): number {
  let count = 0;
  while (count < 10_000 && budget.take(host, bytes)) count += 1;
  return count * bytes;
}

t.test('a host gets its share and no more, all hosts together no more than there is', async (t) => {
  const clock = new VirtualClock();
  const budget = new AnswerBudget({ clock, hostBytesPerSecond: 1_000, bytesPerSecond: 2_500 });
  t.equal(taken(budget, 'a', 100), 1_000);
  t.equal(taken(budget, 'b', 100), 1_000);
  t.equal(taken(budget, 'c', 100), 500, 'the rest of all');
  clock.advance(500);
  t.equal(taken(budget, 'a', 100), 500);
  clock.advance(60_000);
  t.equal(taken(budget, 'a', 100), 1_000, 'what was not used is not kept');
});

t.test('hosts that are made up push others out, and gain nothing', async (t) => {
  const clock = new VirtualClock();
  const budget = new AnswerBudget({ clock, hostBytesPerSecond: 1_000, bytesPerSecond: 5_000 });
  let all = 0;
  for (let host = 0; host < 5_000; host++) all += taken(budget, `host-${host}`, 100);
  t.equal(all, 5_000);
});
