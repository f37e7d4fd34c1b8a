import fc from 'fast-check';
import t, { type Test } from 'tap';
import { contextMerger, contextSetter } from '../../../../runtime/hosting/tiers/contextMerger.js';

/** Often enough for a function to be generated, and given up. */
const uses = 300;

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '1', '0', '__proto__', 'constructor', 'a b', '"', '\\', '\u2028'),
  fc.string({ maxLength: 3 }),
);
const object = fc.dictionary(name, fc.oneof(fc.integer(), fc.constant(undefined), fc.string()), { maxKeys: 4 });

function sameObject(t: Test, actual: object, expected: object): void {
  t.strictSame(Object.entries(actual), Object.entries(expected), 'properties, and their order');
  t.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected));
}

t.test('a context is merged as by Object.assign, whatever it was before', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(object, object), { minLength: 1, maxLength: 5 }), (pairs) => {
      const merge = contextMerger();
      for (let use = 0; use < uses; use++) {
        const [context, changes] = pairs[Math.floor((use * pairs.length) / uses)] as [Record<string, unknown>, object];
        const before = Object.entries(context);
        const merged = merge(context, changes);
        sameObject(t, merged, Object.assign({}, context, changes));
        if (merged === context || Object.entries(context).length !== before.length)
          throw new Error('it was changed in place');
      }
    }),
    { numRuns: 20 },
  );
});

t.test('properties that are known beforehand are set as by Object.assign', async (t) => {
  const known = fc.uniqueArray(
    name.filter((each) => each !== '__proto__'),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(known, object, object, (properties, one, other) => {
      const set = contextSetter(properties);
      for (let use = 0; use < uses; use++) {
        const context = use % 100 < 80 ? one : other;
        const values = properties.map((_, place) => use + place);
        const changes = Object.fromEntries(properties.map((property, place) => [property, values[place]]));
        const expected = Object.assign({}, context, changes);
        sameObject(t, set(context, values.length === 1 ? values[0] : values), expected);
      }
    }),
    { numRuns: 20 },
  );
});

t.test('what cannot be told beforehand is left to Object.assign', async (t) => {
  const secret = Symbol('secret');
  class Counter {
    n = 1;
  }
  for (const context of [
    { n: 1, [secret]: 2 },
    Object.create({ inherited: 1 }, { n: { value: 1, enumerable: true } }),
    new Counter(),
  ]) {
    const merge = contextMerger();
    for (let use = 0; use < uses; use++) {
      const merged = merge(context, { m: use });
      if (merged[secret as never] !== context[secret]) throw new Error('a symbol was lost');
      if (Object.hasOwn(merged, 'inherited') || merged.n !== 1 || merged.m !== use) throw new Error('not the same');
    }
    for (const nothing of [undefined, null, 7, 'xy', []])
      sameObject(t, merge(context, nothing), Object.assign({}, context, nothing));
  }
});
