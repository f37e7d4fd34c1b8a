import t from 'tap';
import { PersonaStore, personaBytesMax } from '../../../runtime/storage/PersonaStore.js';
import { Store } from '../../../runtime/storage/Store.js';

t.test('what a persona has learnt survives a restart, byte by byte', async (t) => {
  const folder = t.testdir();
  const store = Store.open(folder);
  const personas = new PersonaStore(store);
  t.equal(personas.get('ada'), undefined);
  const learnt = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7);
  await Promise.all([personas.put('ada', learnt), personas.put('bö', new Uint8Array())]);
  await personas.put('mia', Uint8Array.of(1));
  await store.close();

  const again = Store.open(folder);
  t.teardown(() => again.close());
  const reopened = new PersonaStore(again);
  t.strictSame(reopened.list(), ['ada', 'bö', 'mia']);
  t.strictSame(new Uint8Array(reopened.get('ada') ?? []), learnt);
  t.equal(reopened.get('bö')?.length, 0);
  await reopened.remove('ada');
  await reopened.remove('nobody');
  t.strictSame(reopened.list(), ['bö', 'mia']);
});

t.test('bytes that the learner changes after put() are kept as they were', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const personas = new PersonaStore(store);
  const learnt = Uint8Array.of(1, 2, 3);
  const written = personas.put('ada', learnt);
  learnt.fill(9);
  await written;
  t.strictSame([...(personas.get('ada') ?? [])], [1, 2, 3]);
});

t.test('an id or size out of bounds is refused', async (t) => {
  const store = Store.open(t.testdir());
  t.teardown(() => store.close());
  const personas = new PersonaStore(store);
  for (const id of ['', 'x'.repeat(129)]) {
    await t.rejects(personas.put(id, Uint8Array.of(1)), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  const tooMuch = { length: personaBytesMax + 1 } as Uint8Array;
  await t.rejects(personas.put('ada', tooMuch), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
});
