import fc from 'fast-check';
import t from 'tap';
import { type Random, seededRandom } from '../../../runtime/protocol/Random.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';

/** Something of everything that a source gives. */
const sample = (random: Random): string =>
  JSON.stringify([random.next(), [...random.bytes(5)], random.id(), random.next(), random.id()]);

t.test('the same seed gives the same sequence, another seed another one', (t) => {
  const property = fc.property(fc.integer(), fc.integer(), (left, right) => {
    const [first, again, other] = [left, left, right].map((seed) => sample(seededRandom(seed)));
    return first === again && (left === right || first !== other);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 200 }));
  t.end();
});

t.test('the sequence of a seed never changes between versions and machines', (t) => {
  const random = seededRandom(42);
  t.strictSame(
    [random.next(), random.next(), random.next()].map((number) => Math.floor(number * 2 ** 32)),
    [695_857_468, 3_046_671_632, 1_167_015_482],
  );
  t.equal(seededRandom(42).id(), 'r4yjQIKuFE5thJ-S4SIp6');
  t.end();
});

for (const [name, random] of [
  ['seeded', seededRandom(3)],
  ['system', systemRandom],
] as const) {
  t.test(`${name}: numbers are uniform in [0, 1), bytes take all values, ids do not repeat`, (t) => {
    const tenths = new Array<number>(10).fill(0);
    for (let round = 0; round < 20_000; round++) {
      const number = random.next();
      if (!(number >= 0 && number < 1)) t.fail(`${number}`);
      const tenth = Math.floor(number * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // Six standard deviations of a binomial with n = 20,000 and p = 0.1.
    for (const count of tenths) t.ok(Math.abs(count - 2_000) < 255, `${count} of 2,000`);
    t.equal(new Set(random.bytes(20_000)).size, 256);
    t.equal(random.bytes(0).length, 0);
    const ids = Array.from({ length: 2_000 }, () => random.id());
    t.equal(new Set(ids).size, ids.length);
    t.ok(ids.every((id) => /^[A-Za-z0-9_-]{21}$/.test(id)));
    t.end();
  });
}

t.test('no id begins like an option of a command line', async (t) => {
  for (const random of [seededRandom(3), systemRandom]) {
    const ids = Array.from({ length: 1_000 }, () => random.id());
    t.notOk(ids.some((id) => id.startsWith('-')));
    t.ok(ids.every((id) => /^[\w-]{21}$/.test(id)));
    t.equal(new Set(ids).size, ids.length);
  }
});
