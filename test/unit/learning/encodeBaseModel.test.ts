import fc from 'fast-check';
import t from 'tap';
import { BaseModel, encodeBaseModel } from '../../../actors/learning/BaseModel.js';

const texts = ['the pin of the card', 'the seat in the plane', 'the weather', 'the card is lost'];

t.test('the same texts in any order give the same bytes, and so the same hash', (t) => {
  const bytes = encodeBaseModel('tiny', texts);
  const property = fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (shuffled) => {
    const again = encodeBaseModel('tiny', shuffled);
    return Buffer.compare(bytes, again) === 0 && new BaseModel(again).sha256 === new BaseModel(bytes).sha256;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 10 }));
  t.end();
});

t.test('other texts, or a table changed by a bit, make another base model', (t) => {
  const bytes = encodeBaseModel('tiny', texts);
  const changed = Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 2 ? byte ^ 1 : byte));
  const hashes = [bytes, changed, encodeBaseModel('tiny', [...texts, 'one more'])].map((b) => new BaseModel(b).sha256);
  t.equal(new Set(hashes).size, 3);
  t.end();
});

t.test('as many texts as the table can count are taken, and no more', (t) => {
  const empty = (count: number) => Array.from({ length: count }, () => '');
  t.equal(new BaseModel(encodeBaseModel('full', empty(65_535))).documents, 65_535);
  t.throws(() => encodeBaseModel('too large', empty(65_536)), RangeError);
  t.end();
});
