import t from 'tap';
import { DeadLetterLog } from '../../../runtime/hosting/addresses/DeadLetterLog.js';
import type { DeadLetter, DeadLetterReason } from '../../../runtime/protocol/actors.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

t.test('a flood of dead letters is one line a second for each reason, with how many there were', async (t) => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const counts = new Map<DeadLetterReason, number>();
  const log = new DeadLetterLog({
    clock,
    countOf: (reason) => counts.get(reason) ?? 0,
    write: (level, text) => lines.push(`${level} ${text}`),
  });
  const note = (reason: DeadLetterReason, to: DeadLetter['to'] = { name: 'ada' }): void => {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    log.note({ reason, to, from: null, messageType: 'hello', atMs: clock.nowMs() });
  };
  for (let count = 0; count < 1_000; count++) note('mailbox-full');
  note('stopped', { shard: 1, slot: 2, generation: 3 });
  t.strictSame(lines, ['warn "hello" did not reach "ada": mailbox-full', 'debug "hello" did not reach 1/2/3: stopped']);
  clock.advance(999);
  t.equal(lines.length, 2);
  clock.advance(1);
  t.strictSame(lines.slice(2), ['warn "hello" did not reach "ada": mailbox-full, and 998 more since the last line']);
  clock.advance(60_000);
  t.equal(lines.length, 3, 'nothing more is said of what was said');
  note('mailbox-full');
  t.equal(lines.length, 4, 'after a pause the next one is said at once');
  note('mailbox-full');
  log.close();
  t.equal(clock.pendingTimers, 0);
});
