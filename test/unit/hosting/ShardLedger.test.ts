import t from 'tap';
import { counterPlace, ShardLedger } from '../../../runtime/hosting/shards/ShardLedger.js';

t.test('two ledgers on the same memory show the same figures', async (t) => {
  const main = new ShardLedger(3);
  const worker = new ShardLedger(3, main.memory);
  worker.add(1, counterPlace('messagesHandled'), 5);
  main.add(0, counterPlace('messagesHandled'));
  worker.add(2, counterPlace('deadLetters.crashed'));
  t.match(main.totals(), { messagesHandled: 6, 'deadLetters.crashed': 1, restarts: 0 });
});

t.test('what is in flight is what was posted and has not arrived', async (t) => {
  const ledger = new ShardLedger(3);
  ledger.addPosted(1, 2, 5);
  ledger.addArrived(1, 2, 3);
  t.equal(ledger.inFlight(1, 2), 2);
  t.equal(ledger.inFlight(2, 1), 0);
});

t.test('a new life of a shard starts with empty mailboxes and keeps the counters', async (t) => {
  const ledger = new ShardLedger(3);
  ledger.add(1, counterPlace('restarts'), 2);
  ledger.add(1, counterPlace('mailboxAccepted'), 9);
  ledger.add(1, counterPlace('mailboxRemoved'), 4);
  ledger.addPosted(1, 2, 5);
  ledger.addPosted(2, 1, 7);
  ledger.addArrived(2, 1, 6);
  t.equal(ledger.waiting(1), 5);
  t.match(ledger.totals(), { messagesWaiting: 5 });
  ledger.resetLife(1);
  t.equal(ledger.waiting(1), 0);
  t.equal(ledger.posted(1, 2), 0);
  t.equal(ledger.posted(2, 1), 7, 'what others have posted is theirs to reset');
  t.equal(ledger.arrived(2, 1), 0);
  t.match(ledger.totals(), { restarts: 2 });
});
