import t from 'tap';
import { AskTable } from '../../../runtime/hosting/addresses/AskTable.js';
import type { ErrorRecord } from '../../../runtime/protocol/errors.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

function makeTable() {
  const clock = new VirtualClock();
  const asks = new AskTable(clock, 3);
  const settled: string[] = [];
  const open = (name: string, deadlineMs: number): number =>
    asks.open(deadlineMs, name, (result, error) => settled.push(`${name}: ${error ? error.code : result}`));
  return { clock, asks, settled, open };
}

const gone: ErrorRecord = { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: 'gone' };

t.test('a question settles once: whatever comes first counts', async (t) => {
  const { clock, asks, settled, open } = makeTable();
  const [first, second] = [open('first', 100), open('second', 200)];
  asks.settle(first, 'answer', null);
  asks.settle(first, 'again', null);
  clock.advance(150);
  t.strictSame(settled, ['first: answer']);
  clock.advance(50);
  t.strictSame(settled, ['first: answer', 'second: ERR_ACADEMY_DEADLINE']);
  asks.settle(second, 'late', null);
  t.equal(settled.length, 2);
  t.equal(asks.size, 0);
  t.equal(clock.pendingTimers, 0, 'no timer is left');
});

t.test('a question that comes back with its actor to where it was asked is one question', async (t) => {
  const { clock, asks, settled, open } = makeTable();
  const id = open('first', 100);
  asks.handOver(id, () => settled.push('relayed'));
  const carried = { id, shard: -1, dueAtMs: clock.nowMs() + 100 };
  asks.adopt(carried, -1, (result) => settled.push(`back: ${result}`));
  t.equal(clock.pendingTimers, 1, 'with one deadline');
  asks.settle(id, 'answer', null);
  t.equal(clock.pendingTimers, 0, 'no timer is left');
  t.strictSame(settled, ['back: answer']);
});

t.test('questions die with the shard that was asked, and with their own', async (t) => {
  const { asks, settled, open } = makeTable();
  const [a, b] = [open('a', 100), open('b', 100)];
  open('c', 100);
  asks.aim(a, 1);
  asks.aim(b, 2);
  asks.failShard(1, gone);
  t.strictSame(settled, ['a: ERR_ACADEMY_ACTOR_STOPPED']);
  asks.close(gone);
  t.equal(settled.length, 3);
});

t.test('an answer to an earlier life of the shard finds no question', async (t) => {
  const clock = new VirtualClock();
  const earlier = new AskTable(clock, 1).open(100, 'x', () => {});
  const { asks, settled, open } = makeTable();
  open('x', 100);
  asks.settle(earlier, 'for the other one', null);
  t.strictSame(settled, []);
});

t.test('a deadline that a timer cannot keep is refused', async (t) => {
  const { asks } = makeTable();
  for (const deadlineMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    t.throws(() => asks.open(deadlineMs, 'x', () => {}), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
});
