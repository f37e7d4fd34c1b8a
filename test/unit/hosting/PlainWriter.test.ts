/** What goes through a ring as plain data arrives as a structured clone would, and what is more is refused. */
import fc from 'fast-check';
import t from 'tap';
import { PlainReader } from '../../../runtime/hosting/rings/PlainReader.js';
import { PlainWriter } from '../../../runtime/hosting/rings/PlainWriter.js';

function makeEnds(bytes = 4_096) {
  const memory = new SharedArrayBuffer(bytes);
  const buffer = Buffer.from(memory);
  const view = new DataView(memory);
  const writer = new PlainWriter(buffer, view);
  const reader = new PlainReader(buffer, view);
  const write = (value: unknown, room = bytes): boolean => {
    writer.begin(0, room);
    if (writer.value(value)) return true;
    writer.abandon();
    return false;
  };
  const read = (length = writer.at): unknown => {
    reader.begin(0, length);
    return reader.value();
  };
  return { buffer, writer, reader, write, read };
}

const text = fc.string({ unit: 'grapheme', maxLength: 80 });
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.string({ maxLength: 300 }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(text, tie('value'), { maxKeys: 6 }),
  ),
})).value;

t.test('plain values of all kinds arrive as they were, one frame after the other', async (t) => {
  fc.assert(
    fc.property(fc.array(plain, { minLength: 1, maxLength: 8 }), (values) => {
      const { write, read } = makeEnds(65_536);
      for (const value of values) {
        if (!write(value)) {
          if (!JSON.stringify(value).includes('__proto__')) throw new Error('it was refused');
          continue;
        }
        // With the order of properties, which a machine may rely on.
        const [was, is] = [structuredClone(value), read()];
        if (!fc.stringify(is).startsWith(fc.stringify(was))) throw new Error(`${fc.stringify(is)} arrived`);
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('with less room than it takes a value is refused, and not one byte is written beyond', async (t) => {
  fc.assert(
    fc.property(plain, fc.nat(200), (value, room) => {
      const { buffer, writer, write, read } = makeEnds(65_536);
      buffer.fill(0xaa);
      const fits = write(value, room);
      for (let at = room; at < 65_536; at++) if (buffer[at] !== 0xaa) throw new Error(`it wrote at ${at}`);
      if (fits && fc.stringify(read()) !== fc.stringify(structuredClone(value))) throw new Error('another arrived');
      if (!fits && !writer.isFull && !JSON.stringify(value).includes('__proto__')) throw new Error('refused as such');
      const after = { theNext: [value] };
      if (write(after) && fc.stringify(read()) !== fc.stringify(structuredClone(after))) throw new Error('spoilt');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

t.test('what is more than plain data is refused, however deep it lies', async (t) => {
  const { writer, write } = makeEnds();
  const cyclic: Record<string, unknown> = {};
  cyclic.itself = cyclic;
  const shared = new SharedArrayBuffer(8);
  class Point {
    readonly x = 1;
  }
  const more: Record<string, unknown> = {
    function: () => 1,
    symbol: Symbol('s'),
    bigint: 1n,
    date: new Date(0),
    map: new Map([[1, 2]]),
    set: new Set([1]),
    error: new Error('e'),
    regexp: /x/,
    instance: new Point(),
    'typed array': new Float64Array(2),
    'shared memory': shared,
    'bytes of shared memory': new Uint8Array(shared),
    'a cycle': cyclic,
    'an array with holes': new Array(3),
    'half a pair of surrogates': 'it ends in \ud83d',
    'a property that would be a prototype': JSON.parse('{"__proto__": {"x": 1}}'),
  };
  for (const [name, value] of Object.entries(more)) {
    t.notOk(write(value), name);
    t.notOk(write({ deep: [[{ value }]] }), `${name}, deep`);
    t.notOk(writer.isFull, `${name}: for what it is`);
  }
});

t.test('a buffer arrives as bytes of its own', async (t) => {
  const { buffer, write, read } = makeEnds();
  write(Buffer.from([1, 2, 3]));
  const bytes = read();
  buffer.fill(0);
  t.strictSame(bytes, new Uint8Array([1, 2, 3]));
});

t.test('the places of many actors arrive as they were, or are refused where there is no room', async (t) => {
  const place = fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(Number.MAX_SAFE_INTEGER));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 50 }), fc.nat(700), (pairs, room) => {
      const { writer, reader } = makeEnds();
      const places = pairs.flat();
      writer.begin(0, room);
      const needs = (pairs.length < 8 ? 1 : 2) + 4 + 12 * pairs.length;
      if (writer.places(places) !== needs <= room) return false;
      if (needs > room) return true;
      reader.begin(0, writer.at);
      const read = reader.places();
      return read.length === places.length && read.every((number, at) => number === places[at]);
    }),
  );
  const { buffer, reader } = makeEnds();
  for (const [bytes, fault] of [
    [[0, 0xff, 0xff, 0xff, 0xff], 'more than the frame can hold'],
    [[2, 7], 'a list that was never laid'],
    [[3, 0], 'laid in no way that there is'],
  ] as const) {
    buffer.set(bytes);
    reader.begin(0, 100);
    t.throws(() => reader.places(), { code: 'ERR_ACADEMY_INTERNAL' }, fault);
  }
});

t.test(
  'a list of places that comes again crosses as a number, also when others have come between or were given up',
  async (t) => {
    const lists = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    const frames = fc.array(
      fc.record({ list: fc.nat(3), room: fc.constantFrom(60, 4_000), isAbandoned: fc.boolean() }),
    );
    fc.assert(
      fc.property(lists, frames, (seeds, sent) => {
        const { writer, reader } = makeEnds(65_536);
        const all = seeds.map((seed) =>
          Array.from({ length: 10 }, () => seed)
            .flat()
            .flatMap((slot) => [slot, 1]),
        );
        for (const { list, room, isAbandoned } of sent) {
          // A list of its own each time, as those who send make it.
          const places = [...(all[list % all.length] as number[])];
          writer.begin(0, room);
          if (!writer.places(places) || isAbandoned) {
            writer.abandon();
            continue;
          }
          reader.begin(0, writer.at);
          t.strictSame(reader.places(), places);
        }
      }),
    );
    const { writer } = makeEnds(65_536);
    const places = Array.from({ length: 2_000 }, (_, index) => index);
    const lengths = [places, [...places]].map((list) => {
      writer.begin(0, 65_536);
      writer.places(list);
      return writer.at;
    });
    t.strictSame(lengths, [12_006, 2]);
  },
);

t.test('a long name is not kept with the shapes, however often it comes', async (t) => {
  const { writer, write, read } = makeEnds(65_536);
  const value = { short: 1, ['n'.repeat(1_000)]: 2 };
  for (let time = 0; time < 4; time++) {
    t.ok(write(value));
    t.strictSame(read(), value);
    t.ok(writer.at > 1_000, 'it crosses each time');
  }
});

t.test('names of properties cross once, long ones and too many of them each time', async (t) => {
  const { writer, write, read } = makeEnds(65_536);
  const value = { participantId: 1, displayName: 2 };
  const sizeOf = (written: unknown): number => {
    t.ok(write(written));
    t.strictSame(read(), written);
    return writer.at;
  };
  const first = sizeOf(value);
  t.equal(sizeOf({ displayName: 2, participantId: 1 }), 5 + 2 * 7, 'in another order it is another shape');
  t.ok(first > 5 + 2 * 7 + 'participantIddisplayName'.length);
  const long = 'x'.repeat(65);
  t.equal(sizeOf({ [long]: 1 }), sizeOf({ [long]: 1, y: 1 }) - 'y'.length - 9);
  for (let index = 0; index < 5_000; index++) write({ [`name ${index}`]: index }) && read();
  t.ok(sizeOf({ 'name 4998': 1, 'name 4999': 1 }) > 2 * 'name 4998'.length);
});

t.test(
  'objects of a shape that comes again are a number and their values, also after a frame that was not sent',
  async (t) => {
    const { writer, write, read } = makeEnds();
    const node = (depth: number): object => ({ at: depth, 1: 'one', next: depth === 0 ? null : node(depth - 1) });
    for (let round = 0; round < 200; round++) {
      if (round % 3 === 1)
        t.notOk(write({ never: { sent: 1, fn: () => {} } }) || write({ fn: () => {}, at: 1, never: 2 }));
      if (round % 3 === 2) t.notOk(write(node(round % 5), 10));
      t.ok(write(node(round % 5)));
      t.strictSame(read(), node(round % 5));
    }
    write({ at: 1, after: 2 });
    read();
    write({ at: 1, after: 2 });
    read();
    write({ at: 1, after: 2 });
    t.equal(writer.at, 3 + 2 * 5);
    t.strictSame(read(), { at: 1, after: 2 });
  },
);

t.test('bytes that no writer writes end with an error, not with a read outside', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const { buffer, reader, read } = makeEnds();
      buffer.set(bytes);
      try {
        read(bytes.length);
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_ACADEMY_INTERNAL') throw error;
      }
      if (reader.at > bytes.length) throw new Error('it read outside');
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});
