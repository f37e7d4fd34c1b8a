import { decode as decodeElsewhere, encode as encodeElsewhere } from '@msgpack/msgpack';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import t from 'tap';
import { isEventData } from '../../../runtime/protocol/events.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { eventExamples } from './eventExamples.js';

const codec = new MessageCodec();

/** JSON-like values with bytes; a MessagePack map has text keys here, and -0 is written as 0. */
const plainValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value;

/** Decoders differ in the class that they give bytes. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, comparable(child)]));
}

const same = (left: unknown, right: unknown): boolean => {
  try {
    return fc.stringify(comparable(left)) === fc.stringify(comparable(right));
  } catch {
    return false;
  }
};

t.test('any plain value round-trips, and another implementation reads and writes the same', (t) => {
  const property = fc.property(plainValue, (value) => {
    const bytes = codec.encode(value);
    return (
      same(codec.decode(bytes), value) &&
      same(decodeElsewhere(bytes), value) &&
      same(codec.decode(encodeElsewhere(value)), value)
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
  t.end();
});

t.test('what was encoded is not overwritten by what is encoded next', (t) => {
  const first = codec.encode({ text: 'first' });
  t.equal(first.byteLength, first.buffer.byteLength, 'the bytes are exactly the message and travel alone');
  for (let round = 0; round < 2_000; round++) codec.encode({ text: `later ${round}`, padding: 'x'.repeat(100) });
  t.strictSame(codec.decode(first), { text: 'first' });
  t.end();
});

t.test('what MessagePack cannot hold is a coded error', (t) => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const value of [cycle, Symbol('x'), { inner: Symbol('x') }, 2n ** 80n]) {
    t.throws(() => codec.encode(value), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  t.end();
});

t.test('no bytes whatever make decoding throw or spoil what is decoded afterwards', (t) => {
  const good = codec.encode(eventExamples['academy.chat.message']);
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // A message of ours with some of its bytes replaced.
    fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 6 }).map((changes) => {
      const bytes = new Uint8Array(good);
      for (const [index, byte] of changes) bytes[index] = byte;
      return bytes;
    }),
    // What begins like one of msgpackr's own extensions: records, references, bundled strings.
    fc
      .tuple(
        fc.constantFrom(0xd4, 0xd5, 0xd6, 0xc7),
        fc.constantFrom(0x72, 0x69, 0x70, 0x62, 0x73, 0x74, 0x65, 0x78),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([form, type, rest]) => Uint8Array.of(form, type, ...rest)),
  );
  const property = fc.property(hostile, (bytes) => {
    codec.decode(bytes);
    return isEventData('academy.chat.message', codec.decode(good)) && codec.decode(Uint8Array.of(0x40)) === 0x40;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }));
  t.end();
});

t.test('bytes that are not exactly one value are undefined', (t) => {
  for (const bytes of [
    [],
    [1, 2],
    [0xa5, 0x61],
    [0x92, 1],
    [0xdf, 0xff, 0xff, 0xff, 0xff],
    [0xdd, 0xff, 0xff, 0xff, 0xff],
  ]) {
    t.equal(codec.decode(Uint8Array.from(bytes)), undefined, `${bytes}`);
  }
  t.equal(codec.decode(new Uint8Array(100_000).fill(0x91)), undefined, 'nesting that never ends');
  t.end();
});

t.test('a record definition of a peer does not outlive its message', (t) => {
  const records = new Packr({ useRecords: true });
  const definition = records.pack({ messageId: 'x', text: 'y' });
  codec.decode(definition);
  t.equal(codec.decode(Uint8Array.of(0x40)), 0x40, 'a number is still a number');
  t.strictSame(codec.decode(codec.encode({ a: 1 })), { a: 1 });
  t.end();
});

t.test('a peer cannot hand in a cyclic value', (t) => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const bytes = new Packr({ structuredClone: true, useRecords: false, moreTypes: true }).pack(cycle);
  t.equal(codec.decode(bytes), undefined);
  t.end();
});

t.test('a key that means something to Object does nothing here', (t) => {
  const decoded = codec.decode(encodeElsewhere(JSON.parse('{"a": 1}'))) as object;
  // Written by hand, because an honest encoder leaves such a key out.
  const poisoned = codec.decode(Buffer.from('81a95f5f70726f746f5f5f81a161c3', 'hex')) as { a?: unknown };
  t.equal(Object.getPrototypeOf(poisoned), Object.prototype);
  t.equal(poisoned.a, undefined);
  t.equal((decoded as { a: number }).a, 1);
  t.equal(({} as { a?: unknown }).a, undefined);
  t.end();
});

t.test('memory that threads share is read like any other', (t) => {
  const value = ['participant', '34750f98bd59fcfc946da45aaabe933b', { text: 'ü 👍'.repeat(20) }];
  const bytes = codec.encode(value);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 100), 50, bytes.length);
  shared.set(bytes);
  t.strictSame(codec.decode(shared), value);
  t.end();
});
