import fc from 'fast-check';
import t, { type Test } from 'tap';
import { canonicalJson } from '../../../runtime/protocol/canonicalJson.js';
import {
  compareEntries,
  emptyChain,
  entryHash,
  isAuthentic,
  type RoomLogEntry,
} from '../../../runtime/protocol/roomLog.js';
import { RoomLogStore, type RoomRecord } from '../../../runtime/storage/RoomLogStore.js';
import { Store } from '../../../runtime/storage/Store.js';
import { ChainWriter, identityNumber, names } from './chains.js';

const lobby: RoomRecord = { roomId: 'lobby', consent: 'academy', createdAtMs: 1_000 };

async function openLog(t: Test, ...rooms: readonly RoomRecord[]): Promise<RoomLogStore> {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const log = new RoomLogStore(store);
  for (const room of rooms) await log.putRoom(room);
  return log;
}

/** All pages, oldest first, as a reader who scrolls back sees them. */
async function readBack(
  log: RoomLogStore,
  roomId: string,
  limit: number,
  betweenPages: (page: number) => Promise<void> = async () => {},
): Promise<RoomLogEntry[][]> {
  const pages: RoomLogEntry[][] = [];
  let before: string | undefined;
  for (;;) {
    const { entries, cursor } = log.history(roomId, { before, limit });
    pages.unshift([...entries]);
    if (cursor === null) return pages;
    if (cursor === before) throw new Error('the cursor stands still');
    before = cursor;
    await betweenPages(pages.length);
  }
}

t.test('rooms and logs are there after reopening, signatures included', async (t) => {
  const folder = t.testdir();
  const store = Store.open(folder);
  const log = new RoomLogStore(store);
  const secret: RoomRecord = { roomId: 'a/ü room', consent: 'local', createdAtMs: 5, topic: 'what stays here' };
  await Promise.all([log.putRoom(lobby), log.putRoom(secret)]);
  const ann = new ChainWriter('lobby', 'ann');
  const bob = new ChainWriter('lobby', 'bob', identityNumber(1));
  await log.append([...ann.sayMany(3), ...bob.sayMany(2)]);
  await log.putRoom({ ...lobby, consent: 'export' });
  await store.close();

  const again = Store.open(folder);
  t.teardown(() => again.close());
  const reopened = new RoomLogStore(again);
  t.strictSame(reopened.rooms(), [{ ...lobby, consent: 'export' }, secret]);
  t.strictSame(reopened.room('a/ü room'), secret);
  t.equal(reopened.room('other'), undefined);
  t.strictSame(reopened.versions('lobby'), { [ann.author]: 3, [bob.author]: 2 });
  t.strictSame(reopened.versions('a/ü room'), {});
  t.equal(reopened.count('lobby'), 5);
  t.equal(reopened.count('a/ü room'), 0);
  const last = ann.entries[2] as RoomLogEntry;
  t.strictSame(reopened.head('lobby', ann.author), { sequence: 3, hash: entryHash(last) });
  t.strictSame(reopened.head('lobby', 'nobody@00'), emptyChain);
  const [read] = reopened.range('lobby', ann.author, 3, 10);
  t.equal(canonicalJson(read), canonicalJson(last));
  t.ok(read && isAuthentic(read), 'the signature still holds');
  await reopened.append([ann.say('and on', { ms: 9_000, counter: 0 })]);
  t.equal(reopened.head('lobby', ann.author).sequence, 4);
});

t.test('a range begins and ends where it was asked to', async (t) => {
  const log = await openLog(t, lobby);
  const ann = new ChainWriter('lobby');
  await log.append(ann.sayMany(20));
  const sequences = (from: number, limit: number): number[] =>
    log.range('lobby', ann.author, from, limit).map(({ seal }) => seal.sequence);
  t.strictSame(sequences(1, 3), [1, 2, 3]);
  t.strictSame(sequences(0, 2), [1, 2]);
  t.strictSame(sequences(18, 100), [18, 19, 20]);
  t.strictSame(sequences(20, 1), [20]);
  t.strictSame(sequences(21, 5), []);
  t.strictSame(log.range('lobby', 'nobody@00', 1, 5), []);
  for (const limit of [0, -1, 1.5, Number.NaN])
    t.throws(() => sequences(1, limit), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});

t.test(
  'a node that asks for what it lacks, again and again, ends with all of it in chains without a gap',
  async (t) => {
    const log = await openLog(t, lobby);
    const writers = ['ann', 'bob', 'eve'].map((name, index) => new ChainWriter('lobby', name, identityNumber(index)));
    for (const [index, writer] of writers.entries()) await log.append(writer.sayMany(5 + index));
    const [ann] = writers as [ChainWriter];
    for (const limit of [1, 2, 5, 6, 7, 17, 18, 19, 100]) {
      const versions: Record<string, number> = { [ann.author]: 3, 'stranger@00': 9 };
      let asked = 0;
      for (let more = true; more; asked++) {
        const answer = log.after('lobby', versions, limit);
        for (const { seal } of answer.entries) {
          if (seal.sequence !== (versions[seal.author] ?? 0) + 1) t.fail(`a gap with limit ${limit}`);
          versions[seal.author] = seal.sequence;
        }
        more = answer.more;
      }
      t.strictSame(versions, { ...log.versions('lobby'), 'stranger@00': 9 });
      t.equal(asked, Math.ceil((18 - 3) / limit), 'as many questions as it takes');
    }
    t.strictSame(log.after('lobby', log.versions('lobby'), 10), { entries: [], more: false });
    t.strictSame(log.heads('lobby')[ann.author], log.head('lobby', ann.author));
  },
);

t.test('an entry that is there already is passed over, wherever its twin waits', async (t) => {
  const log = await openLog(t, lobby);
  const ann = new ChainWriter('lobby');
  const entries = ann.sayMany(4);
  await Promise.all([log.append(entries.slice(0, 2)), log.append(entries.slice(0, 3)), log.append(entries)]);
  await log.append([...entries, ...entries]);
  t.equal(log.count('lobby'), 4);
  t.strictSame(names(log.recent('lobby', 10)), names(entries));
});

t.test('a fork, a gap and an unknown room are refused, and nothing of that call is kept', async (t) => {
  const log = await openLog(t, lobby, { ...lobby, roomId: 'other' });
  const ann = new ChainWriter('lobby');
  const entries = ann.sayMany(4);
  await log.append(entries.slice(0, 2));
  const forked = new ChainWriter('lobby');
  forked.sayMany(2, 50_000);
  const branch = forked.say('third of another chain', { ms: 60_000, counter: 0 });
  const bad: [string, readonly RoomLogEntry[], string][] = [
    ['a fork at the end', [branch], 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['a fork of what is stored', forked.entries.slice(0, 1), 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['a gap', entries.slice(3), 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['a gap at the start', new ChainWriter('other', 'eve').sayMany(2).slice(1), 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['a good entry before a bad one', [entries[2] as RoomLogEntry, branch], 'ERR_ACADEMY_BAD_ARGUMENT'],
    ['an unknown room', new ChainWriter('nowhere').sayMany(1), 'ERR_ACADEMY_ROOM_UNKNOWN'],
  ];
  for (const [fault, call, code] of bad) await t.rejects(log.append(call), { code }, fault);

  const fate = await Promise.allSettled([
    log.append(entries.slice(2, 3)),
    log.append([branch]),
    log.append(entries.slice(3)),
  ]);
  t.strictSame(
    fate.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
    'calls of the same group do not fail with it',
  );
  t.equal(log.count('lobby'), 4);
  t.equal(log.count('other'), 0);
  for (const read of [() => log.head('nowhere', 'x'), () => log.versions('nowhere'), () => log.recent('nowhere', 1)]) {
    t.throws(read, { code: 'ERR_ACADEMY_ROOM_UNKNOWN' });
  }
});

t.test('a room exists once it is on disk, and two rooms that are made at once keep apart', async (t) => {
  const log = await openLog(t);
  const making = [log.putRoom(lobby), log.putRoom({ ...lobby, roomId: 'twin' })];
  t.equal(log.room('lobby'), undefined);
  await Promise.all(making);
  await log.append([...new ChainWriter('lobby').sayMany(2), ...new ChainWriter('twin').sayMany(3)]);
  t.equal(log.count('lobby'), 2);
  t.equal(log.count('twin'), 3);
  t.equal(log.recent('twin', 10).length, 3);
  await t.rejects(log.putRoom({ ...lobby, roomId: '' }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});

t.test('a message is found by its id, and nobody can put another in its place', async (t) => {
  const log = await openLog(t, lobby, { ...lobby, roomId: 'other' });
  const ann = new ChainWriter('lobby');
  const original = ann.say('mine', { ms: 5_000, counter: 0 }, 'the-id');
  const eve = new ChainWriter('lobby', 'eve', identityNumber(1));
  const claim = eve.say('not yours', { ms: 1, counter: 0 }, 'the-id');
  await log.append([original, claim]);
  const late = eve.say('again', { ms: 2, counter: 0 }, 'the-id');
  await log.append([late]);
  t.equal(canonicalJson(log.byMessageId('lobby', 'the-id')), canonicalJson(original));
  t.equal(log.byMessageId('lobby', 'another'), undefined);
  t.equal(log.byMessageId('lobby', 'x'.repeat(5_000)), undefined);
  t.equal(log.byMessageId('other', 'the-id'), undefined);
});

t.test('the order is that of compareEntries for all times, authors and sequences', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const log = new RoomLogStore(store);
  let rooms = 0;
  // Names that only differ late, that begin one another, that hold a NUL, and that UTF-8 would order otherwise.
  const { author } = new ChainWriter('', 'a');
  const name = fc.constantFrom('a', 'aa', 'a\0', `${author}${'\0'.repeat(8)}`, 'b', '\ufffd', '\u{1f600}', 'a@b');
  const said = fc.record({
    author: name,
    node: fc.integer({ min: 0, max: 1 }),
    ms: fc.constantFrom(0, 1, 2, 255, 256, 2 ** 32, 2 ** 32 + 1, 8_640_000_000_000_000),
    counter: fc.constantFrom(0, 1, 256, 0xffff_ffff),
  });
  const holds = fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (script, limit) => {
      const roomId = `room-${rooms++}`;
      await log.putRoom({ ...lobby, roomId });
      const writers = new Map<string, ChainWriter>();
      for (const { author, node, ms, counter } of script) {
        const key = `${node} ${author}`;
        const writer = writers.get(key) ?? new ChainWriter(roomId, author, identityNumber(node));
        writers.set(key, writer);
        writer.say('word', { ms, counter });
      }
      const all = [...writers.values()].flatMap(({ entries }) => entries);
      await log.append(all);
      const expected = names(all.toSorted(compareEntries));
      const pages = await readBack(log, roomId, limit);
      if (JSON.stringify(names(pages.flat())) !== JSON.stringify(expected)) return false;
      return (
        pages.slice(1).every((page) => page.length === limit) && (pages[0]?.length ?? 0) >= Math.min(1, all.length)
      );
    }),
    { numRuns: 25 },
  );
  await t.resolves(holds);
});

t.test('paging back neither repeats nor skips while entries are inserted in the middle', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const log = new RoomLogStore(store);
  let rooms = 0;
  const holds = fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 20 }),
      async (count, limit, insertedAt) => {
        const roomId = `room-${rooms++}`;
        await log.putRoom({ ...lobby, roomId });
        const ann = new ChainWriter(roomId);
        for (let index = 0; index < count; index++) ann.say('before', { ms: 10 * index, counter: 0 });
        await log.append(ann.entries);
        const late = new ChainWriter(roomId, 'late', identityNumber(1));
        const pages = await readBack(log, roomId, limit, async (page) => {
          const ms = insertedAt[page];
          if (ms !== undefined) await log.append([late.say('inserted', { ms, counter: 1 })]);
        });
        const seen = names(pages.flat());
        const places = names([...ann.entries, ...late.entries].toSorted(compareEntries));
        const seenPlaces = seen.map((one) => places.indexOf(one));
        const strictlyOrdered = seenPlaces.every(
          (place, index) => index === 0 || place > (seenPlaces[index - 1] ?? -1),
        );
        return strictlyOrdered && names(ann.entries).every((one) => seen.includes(one));
      },
    ),
    { numRuns: 25 },
  );
  await t.resolves(holds);
});

t.test('10,000 messages page back without a duplicate or a gap', async (t) => {
  const log = await openLog(t, lobby);
  const ann = new ChainWriter('lobby');
  const bob = new ChainWriter('lobby', 'bob', identityNumber(1));
  await log.append([...ann.sayMany(5_000), ...bob.sayMany(5_000, 3_500)]);
  const read = (await readBack(log, 'lobby', 333)).flat();
  t.equal(read.length, 10_000);
  t.strictSame(names(read), names([...ann.entries, ...bob.entries].toSorted(compareEntries)));
  t.strictSame(names(log.recent('lobby', 5)), names(read.slice(-5)));
});

t.test('a cursor that no page has returned is refused', async (t) => {
  const log = await openLog(t, lobby);
  for (const before of ['', 'x', '../..', 'A'.repeat(5_000), '!'.repeat(40)]) {
    t.throws(
      () => log.history('lobby', { before, limit: 5 }),
      { code: 'ERR_ACADEMY_BAD_ARGUMENT' },
      before.slice(0, 9),
    );
  }
});

t.test(
  'a room whose entry is damaged is told, its number is not given again, and the other rooms are there',
  async (t) => {
    const store = Store.open(t.testdir());
    t.teardown(() => store.close());
    const log = new RoomLogStore(store);
    for (const roomId of ['a', 'b']) await log.putRoom({ roomId, consent: 'local', createdAtMs: 1 });
    const table = store.table('rooms');
    const last = table.getRange().at(-1);
    if (!last) return t.fail('two rooms were put');
    await store.write([{ table, key: last.key, value: Buffer.alloc(last.value.length, 0xc1) }]);

    const faults: string[] = [];
    const again = new RoomLogStore(store, (fault) => faults.push(fault));
    t.match(faults, [/room number 1 was not opened.*restore a copy/]);
    t.strictSame(
      again.rooms().map(({ roomId }) => roomId),
      ['a'],
    );
    await again.putRoom({ roomId: 'c', consent: 'local', createdAtMs: 1 });
    t.equal(table.getRange().length, 3, 'the damaged entry stays');
  },
);
