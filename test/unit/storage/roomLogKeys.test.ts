import fc from 'fast-check';
import t from 'tap';
import { compareEntries, firstPreviousHash, type RoomLogEntry } from '../../../runtime/protocol/roomLog.js';
import {
  chainKey,
  formatCursor,
  messageKey,
  orderKey,
  orderPlace,
  parseCursor,
} from '../../../runtime/storage/roomLogKeys.js';

// Few letters and mostly NUL, so that authors often begin one another and look like the sequence that follows them.
const letter = fc.oneof(
  { weight: 6, arbitrary: fc.constant('\0') },
  fc.constantFrom('\x01', 'a', '\u{1f600}', '\ufffd'),
);
const anyEntry: fc.Arbitrary<RoomLogEntry> = fc
  .record({
    author: fc.string({ unit: letter, maxLength: 8 }),
    sequence: fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat()),
    ms: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.nat({ max: 8_640_000_000_000_000 })),
    counter: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.nat({ max: 0xffff_ffff })),
  })
  .map(({ author, sequence, ms, counter }) => {
    const none = new Uint8Array();
    const hybridTime = { ms, counter };
    const seal = { author, sequence, hybridTime, previousHash: firstPreviousHash, publicKey: none, signature: none };
    return { roomId: 'lobby', kind: 'message', body: {}, seal };
  });

t.test('places sort as bytes as compareEntries sorts entries', (t) => {
  const property = fc.property(anyEntry, anyEntry, (left, right) => {
    const byBytes = Buffer.compare(orderPlace(left), orderPlace(right));
    return byBytes === Math.sign(compareEntries(left, right));
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 5_000 }));
  t.end();
});

t.test('keys of one room lie together, apart from those of all others', (t) => {
  const number = fc.nat({ max: 0xffff_ffff });
  const property = fc.property(number, number, anyEntry, anyEntry, (left, right, one, other) => {
    const byRoom = Math.sign(left - right);
    if (byRoom === 0) return true;
    return (
      Buffer.compare(orderKey(left, orderPlace(one)), orderKey(right, orderPlace(other))) === byRoom &&
      Buffer.compare(chainKey(left, 7, 9), chainKey(right, 0, 0)) === byRoom &&
      Buffer.compare(messageKey(left, 'z'), messageKey(right, 'a')) === byRoom
    );
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});

t.test('a cursor is read back as the place it was made of', (t) => {
  const withAuthor = anyEntry.filter(({ seal }) => seal.author.length > 0);
  const property = fc.property(withAuthor, (entry) => {
    const place = orderPlace(entry);
    return Buffer.compare(parseCursor(formatCursor(place)), place) === 0;
  });
  t.doesNotThrow(() => fc.assert(property));
  t.end();
});
