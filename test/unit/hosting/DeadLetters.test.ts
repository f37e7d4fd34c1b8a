import t from 'tap';
import { DeadLetters } from '../../../runtime/hosting/addresses/DeadLetters.js';
import { limits } from '../../../runtime/protocol/limits.js';

t.test('a flood of dead letters keeps the newest and shows the first', async (t) => {
  const letters = new DeadLetters();
  const flood = limits.deadLettersKept + 500;
  for (let atMs = 0; atMs < flood; atMs++) {
    letters.record({ reason: 'stopped', to: { name: 'ada' }, from: null, messageType: 'note', atMs });
  }
  const kept = letters.list();
  t.equal(kept.length, limits.deadLettersKept);
  t.equal(kept[0]?.atMs, 500);
  t.equal(kept.at(-1)?.atMs, flood - 1);
  t.strictSame(
    letters.takeNotices().map(({ atMs }) => atMs),
    Array.from({ length: 32 }, (_, index) => index),
  );
  t.notOk(letters.hasNotices);
});

t.test('in a flood each sender is told how many of its letters there were', async (t) => {
  const letters = new DeadLetters();
  const [ada, ben] = [{ name: 'ada' }, { shard: 1, slot: 2, generation: 3 }];
  for (let atMs = 0; atMs < 1_000; atMs++) {
    const from = atMs % 10 === 0 ? { ...ben } : ada;
    letters.record({ reason: 'mailbox-full', to: { name: 'cy' }, from, messageType: 'note', atMs });
  }
  const counts = new Map<string, number>();
  for (const { from, further = 0 } of letters.takeNotices()) {
    const sender = JSON.stringify(from);
    counts.set(sender, (counts.get(sender) ?? 0) + 1 + further);
  }
  t.strictSame(Object.fromEntries(counts), { [JSON.stringify(ada)]: 900, [JSON.stringify(ben)]: 100 });
});
