import t from 'tap';
import { DeadLetters } from '../../../runtime/hosting/DeadLetters.js';
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
