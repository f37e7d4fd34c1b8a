import { rmSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { ActorStorage, StoredActor } from '../../../runtime/hosting/persistence/ActorStorage.js';
import { MemoryActorStorage } from '../../../runtime/hosting/persistence/MemoryActorStorage.js';
import { ActorStore } from '../../../runtime/storage/ActorStore.js';
import { Store } from '../../../runtime/storage/Store.js';

const ids = fc.integer({ min: 1, max: 3 });
const shards = fc.integer({ min: 0, max: 2 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 5 });

type Step = (storage: ActorStorage) => Promise<void>;

function actor(id: number): StoredActor {
  return {
    id,
    kind: 'journal',
    spec: { name: `actor ${id}`, module: 'file:///a.js', exportName: 'a', options: new Map() },
    isSupervised: id === 2,
  };
}

/** Journals are written in order, so a step takes the next sequence of its actor. */
function steps(): fc.Arbitrary<((next: Map<number, number>) => Step)[]> {
  const step = fc.oneof(
    ids.map((id) => (): Step => (storage) => storage.putActor(actor(id))),
    ids.map((id) => (): Step => (storage) => storage.removeActor(id)),
    fc.tuple(shards, bytes, fc.boolean()).map(
      ([shard, images, isWhole]) =>
        (): Step =>
        (storage) =>
          storage.saveImages(shard, images, isWhole),
    ),
    fc.tuple(shards, bytes).map(
      ([shard, images]) =>
        (): Step =>
        (storage) =>
          storage.replaceImages(new Map([[shard, images]])),
    ),
    fc.tuple(ids, bytes).map(
      ([id, image]) =>
        (): Step =>
        (storage) =>
          storage.saveImage(id, image),
    ),
    fc.array(fc.tuple(ids, bytes), { maxLength: 4 }).map((entries) => (next: Map<number, number>): Step => {
      const numbered = entries.map(([id, entry]) => {
        const sequence = (next.get(id) ?? 0) + 1;
        next.set(id, sequence);
        return { id, sequence, bytes: entry };
      });
      return (storage) => storage.append(numbered);
    }),
    fc.tuple(ids, fc.nat({ max: 6 })).map(
      ([id, through]) =>
        (): Step =>
        (storage) =>
          storage.trim(id, through),
    ),
  );
  return fc.array(step, { maxLength: 30 });
}

function contents(storage: ActorStorage): unknown {
  return {
    actors: storage.actors(),
    images: storage.shards().map((shard) => [shard, storage.images(shard).map(hex)]),
    image: [1, 2, 3].map((id) => hex(storage.image(id))),
    entries: [1, 2, 3].map((id) => [0, 2].map((after) => storage.entries(id, after).map(readable))),
  };
}

function hex(value: Uint8Array | undefined): string | undefined {
  return value && Buffer.from(value).toString('hex');
}

function readable(entry: { id: number; sequence: number; bytes: Uint8Array }): unknown {
  return [entry.id, entry.sequence, hex(entry.bytes)];
}

t.test('whatever is kept, disk and memory hold the same, also after the disk was opened again', async (t) => {
  const folder = t.testdir();
  await fc.assert(
    fc.asyncProperty(steps(), fc.boolean(), async (makers, isWaiting) => {
      rmSync(folder, { recursive: true, force: true });
      const store = Store.open(folder);
      const disk = new ActorStore(store);
      const memory = new MemoryActorStorage();
      const next = new Map<number, number>();
      for (const make of makers) {
        const step = make(next);
        await step(memory);
        const done = step(disk);
        // A trim and a removal work on what can be read; the others may follow at once.
        if (isWaiting) await done;
        else await disk.settled();
      }
      await disk.settled();
      t.strictSame(contents(disk), contents(memory));
      await store.close();
      const again = Store.open(folder);
      t.strictSame(contents(new ActorStore(again)), contents(memory));
      await again.close();
    }),
    { numRuns: 40 },
  );
});

t.test('what is handed over in one turn is flushed together, and in order', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const disk = new ActorStore(store);
  const settled: number[] = [];
  const entry = (sequence: number): Promise<void> =>
    disk.append([{ id: 1, sequence, bytes: Buffer.from([sequence]) }]).then(() => void settled.push(sequence));
  await Promise.all([1, 2, 3, 4, 5].map(entry));
  t.strictSame(settled, [1, 2, 3, 4, 5]);
  t.equal(disk.entries(1, 0).length, 5);
});

t.test('after a write that fails, what was there before is still found', async (t) => {
  const store = Store.open(t.testdir());
  const disk = new ActorStore(store);
  await disk.saveImages(1, Buffer.from('kept'), true);
  const { write } = store;
  store.write = () => Promise.reject(new Error('the disk is full'));
  await t.rejects(disk.saveImages(1, Buffer.from('new'), true));
  store.write = write;
  t.strictSame(
    disk.images(1).map((images) => Buffer.from(images).toString()),
    ['kept'],
  );
  await store.close();
});

t.test('an actor whose entry is damaged is told by its id and name, stays, and leaves the others alone', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const disk = new ActorStore(store);
  await Promise.all([1, 2, 3].map((id) => disk.putActor(actor(id))));
  const table = store.table('actors');
  const rows = table.getRange();
  const [whole, named, nameless] = rows.map(({ key, value }) => ({ table, key, value: Buffer.from(value) }));
  if (!whole || !named || !nameless) return t.fail('three actors were put');
  named.value.fill(0x5a, named.value.indexOf('file:///'));
  nameless.value.fill(0x5a, 2);
  await store.write([named, nameless]);

  const damaged: unknown[] = [];
  t.strictSame(
    disk.actors((each) => damaged.push(each)).map(({ id }) => id),
    [1],
  );
  t.strictSame(damaged, [
    { id: 2, name: 'actor 2' },
    { id: 3, name: undefined },
  ]);
  t.strictSame(table.getRange().length, 3, 'what is damaged stays where it is');
});
