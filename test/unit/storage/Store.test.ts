import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { type Change, keyBytesMax, Store } from '../../../runtime/storage/Store.js';
import type { Table } from '../../../runtime/storage/Table.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const put = (table: Table, key: string, value: string): Change => ({ table, key: bytes(key), value: bytes(value) });
const read = (table: Table, key: string): string | undefined => {
  const value = table.get(bytes(key));
  return value && Buffer.from(value).toString();
};

t.test('what was written is there after reopening', async (t) => {
  const folder = t.testdir();
  const store = Store.open(join(folder, 'made', 'on', 'the', 'way'));
  await store.write([put(store.table('a'), 'key', 'one'), put(store.table('b'), 'key', 'two')]);
  await store.close();

  const again = Store.open(join(folder, 'made', 'on', 'the', 'way'));
  t.teardown(() => again.close());
  t.equal(read(again.table('a'), 'key'), 'one');
  t.equal(read(again.table('b'), 'key'), 'two');
  await again.write([{ table: again.table('a'), key: bytes('key'), remove: true }]);
  t.equal(read(again.table('a'), 'key'), undefined);
});

t.test('writes of one key end in the order in which they were handed over', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const table = store.table('a');
  await Promise.all(Array.from({ length: 200 }, (_, index) => store.write([put(table, 'key', `${index}`)])));
  t.equal(read(table, 'key'), '199');
});

t.test('close waits for writes in flight, is safe to call twice, and refuses later ones', async (t) => {
  const folder = t.testdir();
  const store = Store.open(folder);
  const table = store.table('a');
  const inFlight = [store.write([put(table, 'first', '1')]), store.write([put(table, 'second', '2')])];
  const closing = store.close();
  await t.rejects(store.write([put(table, 'late', '3')]), { code: 'ERR_ACADEMY_STORE' });
  t.throws(() => store.table('b'), { code: 'ERR_ACADEMY_STORE' });
  await Promise.all([...inFlight, closing, store.close()]);

  const again = Store.open(folder);
  t.teardown(() => again.close());
  t.equal(read(again.table('a'), 'first'), '1');
  t.equal(read(again.table('a'), 'second'), '2');
  t.equal(read(again.table('a'), 'late'), undefined);
});

t.test('a key that lmdb cannot hold fails its own write only', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const table = store.table('a');
  const longest = 'k'.repeat(keyBytesMax);
  const writes = await Promise.allSettled([
    store.write([put(table, 'before', '1')]),
    store.write([put(table, `${longest}k`, 'too long')]),
    store.write([put(table, '', 'empty')]),
    store.write([put(table, longest, 'longest')]),
  ]);
  t.strictSame(
    writes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  t.equal(read(table, longest), 'longest');
});

t.test('a folder that cannot be a store is an error with a remedy, not a crash', (t) => {
  const folder = t.testdir({ file: 'not a folder' });
  const foreign = join(folder, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'data.mdb'), Buffer.alloc(8_192, 7));
  const short = join(folder, 'short');
  mkdirSync(short);
  writeFileSync(join(short, 'data.mdb'), 'cut off');
  for (const path of [join(folder, 'file'), join(folder, 'file', 'below'), foreign, short]) {
    t.throws(() => Store.open(path), { code: 'ERR_ACADEMY_STORE', remedy: /--data <another folder>/ });
  }
  t.end();
});

t.test(
  'a file that was cut off is an error with the folder and a remedy, and not the end of the process',
  async (t) => {
    const folder = t.testdir();
    const store = Store.open(folder);
    await store.write(Array.from({ length: 100 }, (_, row) => put(store.table('a'), `${row}`, 'x'.repeat(500))));
    await store.close();
    const file = join(folder, 'data.mdb');
    truncateSync(file, statSync(file).size >> 1);

    const damaged = Store.open(folder);
    t.teardown(() => damaged.close());
    t.throws(() => damaged.table('a').getRange(), {
      code: 'ERR_ACADEMY_STORE',
      message: new RegExp(`${folder}.*MDB_CORRUPTED`),
      remedy: /restore a copy of it, or move it away/,
    });
  },
);

t.test('a worker thread may not open the store', async (t) => {
  const module = JSON.stringify(new URL('../../../runtime/storage/Store.js', import.meta.url).href);
  const code = `
    const { parentPort } = require('node:worker_threads');
    import(${module}).then(({ Store }) => Store.open(${JSON.stringify(t.testdir())}))
      .then(() => 'opened', (error) => error.code)
      .then((word) => parentPort.postMessage(word));`;
  const worker = new Worker(code, { eval: true });
  const word = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  t.equal(word, 'ERR_ACADEMY_STORE');
});
