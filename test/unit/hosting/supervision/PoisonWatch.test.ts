import t from 'tap';
import { messageKey, PoisonWatch } from '../../../../runtime/hosting/supervision/PoisonWatch.js';
import { Quarantine } from '../../../../runtime/hosting/supervision/Quarantine.js';
import { limits } from '../../../../runtime/protocol/limits.js';

t.test('a message is tried again until it has failed so often, each receiver for itself', async (t) => {
  const watch = new PoisonWatch();
  const fail = (receiver: string, key: string) => watch.failed(receiver, key, 3);
  t.strictSame(fail('a', 'x'), { verdict: 'again', isRepeat: false });
  t.strictSame(fail('a', 'x'), { verdict: 'again', isRepeat: true });
  t.strictSame(fail('b', 'x'), { verdict: 'again', isRepeat: false });
  t.strictSame(fail('a', 'y'), { verdict: 'again', isRepeat: false });
  t.strictSame(fail('a', 'x'), { verdict: 'set-aside', failures: 3 });
  t.strictSame(fail('a', 'x'), { verdict: 'again', isRepeat: false }, 'the next one of its kind begins anew');
  t.strictSame(watch.failed('c', 'x', 1), { verdict: 'set-aside', failures: 1 });
});

t.test('a message that was handled at last is no suspect any more', async (t) => {
  const watch = new PoisonWatch();
  watch.failed('a', 'x', 2);
  watch.handled('a', 'x');
  t.strictSame(watch.failed('a', 'x', 2), { verdict: 'again', isRepeat: false });
});

t.test('a flood of failing messages costs a bounded amount of memory', async (t) => {
  const watch = new PoisonWatch();
  watch.failed('a', 'first', 2);
  for (let index = 0; index < limits.suspectMessagesMax; index++) watch.failed('a', `${index}`, 2);
  t.strictSame(watch.failed('a', 'first', 2), { verdict: 'again', isRepeat: false }, 'the oldest is forgotten');
});

t.test('messages with the same type and data have the same key', async (t) => {
  const key = messageKey('note', { text: 'x', bytes: new Uint8Array(3) });
  t.equal(messageKey('note', { text: 'x', bytes: new Uint8Array(3) }), key);
  t.not(messageKey('note', { text: 'y', bytes: new Uint8Array(3) }), key);
  t.not(messageKey('other', { text: 'x', bytes: new Uint8Array(3) }), key);
  t.equal(
    messageKey('call', () => 1),
    messageKey('call', () => 2),
    'what cannot be written down has its type alone',
  );
});

t.test('what was set aside is kept in words, with its cause, and the oldest makes room', async (t) => {
  const quarantine = new Quarantine();
  const receiver = { name: 'ada', address: { shard: 1, slot: 2, generation: 3 } };
  const error = { code: 'ERR_ACADEMY_INTERNAL', message: 'oops' } as const;
  for (let index = 0; index <= limits.quarantinedMessagesMax; index++) {
    const data = { index, long: 'x'.repeat(10_000), more: new Array(20).fill('y'.repeat(500)), call: () => 1 };
    quarantine.setAside(receiver, { type: 'note', data, from: null, atMs: 0 }, 3, error, 1_000);
  }
  const kept = quarantine.list();
  t.equal(kept.length, limits.quarantinedMessagesMax);
  t.match(kept[0], {
    name: 'ada',
    to: receiver.address,
    from: null,
    messageType: 'note',
    failures: 3,
    error,
    atMs: 1_000,
  });
  t.match(kept[0]?.data, /^\{ index: 1, long: 'xxx/);
  t.equal(kept[0]?.data.length, limits.quarantineTextCharactersMax);
  t.doesNotThrow(() => structuredClone(kept));
});
