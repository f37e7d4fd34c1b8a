import { isDeepStrictEqual } from 'node:util';
import { decode as decodeElsewhere } from '@msgpack/msgpack';
import fc from 'fast-check';
import t from 'tap';
import { type AcademyEventData, isEventData } from '../../../../runtime/protocol/events.js';
import { doesNotFit, needsDefinitions, notEncodable } from '../../../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout, type LazyReader } from '../../../../runtime/protocol/layout/FixedLayout.js';
import { type HotEventName, isHotEventName } from '../../../../runtime/protocol/layout/hotEvents.js';
import { IdDictionary } from '../../../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../../../runtime/protocol/layout/IdTable.js';
import Type from '../../../../runtime/protocol/typebox.js';
import { eventExamples } from '../eventExamples.js';
import { hotEventNames, valuesOf } from './valuesOf.js';

type Signal = AcademyEventData['academy.training.signal'];

const signalExample = eventExamples['academy.training.signal'];
const { targetNodes: _, ...signalWithoutRest } = signalExample;
const roomy = 65_536;
/** Where a message begins in its buffer: an odd place, as in a slot. */
const start = 13;

/** Offsets of values in a signal's message without a dictionary: six ids, word, number, two words, four texts … */
const fixedOffsets = {
  mask: 7,
  personaId: 10,
  type: 27,
  value: 29,
  category: 37,
  inputContext: 40,
  answer: 52,
} as const;
const propagateOffset = 57;
const timestampOffset = 59;

/** Both sides of a stream that loses nothing. */
class Stream<N extends HotEventName> {
  readonly layout: FixedLayout<AcademyEventData[N]>;
  readonly dictionary: IdDictionary | null;
  readonly table: IdTable | null;

  constructor(name: N, dictionary: boolean, idsMax?: number) {
    this.layout = FixedLayout.of(name, { dictionary });
    this.dictionary = dictionary ? new IdDictionary(idsMax) : null;
    this.table = dictionary ? new IdTable() : null;
  }

  /** The bytes of a message, with `start` bytes of something else before and after it. */
  encode(value: AcademyEventData[N], roomBytes = roomy): Buffer {
    const target = Buffer.alloc(start + roomBytes + start, 0xee);
    const limit = start + roomBytes;
    let end = this.layout.encode(value, target, start, limit, this.dictionary);
    while (end === needsDefinitions) {
      const definitions = Buffer.alloc(1_400);
      const definitionsEnd = this.dictionary?.writeDefinitions(definitions, 0, definitions.length) ?? -1;
      if (!this.table?.define(definitions, 0, definitionsEnd)) throw new Error('the table refused definitions');
      end = this.layout.encode(value, target, start, limit, this.dictionary);
    }
    if (end < 0) throw new Error(`encode said ${end}`);
    return target.subarray(0, end);
  }

  decode(message: Buffer): AcademyEventData[N] | undefined {
    return this.layout.decode(message, start, message.length, this.table);
  }
}

/** Every way in which an event may travel. */
const ways = hotEventNames.flatMap((name) => [
  { name, dictionary: true },
  { name, dictionary: false },
]);

for (const { name, dictionary } of ways) {
  const called = `${name}, ${dictionary ? 'with' : 'without'} a dictionary`;

  t.test(`${called}: what is encoded is decoded, by the eager and the lazy reader`, (t) => {
    const stream = new Stream(name, dictionary, 50);
    const lazy = stream.layout.lazy();
    const holds = fc.property(valuesOf(name), (value) => {
      const message = stream.encode(value);
      const decoded = stream.decode(message);
      if (!isEventData(name, value) || !isEventData(name, decoded) || !isDeepStrictEqual(decoded, value)) return false;
      return lazy.at(message, start, message.length, stream.table) && isDeepStrictEqual(read(lazy, value), value);
    });
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 500 }));
    t.end();
  });

  t.test(`${called}: a foreign decoder reads it, texts joined and numbers in place`, (t) => {
    const stream = new Stream(name, dictionary);
    const holds = fc.property(valuesOf(name), (value) => {
      const message = stream.encode(value);
      const elements = decodeElsewhere(message.subarray(start)) as unknown[];
      const joined = elements.at(-2) as string;
      return elements[0] === stream.layout.eventId && textsIn(value).every((text) => joined.includes(text));
    });
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 100 }));
    t.end();
  });

  t.test(`${called}: a message that was cut short, or is longer, is refused`, (t) => {
    const stream = new Stream(name, dictionary);
    const message = stream.encode(eventExamples[name]);
    const lazy = stream.layout.lazy();
    const { layout, table } = stream;
    const accepted = Array.from({ length: message.length }, (_, end) => end).filter(
      (end) => layout.decode(message, start, end, table) !== undefined || lazy.at(message, start, end, table),
    );
    t.strictSame(accepted, []);
    t.equal(layout.decode(Buffer.concat([message, Buffer.from([0xc0])]), start, message.length + 1, table), undefined);
    t.equal(layout.decode(message, start, message.length + 1, table), undefined, 'an end beyond the buffer');
    t.equal(layout.decode(message, -1, message.length, table), undefined, 'an offset before the buffer');
    t.end();
  });

  t.test(`${called}: changed bytes never throw, and never give what the event's own validator refuses`, (t) => {
    const stream = new Stream(name, dictionary);
    const lazy = stream.layout.lazy();
    const change = fc.record({ at: fc.nat(10_000), byte: fc.integer({ min: 0, max: 255 }) });
    const holds = fc.property(valuesOf(name), fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
      const message = Buffer.from(stream.encode(value));
      for (const { at, byte } of changes) message[start + (at % Math.min(message.length - start, 160))] = byte;
      const decoded = stream.decode(message);
      const seen = lazy.at(message, start, message.length, stream.table);
      if (decoded === undefined) return true;
      return isEventData(name, decoded) && seen && isDeepStrictEqual(read(lazy, decoded), decoded);
    });
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 3_000 }));
    t.end();
  });

  t.test(`${called}: nothing is written beyond the limit, and what just fits is written`, (t) => {
    const stream = new Stream(name, dictionary);
    const { layout } = stream;
    const holds = fc.property(valuesOf(name), (value) => {
      const length = stream.encode(value).length - start;
      const target = Buffer.alloc(start + length + start, 0xee);
      for (let shorter = Math.max(0, length - 20); shorter < length; shorter++) {
        if (layout.encode(value, target, start, start + shorter, stream.dictionary) !== doesNotFit) return false;
        if (!isUntouched(target.subarray(0, start)) || !isUntouched(target.subarray(start + shorter))) return false;
        target.fill(0xee);
      }
      const fits = layout.encode(value, target, start, start + length, stream.dictionary) === start + length;
      return fits && isUntouched(target.subarray(start + length));
    });
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 100 }));
    t.end();
  });
}

t.test('messages are written to, and read from, memory that threads share', (t) => {
  const layout = FixedLayout.of('academy.training.signal', { dictionary: false });
  const shared = Buffer.from(new SharedArrayBuffer(roomy));
  for (const signal of [signalExample, signalWithoutRest, withSignal({ inputContext: 'ü 👍' })]) {
    const end = layout.encode(signal, shared, start, roomy, null);
    t.strictSame(layout.decode(shared, start, end, null), signal);
    t.ok(layout.lazy().at(shared, start, end, null));
  }
  t.end();
});

t.test('a limit beyond the buffer is the end of the buffer', (t) => {
  const layout = FixedLayout.of('academy.chat.typing', { dictionary: false });
  t.equal(layout.encode(eventExamples['academy.chat.typing'], Buffer.alloc(20), 0, 1_000, null), doesNotFit);
  t.end();
});

t.test('values that are none of the event write nothing beyond the limit', (t) => {
  const layout = FixedLayout.of('academy.training.signal', { dictionary: false });
  const anything = fc.anything({ maxDepth: 1 });
  const keys = Object.keys(signalWithoutRest) as (keyof typeof signalWithoutRest)[];
  const holds = fc.property(fc.constantFrom(...keys), anything, fc.nat(400), (key, garbage, roomBytes) => {
    const target = Buffer.alloc(start + roomBytes + start, 0xee);
    try {
      layout.encode({ ...signalWithoutRest, [key]: garbage } as Signal, target, start, start + roomBytes, null);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    return isUntouched(target.subarray(0, start)) && isUntouched(target.subarray(start + roomBytes));
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2_000 }));
  const target = Buffer.alloc(roomy);
  const encode = (signal: Signal): number => layout.encode(signal, target, 0, roomy, null);
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  t.equal(encode(withSignal({ type: 'other' as 'meta' })), notEncodable, 'a word that is none');
  t.equal(encode(withSignal({ inputContext: 'x'.repeat(4_001) })), notEncodable, 'a text that is far too long');
  t.equal(encode({ ...signalWithoutRest, targetNodes: cyclic as string[] }), notEncodable, 'a cycle');
  t.end();
});

t.test('a lone surrogate is replaced, also where the next text would complete the pair', (t) => {
  const stream = new Stream('academy.training.signal', false);
  const halves = {
    inputContext: 'a\ud83d',
    expectedBehavior: '\udc4db',
    actualBehavior: '\ud800',
    improvementSuggestion: '',
  };
  const decoded = stream.decode(stream.encode(withSignal(halves)));
  t.match(decoded?.signal, {
    inputContext: 'a\ufffd',
    expectedBehavior: '\ufffdb',
    actualBehavior: '\ufffd',
    improvementSuggestion: '',
  });
  t.end();
});

t.test('a pair of surrogates is not cut in two by forged lengths', (t) => {
  const { layout, message } = signalMessage(withSignal({ inputContext: 'a👍', expectedBehavior: 'b' }));
  const at = fixedOffsets.inputContext;
  t.ok(layout.decode(message, 0, message.length, null));
  message.writeUInt16BE(2, at);
  message.writeUInt16BE(2, at + 3);
  t.equal(layout.decode(message, 0, message.length, null), undefined);
  t.equal(layout.lazy().at(message, 0, message.length, null), false);
  t.end();
});

t.test('bytes that are not UTF-8 are refused, or not given out', (t) => {
  const latin = signalMessage(withSignal({ inputContext: 'plain' }));
  const place = latin.message.indexOf('plain');
  latin.message[place] = 0xe9;
  const lazy = latin.layout.lazy();
  t.equal(latin.layout.decode(latin.message, 0, latin.message.length, null), undefined);
  t.ok(lazy.at(latin.message, 0, latin.message.length, null));
  t.equal(lazy.value.signal.inputContext, undefined);
  const wide = signalMessage(withSignal({ inputContext: 'plain 漢' }));
  wide.message[wide.message.indexOf('plain')] = 0xff;
  t.equal(wide.layout.decode(wide.message, 0, wide.message.length, null), undefined);
  t.equal(wide.layout.lazy().at(wide.message, 0, wide.message.length, null), false);
  t.end();
});

function signalMessage(signal: Signal): { layout: FixedLayout<Signal>; message: Buffer } {
  const layout = FixedLayout.of('academy.training.signal', { dictionary: false });
  const target = Buffer.alloc(roomy);
  return { layout, message: target.subarray(0, layout.encode(signal, target, 0, roomy, null)) };
}

t.test('each bound of the schema is checked in bytes made by hand', (t) => {
  const { layout, message } = signalMessage(signalWithoutRest);
  const accepts = (change: (bytes: Buffer) => unknown): boolean => {
    const bytes = Buffer.from(message);
    change(bytes);
    const decoded = layout.decode(bytes, 0, bytes.length, null);
    const seen = layout.lazy().at(bytes, 0, bytes.length, null);
    t.equal(seen, decoded !== undefined);
    return seen;
  };
  const { mask, value, type, category, personaId, answer } = fixedOffsets;
  t.ok(
    accepts(() => {}),
    'as it was',
  );
  for (const number of [-1, 0, 1]) t.ok(accepts((bytes) => bytes.writeDoubleBE(number, value)));
  for (const number of [-1.01, 1.01, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    t.notOk(
      accepts((bytes) => bytes.writeDoubleBE(number, value)),
      `value ${number}`,
    );
  }
  for (const time of [0, 8.64e15]) t.ok(accepts((bytes) => bytes.writeDoubleBE(time, timestampOffset)));
  for (const time of [-1, 0.5, 8.64e15 + 2, 1e300, Number.NaN]) {
    t.notOk(
      accepts((bytes) => bytes.writeDoubleBE(time, timestampOffset)),
      `time ${time}`,
    );
  }
  for (const [at, words] of [
    [type, 3],
    [category, 4],
  ] as const) {
    t.ok(accepts((bytes) => bytes.writeUInt8(words - 1, at)));
    for (const word of [words, 0x7f, 0xc0])
      t.notOk(
        accepts((bytes) => bytes.writeUInt8(word, at)),
        `word ${word}`,
      );
  }
  t.ok(accepts((bytes) => bytes.writeUInt8(0xc2, propagateOffset)));
  for (const byte of [0x00, 0x01, 0xc0, 0xc1]) t.notOk(accepts((bytes) => bytes.writeUInt8(byte, propagateOffset)));
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(0, personaId)),
    'an empty id',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(257, personaId)),
    'a long id',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(0, answer)),
    'an optional id that is there and empty',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(0b0_0010, mask)),
    'a text of a field that is not there',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(0b1_0001, mask)),
    'a null of a field that is not there',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt16BE(0b10_0011, mask)),
    'a bit without a meaning',
  );
  t.notOk(
    accepts((bytes) => bytes.writeUInt8(0x80, bytes.length - 1)),
    'a rest that is not nil',
  );
  t.end();
});

t.test('every byte that is the same in each message has to be what it is', (t) => {
  const stream = new Stream('academy.chat.typing', false);
  const message = Buffer.from(stream.encode(eventExamples['academy.chat.typing']));
  const lazy = stream.layout.lazy();
  // dc n n, cd id id, four lengths, a duration, a time, da n n, and the nil at the end.
  const constant = [0, 1, 2, 3, 4, 5, 6, 9, 12, 15, 18, 21, 30, message.length - 1 - start];
  const prefixes = constant.map((at) => message[start + at]);
  t.strictSame(prefixes, [0xdc, 0, 9, 0xcd, 0, 3, 0xcd, 0xcd, 0xcd, 0xcd, 0xcd, 0xcb, 0xda, 0xc0]);
  const accepted: string[] = [];
  for (const at of constant) {
    const right = message[start + at];
    for (let byte = 0; byte < 256; byte++) {
      message[start + at] = byte;
      const seen = lazy.at(message, start, message.length, null);
      if (byte !== right && (seen || stream.decode(message))) accepted.push(`${byte} at ${at}`);
    }
    message[start + at] = right as number;
  }
  t.strictSame(accepted, []);
  t.ok(stream.decode(message));
  t.end();
});

t.test('a text has as many code points as its schema allows, not as many units', (t) => {
  const stream = new Stream('academy.training.signal', false);
  const longest = withSignal({ inputContext: '👍'.repeat(2_000) });
  const message = stream.encode(longest);
  t.strictSame(stream.decode(message), longest);
  const tooLong = stream.encode(withSignal({ inputContext: `${'👍'.repeat(1_000)}${'é'.repeat(1_001)}` }));
  t.equal(stream.decode(tooLong), undefined);
  t.equal(stream.layout.lazy().at(tooLong, start, tooLong.length, null), false);
  const tooLongAscii = stream.encode(withSignal({ inputContext: 'x'.repeat(2_001) }));
  t.equal(stream.decode(tooLongAscii), undefined);
  t.equal(stream.layout.lazy().at(tooLongAscii, start, tooLongAscii.length, null), false);
  t.end();
});

t.test('a rest that its schema refuses is refused', (t) => {
  const stream = new Stream('academy.training.signal', false);
  for (const targetNodes of [[''], [1], 'x', Array(257).fill('x'), null]) {
    const message = stream.encode({ ...signalWithoutRest, targetNodes: targetNodes as string[] });
    t.equal(stream.decode(message), undefined, JSON.stringify(targetNodes)?.slice(0, 40));
    t.equal(stream.layout.lazy().at(message, start, message.length, null), false);
  }
  t.end();
});

t.test('the same event has one layout, and values of it have one shape', (t) => {
  t.equal(FixedLayout.of('academy.chat.typing'), FixedLayout.of('academy.chat.typing'));
  t.not(FixedLayout.of('academy.chat.typing'), FixedLayout.of('academy.chat.typing', { dictionary: false }));
  const stream = new Stream('academy.training.signal', false);
  const keys = Object.keys(stream.decode(stream.encode(signalExample)) ?? {});
  t.strictSame(keys, Object.keys(signalExample), 'keys in declared order');
  t.end();
});

t.test('hot events are those that have a layout', (t) => {
  const strangers = ['academy.chat.message', 'constructor', '', undefined];
  t.strictSame([...hotEventNames, ...strangers].filter(isHotEventName), hotEventNames);
  t.end();
});

t.test('the hash tells layouts apart', (t) => {
  const base = { a: Type.Integer({ minimum: 0, maximum: 9 }), b: Type.String({ minLength: 1, maxLength: 128 }) };
  const hashOf = (
    fields: Record<string, typeof base.a | typeof base.b>,
    eventId = 900,
    repeatedIds: string[] = [],
  ): number =>
    FixedLayout.from({ eventId, schema: Type.Object(fields, { additionalProperties: false }), repeatedIds }).hash;
  const hashes = [
    hashOf(base),
    hashOf({ b: base.b, a: base.a }),
    hashOf({ a: base.a, c: base.b }),
    hashOf({ ...base, a: Type.Integer({ minimum: 0, maximum: 10 }) }),
    hashOf(base, 901),
    hashOf(base, 900, ['b']),
    ...ways.map(({ name, dictionary }) => FixedLayout.of(name, { dictionary }).hash),
  ];
  t.equal(new Set(hashes).size, hashes.length);
  t.equal(hashOf(base), hashOf(base));
  t.ok(hashes.every((hash) => Number.isInteger(hash) && hash >= 0 && hash <= 0xffff_ffff));
  t.end();
});

t.test('every form of a field keeps its value, alone and optional and null', (t) => {
  const forms = {
    small: Type.Integer({ minimum: 1, maximum: 65_535 }),
    wide: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
    signed: Type.Integer({ minimum: -5, maximum: 5 }),
    free: Type.Number(),
    flag: Type.Boolean(),
    word: Type.Enum(['one', 'two']),
    text: Type.String({ minLength: 2, maxLength: 9 }),
  };
  for (const [name, form] of Object.entries(forms)) {
    const schema = Type.Object(
      {
        plain: form,
        nullable: Type.Union([form, Type.Null()]),
        optional: Type.Optional(Type.Union([form, Type.Null()])),
      },
      { additionalProperties: false },
    );
    const layout = FixedLayout.from<Record<string, unknown>>({ eventId: 7, schema, repeatedIds: [] });
    const values = {
      small: 65_535,
      wide: 4_294_967_295,
      signed: -5,
      free: -1.5e300,
      flag: true,
      word: 'two',
      text: 'é👍',
    };
    const held = values[name as keyof typeof values];
    const target = Buffer.alloc(256);
    for (const nullable of [held, null]) {
      for (const rest of [{}, { optional: held }, { optional: null }]) {
        const value = { plain: held, nullable, ...rest };
        const end = layout.encode(value, target, 0, target.length, null);
        t.strictSame(layout.decode(target, 0, end, null), value, `${name} ${JSON.stringify(value)}`);
        const lazy = layout.lazy();
        t.ok(lazy.at(target, 0, end, null));
        t.strictSame(read(lazy, value), value);
      }
    }
  }
  t.end();
});

t.test('a schema that no fixed layout can be made of is refused', (t) => {
  const id = Type.String({ minLength: 1, maxLength: 128 });
  const closed = { additionalProperties: false };
  const refused = [
    { schema: Type.Object({ id }), repeatedIds: [] },
    { schema: id, repeatedIds: [] },
    { schema: Type.Object({ id }, closed), repeatedIds: ['other'] },
    { schema: Type.Object({ id: Type.String({ maxLength: 128 }) }, closed), repeatedIds: ['id'] },
    {
      schema: Type.Object({ a: Type.String({ maxLength: 16_000 }), b: Type.String({ maxLength: 16_000 }) }, closed),
      repeatedIds: [],
    },
    {
      schema: Type.Object(Object.fromEntries('abcdef'.split('').map((key) => [key, Type.Optional(id)])), closed),
      repeatedIds: [],
    },
  ];
  for (const { schema, repeatedIds } of refused) {
    t.throws(() => FixedLayout.from({ eventId: 1, schema, repeatedIds }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  }
  t.throws(() => FixedLayout.from({ eventId: 0, schema: Type.Object({ id }, closed), repeatedIds: [] }), {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
  });
  t.end();
});

function withSignal(changes: Partial<Signal['signal']>): Signal {
  return { ...signalWithoutRest, signal: { ...signalExample.signal, ...changes } };
}

function isUntouched(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0xee);
}

/** The free texts of a value's top level that stand in the joined text whatever the dictionary does. */
function textsIn(value: object): string[] {
  const { signal, messageId } = value as { signal?: Record<string, unknown>; messageId?: string };
  const { inputContext, improvementSuggestion } = signal ?? {};
  return [messageId, inputContext, improvementSuggestion].filter((text) => typeof text === 'string');
}

/** Every field of the message that the reader stands on, in the shape of `like`. */
function read<T>(lazy: LazyReader<T>, like: object): unknown {
  const copy = (from: unknown, shape: object): unknown =>
    Object.fromEntries(
      Object.entries(shape).map(([key, inner]) => {
        const value = (from as Record<string, unknown>)[key];
        const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
        return [key, isObject ? copy(value, inner) : value];
      }),
    );
  return copy(lazy.value, like);
}
