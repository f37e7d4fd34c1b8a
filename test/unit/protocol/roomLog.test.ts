import fc from 'fast-check';
import t from 'tap';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import {
  authorOf,
  type ChainHead,
  compareEntries,
  emptyChain,
  entryHash,
  entryKinds,
  entryOfMessage,
  firstPreviousHash,
  follows,
  isAuthentic,
  messageOfEntry,
  nodeOfAuthor,
  type RoomLogEntry,
  sealEntry,
  tickHybridTime,
} from '../../../runtime/protocol/roomLog.js';
import { eventExamples } from './eventExamples.js';

const identities = [1, 2, 3].map((seed) => identityFromSeed(new Uint8Array(32).fill(seed)));
const [ann, bob] = identities as [(typeof identities)[0], (typeof identities)[0]];
const codec = new MessageCodec();

const anyTime = fc.record({ ms: fc.nat({ max: 4 }), counter: fc.nat({ max: 2 }) });
const anyBody = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  // No schema has such a field, and MessagePack decoders give none to an object.
  fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
  { noNullPrototype: true },
) as fc.Arbitrary<Record<string, unknown>>;
const anyEntry = fc
  .record({
    identity: fc.constantFrom(...identities),
    participant: fc.string({ minLength: 1, maxLength: 6 }),
    roomId: fc.string({ minLength: 1, maxLength: 6 }),
    kind: fc.constantFrom(...entryKinds),
    time: anyTime,
    sequence: fc.nat({ max: 3 }),
    previous: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    body: anyBody,
  })
  .map(({ identity, participant, roomId, kind, time, sequence, previous, body }) =>
    sealEntry(identity, participant, { sequence, hash: previous }, time, { roomId, kind, body }),
  );

const say = (head: ChainHead, text: string): RoomLogEntry =>
  sealEntry(ann, 'ann', head, { ms: 1, counter: 0 }, { roomId: 'lobby', kind: 'message', body: { text } });
const headOf = (entry: RoomLogEntry): ChainHead => ({ sequence: entry.seal.sequence, hash: entryHash(entry) });

t.test('any sealed entry is authentic, also after it has travelled', (t) => {
  const property = fc.property(anyEntry, (entry) => {
    const arrived = codec.decode(codec.encode(entry)) as RoomLogEntry;
    return isAuthentic(entry) && isAuthentic(arrived) && Buffer.compare(entryHash(entry), entryHash(arrived)) === 0;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 150 }));
  t.end();
});

t.test('an entry in which anything was changed is not authentic', (t) => {
  const entry = sealEntry(
    ann,
    'ann',
    emptyChain,
    { ms: 5, counter: 2 },
    { roomId: 'lobby', kind: 'message', body: { text: 'x', n: 1 } },
  );
  const { seal } = entry;
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 3 ? byte ^ 1 : byte));
  const forgeries: Record<string, RoomLogEntry> = {
    room: { ...entry, roomId: 'lobby2' },
    kind: { ...entry, kind: 'redaction' },
    text: { ...entry, body: { text: 'y', n: 1 } },
    'a field more': { ...entry, body: { ...entry.body, more: null } },
    'a field less': { ...entry, body: { text: 'x' } },
    'a number as text': { ...entry, body: { text: 'x', n: '1' } },
    'participant of the same node': { ...entry, seal: { ...seal, author: authorOf('eve', ann.nodeId) } },
    'node of the author': { ...entry, seal: { ...seal, author: authorOf('ann', bob.nodeId) } },
    'node and key': { ...entry, seal: { ...seal, author: authorOf('ann', bob.nodeId), publicKey: bob.publicKey } },
    sequence: { ...entry, seal: { ...seal, sequence: 2 } },
    previousHash: { ...entry, seal: { ...seal, previousHash: flipped(seal.previousHash) } },
    ms: { ...entry, seal: { ...seal, hybridTime: { ms: 6, counter: 2 } } },
    counter: { ...entry, seal: { ...seal, hybridTime: { ms: 5, counter: 3 } } },
    signature: { ...entry, seal: { ...seal, signature: flipped(seal.signature) } },
    'a short signature': { ...entry, seal: { ...seal, signature: seal.signature.subarray(1) } },
  };
  t.ok(isAuthentic(entry));
  for (const [what, forged] of Object.entries(forgeries)) t.notOk(isAuthentic(forged), what);
  const stranger = identityFromSeed(new Uint8Array(32).fill(77));
  const misnamed = { ...entry, seal: { ...seal, author: authorOf('ann', stranger.nodeId) } };
  t.notOk(isAuthentic(misnamed), 'a node that was never heard of, with the key of another');
  t.end();
});

t.test('an entry follows the one before it, and nothing else', (t) => {
  const first = say(emptyChain, 'one');
  const second = say(headOf(first), 'two');
  const third = say(headOf(second), 'three');
  const fork = say(headOf(say(emptyChain, 'another one')), 'two of a fork');
  t.equal(follows(emptyChain, first), true);
  t.equal(follows(headOf(first), second), true);
  t.equal(follows(headOf(first), third), 'gap');
  t.equal(follows(emptyChain, second), 'gap');
  t.equal(follows(headOf(second), first), 'known');
  t.equal(follows(headOf(second), second), 'known');
  t.equal(follows(headOf(first), fork), 'bad-chain');
  t.strictSame(first.seal.previousHash, firstPreviousHash);
  t.strictSame(
    [first, second, third].map(({ seal }) => seal.sequence),
    [1, 2, 3],
  );
  t.end();
});

t.test('a chain of any texts follows itself to its end, and no two of its entries hash alike', (t) => {
  const property = fc.property(fc.array(fc.string(), { maxLength: 12 }), (texts) => {
    let head = emptyChain;
    const hashes = new Set<string>();
    for (const text of texts) {
      const entry = say(head, text);
      if (follows(head, entry) !== true) return false;
      head = headOf(entry);
      hashes.add(Buffer.from(head.hash).toString('hex'));
    }
    return hashes.size === texts.length && head.sequence === texts.length;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 40 }));
  t.end();
});

t.test('the order is total and the same for every node', (t) => {
  const property = fc.property(
    fc.array(anyEntry, { maxLength: 12 }),
    fc.infiniteStream(fc.nat()),
    (entries, numbers) => {
      const elsewhere = entries
        .map((entry) => ({ entry, place: numbers.next().value as number }))
        .sort((left, right) => left.place - right.place)
        .map(({ entry }) => entry);
      const place = ({ seal }: RoomLogEntry): string =>
        `${seal.hybridTime.ms} ${seal.hybridTime.counter} ${seal.author} ${seal.sequence}`;
      const here = entries.toSorted(compareEntries);
      const there = elsewhere.toSorted(compareEntries);
      const pairs = here.flatMap((left) => here.map((right) => [left, right] as const));
      return (
        here.map(place).join() === there.map(place).join() &&
        pairs.every(
          ([left, right]) =>
            Math.sign(compareEntries(left, right)) === -Math.sign(compareEntries(right, left)) ||
            compareEntries(left, right) === 0,
        ) &&
        pairs.every(([left, right]) => (compareEntries(left, right) === 0) === (place(left) === place(right)))
      );
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 60 }));
  t.end();
});

t.test('milliseconds count first, then the counter, the author and the sequence', (t) => {
  const at = (participant: string, ms: number, counter: number, sequence: number): RoomLogEntry =>
    sealEntry(
      ann,
      participant,
      { sequence: sequence - 1, hash: firstPreviousHash },
      { ms, counter },
      { roomId: 'lobby', kind: 'message', body: {} },
    );
  const inOrder = [
    at('z', 1, 9, 9),
    at('y', 2, 0, 8),
    at('x', 2, 1, 7),
    at('a', 2, 10, 2),
    at('b', 2, 10, 1),
    at('b', 2, 10, 3),
  ];
  t.strictSame(inOrder.toReversed().toSorted(compareEntries), inOrder);
  t.end();
});

t.test('hybrid time goes on, whatever the wall clock does and others say', (t) => {
  const later = (left: { ms: number; counter: number }, right: { ms: number; counter: number }): boolean =>
    left.ms > right.ms || (left.ms === right.ms && left.counter > right.counter);
  const property = fc.property(
    fc.nat({ max: 6 }),
    anyTime,
    fc.option(anyTime, { nil: undefined }),
    (nowMs, last, heard) => {
      const next = tickHybridTime(nowMs, last, heard);
      return (
        later(next, last) &&
        (!heard || later(next, heard)) &&
        next.ms >= nowMs &&
        next.ms === Math.max(nowMs, last.ms, heard?.ms ?? 0)
      );
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
  t.strictSame(
    tickHybridTime(9, { ms: 5, counter: 7 }),
    { ms: 9, counter: 0 },
    'the counter starts again with each millisecond',
  );
  t.strictSame(tickHybridTime(1, { ms: 5, counter: 7 }), { ms: 5, counter: 8 }, 'a clock that was set back');
  t.strictSame(tickHybridTime(1, { ms: 5, counter: 7 }, { ms: 5, counter: 9 }), { ms: 5, counter: 10 });
  t.end();
});

t.test('an author is a participant of a node, whatever the participant is called', (t) => {
  for (const participant of ['ann', 'a@b', '@', ''])
    t.equal(nodeOfAuthor(authorOf(participant, ann.nodeId)), ann.nodeId);
  t.end();
});

t.test('a message and its entry are two views of the same', (t) => {
  const message = eventExamples['academy.chat.message'];
  const entry = entryOfMessage(message);
  t.ok(isAuthentic(entry), 'the example is signed');
  t.notOk('entry' in entry.body);
  t.strictSame(messageOfEntry(entry), message);
  t.equal(messageOfEntry({ ...entry, kind: 'ban' }), undefined);
  t.end();
});
