import fc from 'fast-check';
import t from 'tap';
import { RoomChain } from '../../../actors/room/RoomChain.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { compareEntries, type RoomLogEntry } from '../../../runtime/protocol/roomLog.js';

const identity = (fill: number) => identityFromSeed(new Uint8Array(32).fill(fill));
const chainOf = (fill: number) => new RoomChain('lobby', identity(fill), {}, null);
const say = (chain: RoomChain, who: string, text: string, atMs: number): RoomLogEntry =>
  chain.append(who, atMs, 'message', { messageId: `${who}-${text}`, text });

t.test('entries that arrive in any order, with duplicates, end in the same log on every node', async (t) => {
  const arbitrary = fc.record({
    said: fc.array(fc.constantFrom('ann', 'ada', 'bo'), { minLength: 1, maxLength: 20 }),
    seed: fc.infiniteStream(fc.nat()),
  });
  fc.assert(
    fc.property(arbitrary, ({ said, seed }) => {
      const author = chainOf(1);
      const entries = said.map((who, index) => say(author, who, `${index}`, 1_000 + index));
      const shuffled = [...entries, ...entries]
        .map((entry) => ({ entry, key: seed.next().value as number }))
        .sort((left, right) => left.key - right.key)
        .map(({ entry }) => entry);
      const listener = chainOf(2);
      const heard = shuffled.flatMap((entry) => [...listener.ingest(entry, identity(1).nodeId, 2_000).ready]);
      t.same(
        [...heard].sort(compareEntries).map((entry) => entry.body.messageId),
        entries.map((entry) => entry.body.messageId),
      );
      t.same(listener.versions(), author.versions());
      t.equal(listener.pendingEntries, 0);
    }),
    { numRuns: 25 },
  );
});

t.test('a gap is reported until the missing entry has come', async (t) => {
  const author = chainOf(1);
  const [first, second] = [say(author, 'ann', '1', 1), say(author, 'ann', '2', 2)];
  const listener = chainOf(2);
  t.match(listener.ingest(second, identity(1).nodeId, 10), { ready: [], gap: true });
  t.ok(listener.lacks(author.versions()));
  const filled = listener.ingest(first, null, 10);
  t.equal(filled.ready.length, 2);
  t.notOk(filled.gap);
});

t.test('an entry in the name of another node is refused, whoever sends it', async (t) => {
  const author = chainOf(1);
  const entry = say(author, 'ann', 'hello', 1);
  const listener = chainOf(2);
  t.equal(listener.ingest(entry, identity(3).nodeId, 10).drop, 'forged-source');
  const forged = { ...entry, body: { ...entry.body, text: 'send money' } };
  t.equal(listener.ingest(forged, null, 10).drop, 'bad-signature');
  const stolen = { ...entry, seal: { ...entry.seal, publicKey: identity(3).publicKey } };
  t.equal(listener.ingest(stolen, null, 10).drop, 'bad-signature');
});

t.test('an author that writes two entries with one number is caught', async (t) => {
  const author = chainOf(1);
  say(author, 'ann', '1', 1);
  const fork = chainOf(1);
  say(fork, 'ann', 'other', 1);
  const afterFork = say(fork, 'ann', '2', 2);
  const listener = chainOf(2);
  const first = chainOf(1).append('ann', 1, 'message', { messageId: 'ann-1', text: '1' });
  listener.ingest(first, null, 10);
  t.equal(listener.ingest(afterFork, null, 10).drop, 'bad-chain');
});

t.test('an entry from the far future is refused, so that it cannot drag every clock along', async (t) => {
  const author = chainOf(1);
  const entry = say(author, 'ann', 'soon', 10 ** 12);
  t.equal(chainOf(2).ingest(entry, null, 1_000).drop, 'clock-skew');
});
