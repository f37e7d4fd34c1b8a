import { decode as decodeElsewhere } from '@msgpack/msgpack';
import fc from 'fast-check';
import t from 'tap';
import { isDefinitions } from '../../../../runtime/protocol/layout/definitions.js';
import { doesNotFit, needsDefinitions } from '../../../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout } from '../../../../runtime/protocol/layout/FixedLayout.js';
import { IdDictionary, inlineId } from '../../../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../../../runtime/protocol/layout/IdTable.js';
import { limits } from '../../../../runtime/protocol/limits.js';
import { eventExamples } from '../eventExamples.js';

const typing = eventExamples['academy.chat.typing'];
const layout = FixedLayout.of('academy.chat.typing');

function definitionsOf(dictionary: IdDictionary): Buffer {
  const target = Buffer.alloc(4_096);
  return target.subarray(0, dictionary.writeDefinitions(target, 0, target.length));
}

function define(table: IdTable, message: Buffer): boolean {
  return table.define(message, 0, message.length);
}

t.test('a new id needs its definition first, and encoding again then uses its number', (t) => {
  const dictionary = new IdDictionary();
  const table = new IdTable();
  const target = Buffer.alloc(1_400);
  t.equal(layout.encode(typing, target, 0, target.length, dictionary), needsDefinitions);
  t.equal(layout.encode(typing, target, 0, target.length, dictionary), needsDefinitions, 'until it is written');
  t.equal(dictionary.size, 3, 'all ids of the value are pending at once');
  const definitions = definitionsOf(dictionary);
  const end = layout.encode(typing, target, 0, target.length, dictionary);
  t.ok(end > 0);
  t.equal(layout.decode(target, 0, end, table), undefined, 'a number that was not defined');
  t.equal(layout.decode(target, 0, end, null), undefined);
  t.ok(define(table, definitions));
  t.strictSame(layout.decode(target, 0, end, table), typing);
  t.equal(definitionsOf(dictionary).length, 0, 'nothing is pending');
  t.end();
});

t.test('definitions are MessagePack and never taken for an event', (t) => {
  const dictionary = new IdDictionary();
  for (const id of ['ada', 'ü 👍']) dictionary.numberOf(id);
  const message = definitionsOf(dictionary);
  t.strictSame(decodeElsewhere(message), [0, 0, 'ada', 'ü 👍']);
  t.ok(isDefinitions(message, 0));
  const event = Buffer.alloc(1_400);
  layout.encode(typing, event, 0, event.length, null);
  t.notOk(isDefinitions(event, 0));
  t.equal(layout.decode(message, 0, message.length, new IdTable()), undefined);
  t.end();
});

t.test('a layout without a dictionary at hand sends ids as text', (t) => {
  const target = Buffer.alloc(1_400);
  const end = layout.encode(typing, target, 0, target.length, null);
  t.strictSame(layout.decode(target, 0, end, null), typing);
  t.end();
});

t.test('when the dictionary is full, further ids travel as text', (t) => {
  const dictionary = new IdDictionary(2);
  const table = new IdTable();
  const target = Buffer.alloc(1_400);
  t.equal(layout.encode(typing, target, 0, target.length, dictionary), needsDefinitions);
  t.equal(dictionary.size, 2);
  define(table, definitionsOf(dictionary));
  for (const academyId of ['another', 'ünother 👍', '👍'.repeat(128)]) {
    const value = { ...typing, academyId };
    const end = layout.encode(value, target, 0, target.length, dictionary);
    t.strictSame(layout.decode(target, 0, end, table), value);
  }
  t.equal(new IdDictionary(1e9).numberOf('x'), needsDefinitions);
  t.end();
});

t.test('no dictionary grows beyond its bound', (t) => {
  const dictionary = new IdDictionary();
  for (let index = 0; index < limits.dictionaryIdsMax + 100; index++) dictionary.numberOf(`id-${index}`);
  t.equal(dictionary.size, limits.dictionaryIdsMax);
  t.equal(dictionary.numberOf('one more'), inlineId);
  const table = new IdTable();
  while (dictionary.announced < dictionary.size) t.ok(define(table, definitionsOf(dictionary)));
  t.equal(table.idOf(limits.dictionaryIdsMax - 1), `id-${limits.dictionaryIdsMax - 1}`);
  t.equal(dictionary.numberOf('id-4095'), 4_095);
  t.end();
});

t.test('names that objects have by themselves, and digits, are ids like others', (t) => {
  const dictionary = new IdDictionary();
  const ids = ['__proto__', 'constructor', 'toString', '0', '42', '4294967295'];
  for (const id of ids) t.equal(dictionary.numberOf(id), needsDefinitions, id);
  const table = new IdTable();
  define(table, definitionsOf(dictionary));
  for (const [number, id] of ids.entries()) t.strictSame([dictionary.numberOf(id), table.idOf(number)], [number, id]);
  t.end();
});

t.test('what is no id gets no number', (t) => {
  const dictionary = new IdDictionary();
  for (const id of ['', 'x'.repeat(129), undefined, null, 5, {}]) t.equal(dictionary.numberOf(id as string), inlineId);
  t.equal(dictionary.size, 0);
  t.end();
});

t.test('all definitions are told again to who joins late, in messages of bounded size', (t) => {
  const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), { maxLength: 300 });
  const holds = fc.property(ids, fc.nat(300), (all, from) => {
    const dictionary = new IdDictionary();
    for (const id of all) dictionary.numberOf(id);
    const early = new IdTable();
    while (dictionary.announced < dictionary.size) if (!define(early, definitionsOf(dictionary))) return false;
    const messages = dictionary.definitionsFrom(from, 1_100);
    const late = new IdTable();
    if (!messages.every((message) => message.length <= 1_100 && define(late, message) && define(early, message)))
      return false;
    return all.every((id, number) => {
      const wellFormed = Buffer.from(id).toString();
      return early.idOf(number) === wellFormed && late.idOf(number) === (number < from ? undefined : wellFormed);
    });
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 100 }));
  const dictionary = new IdDictionary();
  dictionary.numberOf('pending');
  t.strictSame(dictionary.definitionsFrom(0), [], 'what has not been announced is not told');
  t.end();
});

t.test('what a table knows it can tell another table, with gaps where a definition has not come', (t) => {
  const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), {
    minLength: 1,
    maxLength: 200,
  });
  const holds = fc.property(ids, fc.nat(400), (all, lost) => {
    const dictionary = new IdDictionary();
    for (const id of all) dictionary.numberOf(id);
    const table = new IdTable();
    for (let index = 0; dictionary.announced < dictionary.size; index++) {
      const message = definitionsOf(dictionary);
      if (index !== lost % 3) define(table, message);
    }
    const messages = table.definitions(1_100);
    const other = new IdTable();
    if (!messages.every((message) => message.length <= 1_100 && define(other, message))) return false;
    return all.every((_, number) => other.idOf(number) === table.idOf(number)) && other.known === table.known;
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 100 }));
  t.strictSame(new IdTable().definitions(1_100), []);
  t.end();
});

t.test('definitions that do not fit are left pending', (t) => {
  const dictionary = new IdDictionary();
  for (const id of ['a'.repeat(100), 'b'.repeat(100)]) dictionary.numberOf(id);
  const target = Buffer.alloc(300, 0xee);
  t.equal(dictionary.writeDefinitions(target, 0, 100), doesNotFit);
  t.equal(dictionary.announced, 0);
  t.ok(target.every((byte) => byte === 0xee));
  const end = dictionary.writeDefinitions(target, 20, 150);
  t.equal(dictionary.announced, 1);
  t.strictSame([target.subarray(0, 20), target.subarray(end)], [Buffer.alloc(20, 0xee), Buffer.alloc(300 - end, 0xee)]);
  t.ok(dictionary.writeDefinitions(target, 0, 150) > 0);
  t.equal(dictionary.announced, 2);
  t.end();
});

t.test('a number keeps its id: to define it otherwise is refused, and nothing of that message counts', (t) => {
  const writer = (...ids: string[]): Buffer => {
    const dictionary = new IdDictionary();
    for (const id of ids) dictionary.numberOf(id);
    return definitionsOf(dictionary);
  };
  const table = new IdTable();
  t.ok(define(table, writer('ada')));
  t.notOk(define(table, writer('bo', 'cy')));
  t.strictSame([table.idOf(0), table.idOf(1)], ['ada', undefined]);
  t.notOk(define(table, writer('ada', 'bo').subarray(0, -1)), 'one that was cut');
  t.equal(table.idOf(1), undefined);
  t.ok(define(table, writer('ada', 'bo')));
  t.strictSame([table.idOf(0), table.idOf(1), table.idOf(4_096), table.idOf(-1)], ['ada', 'bo', undefined, undefined]);
  t.end();
});

t.test('malformed definitions are refused whole and never throw', (t) => {
  const dictionary = new IdDictionary();
  for (const id of ['ada', 'bo', 'ünter']) dictionary.numberOf(id);
  const message = definitionsOf(dictionary);
  const refusedAt = (end: number): boolean => !new IdTable().define(message, 0, end);
  t.ok(Array.from({ length: message.length }, (_, end) => end).every(refusedAt));
  const longer = Buffer.concat([message, Buffer.from([0])]);
  t.notOk(define(new IdTable(), longer), 'a byte too many');
  const tooHigh = Buffer.from(message);
  tooHigh.writeUInt16BE(limits.dictionaryIdsMax - 2, 5);
  t.notOk(define(new IdTable(), tooHigh), 'a number beyond the bound');
  const empty = Buffer.from([0xdc, 0, 3, 0, 0xcd, 0, 0, 0xda, 0, 0]);
  t.notOk(define(new IdTable(), empty), 'an empty id');
  const holds = fc.property(
    fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { minLength: 1 }),
    (changes) => {
      const bytes = Buffer.from(message);
      for (const [at, byte] of changes) bytes[at] = byte;
      const table = new IdTable();
      const defined = define(table, bytes);
      const known = Array.from({ length: limits.dictionaryIdsMax }, (_, number) => table.idOf(number)).filter(
        (id) => id !== undefined,
      );
      return known.every((id) => id.length >= 1 && id.length <= limits.idCharactersMax) && known.length > 0 === defined;
    },
  );
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 1_000 }));
  t.end();
});
