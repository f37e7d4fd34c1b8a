import fc from 'fast-check';
import t from 'tap';
import { canonicalJson } from '../../../runtime/protocol/canonicalJson.js';

/** The same value with the members of every object in another order. */
function shuffled(value: unknown, order: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const members = Object.entries(value).map(([key, child]) => ({ key, child: shuffled(child, order), place: order() }));
  members.sort((left, right) => left.place - right.place);
  return Object.fromEntries(members.map(({ key, child }) => [key, child]));
}

t.test('the order in which members were written does not matter', (t) => {
  const property = fc.property(fc.jsonValue(), fc.infiniteStream(fc.nat()), (value, numbers) => {
    const order = (): number => numbers.next().value as number;
    return canonicalJson(value) === canonicalJson(shuffled(value, order));
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.end();
});

t.test('it is JSON that says the same value, and different values are written differently', (t) => {
  const same = (left: unknown, right: unknown): boolean => fc.stringify(sorted(left)) === fc.stringify(sorted(right));
  const property = fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
    const text = canonicalJson(left);
    return (
      same(JSON.parse(text), JSON.parse(JSON.stringify(left))) && (text === canonicalJson(right)) === same(left, right)
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.end();
});

t.test('it is spelt as RFC 8785 has it', (t) => {
  const table: [value: unknown, text: string][] = [
    [{ b: 1, a: { d: [], c: null } }, '{"a":{"c":null,"d":[]},"b":1}'],
    [[1e21, 1e-7, 0.1, -0, 1 / 3, 4.5], '[1e+21,1e-7,0.1,0,0.3333333333333333,4.5]'],
    ['\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'],
    // Sorted by UTF-16 code units: the surrogates of the emoji come before U+FB33.
    [{ '\ufb33': 1, '\u{1f600}': 2, ö: 3, '1': 4, '\r': 5 }, '{"\\r":5,"1":4,"ö":3,"\u{1f600}":2,"\ufb33":1}'],
    [Uint8Array.of(251, 255, 0), '"-_8A"'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [undefined, 'null'],
  ];
  for (const [value, text] of table) t.equal(canonicalJson(value), text);
  const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  t.equal(canonicalJson(view), canonicalJson(Uint8Array.of(1, 2)), 'of a view only the bytes in sight');
  t.equal(canonicalJson(Buffer.from([1, 2])), canonicalJson(Uint8Array.of(1, 2)));
  t.end();
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return { members: members.map(([key, child]) => [key, sorted(child)]) };
}
