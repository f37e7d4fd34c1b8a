import fc from 'fast-check';
import t from 'tap';
import { FEATURE_BUCKETS } from '../../../actors/learning/featureHash.js';
import {
  createFeatureExtractor,
  distinctBuckets,
  FEATURE_TEXT_UNITS_MAX,
  wordsOf,
} from '../../../actors/learning/features.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';

const features = createFeatureExtractor(new Float32Array(FEATURE_BUCKETS).fill(1));

function cosine(one: string, other: string): number {
  const weights = new Map<number, number>();
  const left = features(one);
  left.indices.forEach((bucket, i) => {
    weights.set(bucket, left.values[i] as number);
  });
  const right = features(other);
  return right.indices.reduce((sum, bucket, i) => sum + (weights.get(bucket) ?? 0) * (right.values[i] as number), 0);
}

t.test('any text has distinct buckets in range and the length 1, or no features at all', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const { indices, values } = features(text);
      const length = Math.hypot(...values);
      return (
        new Set(indices).size === indices.length &&
        indices.length === values.length &&
        indices.every((bucket) => bucket < FEATURE_BUCKETS) &&
        (indices.length === 0 ? wordsOf(text).length === 0 : Math.abs(length - 1) < 1e-4)
      );
    }),
  );
});

t.test('one extractor gives the same features whatever it saw before', async () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.string({ maxLength: 80 }), (text, between) => {
      const first = features(text);
      features(between);
      const second = features(text);
      t.strictSame(second, first);
    }),
    { numRuns: 50 },
  );
});

t.test('case, width and spacing make no difference', async (t) => {
  t.strictSame(features('Change  my ＰＩＮ'), features('change my pin'));
  t.strictSame(wordsOf('Don’t, STOP!'), wordsOf('don’t stop'));
});

t.test('a paraphrase is nearer than another question, and a typo costs little', async (t) => {
  const question = 'how do i change my pin number';
  t.ok(cosine(question, 'i want to change the pin number') > cosine(question, 'what is the weather in paris') + 0.2);
  t.ok(cosine(question, 'how do i chnage my pin number') > 0.5);
});

t.test('the order of words counts', async (t) => {
  t.ok(cosine('dog bites man', 'man bites dog') < 0.95);
});

t.test('a text beyond the limit is cut, not refused', async (t) => {
  const long = 'word '.repeat(FEATURE_TEXT_UNITS_MAX);
  t.ok(wordsOf(long).length <= FEATURE_TEXT_UNITS_MAX / 5 + 1);
  t.ok(
    wordsOf('ﷺ '.repeat(FEATURE_TEXT_UNITS_MAX)).join(' ').length <= FEATURE_TEXT_UNITS_MAX,
    'nor does NFKC lengthen it',
  );
});

t.test('the buckets counted for a base model are those of the features', async (t) => {
  const text = 'how do I use => in TypeScript?';
  t.strictSame([...distinctBuckets(text)].sort(), [...features(text).indices].sort());
});

t.test('the hash never changes: the base model in the package depends on it', async (t) => {
  const { indices } = loadBaseModel().features('a b');
  t.strictSame(
    [...indices].sort((one, other) => one - other),
    [6845, 20555, 29111, 34333, 37772, 51690, 57124, 58807],
  );
});
