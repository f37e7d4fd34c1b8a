// Turns a text into the sparse vector φ(x) that every score of the embedded persona is made of: hashed word, character
// and word-crossing n-grams, weighted by how rare they are. Pure but for scratch memory that it owns per extractor.

import { FEATURE_BUCKETS, HASH_START, hashFinish, hashStep } from './featureHash.js';

/**
 * Sparse vector over the 2^16 hash buckets. `indices` are distinct and in no particular order; `values` has the same
 * length. φ of a text with at least one word has length 1 (L2), φ of a text without one is empty.
 */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Names the scheme below. It is part of the base model file, so a change of scheme is a change of base model. */
export const FEATURE_SCHEME = 'academy-ngrams-1';

/** Longer texts are cut here (UTF-16 units): a chat message, not a document; keeps one hostile text under 5 ms. */
export const FEATURE_TEXT_UNITS_MAX = 4_096;

/** Weights of the three groups after each was normalised: words, characters within words, characters across words. */
const GROUP_WEIGHTS = [1, 0.7, 0.8] as const;

/** Keep the kinds of n-gram apart that share a bucket table. */
const SALT = { word: 0x0a11, bigram: 0x0b22, pair: 0x0c33, inside: 0x0d44, across: 0x0e55 } as const;
const SENTENCE_START = 0x5e57a127;
const SENTENCE_END = 0x5e57e4d0;

/** Unordered word pairs are counted up to this many words apart. */
const PAIR_REACH = 3;

/** Words are runs of letters, marks, digits, _ and '; a run of other signs (=>, ??, #) is a word of its own. */
const WORD_PATTERN = /[\p{L}\p{M}\p{N}_']+|[^\p{L}\p{M}\p{N}_'\s.,;:!"()]+/gu;

/** Splits a text into normalised words: NFKC, lower case, at most {@link FEATURE_TEXT_UNITS_MAX} units of it. */
export function wordsOf(text: string): string[] {
  // Cut before and after: normalising may lengthen a text up to 18 times.
  const normalised = text.slice(0, FEATURE_TEXT_UNITS_MAX).normalize('NFKC').toLowerCase();
  return normalised.slice(0, FEATURE_TEXT_UNITS_MAX).match(WORD_PATTERN) ?? [];
}

/** Called once per occurrence of an n-gram, with its bucket. */
type VisitBucket = (bucket: number) => void;

const bucketOf = (state: number): number => hashFinish(state) & (FEATURE_BUCKETS - 1);

function hashOfWord(word: string): number {
  let state = HASH_START;
  for (let i = 0; i < word.length; i++) state = hashStep(state, word.charCodeAt(i));
  return state;
}

function visitWordGrams(words: readonly string[], visit: VisitBucket): void {
  const n = words.length;
  const hashes = words.map(hashOfWord);
  for (let i = 0; i < n; i++) {
    const here = hashes[i] as number;
    visit(bucketOf(hashStep(SALT.word, here)));
    const previous = i === 0 ? SENTENCE_START : (hashes[i - 1] as number);
    visit(bucketOf(hashStep(hashStep(SALT.bigram, previous), here)));
    for (let j = i + 1; j < n && j <= i + PAIR_REACH; j++) {
      const there = hashes[j] as number;
      const low = Math.min(here, there);
      const high = Math.max(here, there);
      visit(bucketOf(hashStep(hashStep(SALT.pair, low), high)));
    }
  }
  visit(bucketOf(hashStep(hashStep(SALT.bigram, hashes[n - 1] as number), SENTENCE_END)));
}

/** Character 3–5-grams inside `<word>`; the brackets mark where a word begins and ends. */
function visitInsideGrams(words: readonly string[], visit: VisitBucket): void {
  for (const word of words) {
    const bracketed = `<${word}>`;
    const n = bracketed.length;
    for (let start = 0; start + 3 <= n; start++) {
      let state = hashStep(HASH_START, SALT.inside);
      state = hashStep(state, bracketed.charCodeAt(start));
      state = hashStep(state, bracketed.charCodeAt(start + 1));
      const end = Math.min(n, start + 5);
      for (let i = start + 2; i < end; i++) {
        state = hashStep(state, bracketed.charCodeAt(i));
        visit(bucketOf(state));
      }
    }
  }
}

const SPACE = 32;

/** Character 4–5-grams with a space strictly inside, over the words joined by single spaces. */
function visitAcrossGrams(words: readonly string[], visit: VisitBucket): void {
  const joined = words.join(' ');
  const n = joined.length;
  let nextSpace = -1;
  for (let start = 0; start + 4 <= n; start++) {
    if (nextSpace <= start) nextSpace = joined.indexOf(' ', start + 1);
    if (nextSpace < 0) return;
    if (nextSpace > start + 3 || joined.charCodeAt(start) === SPACE) continue;
    let state = hashStep(HASH_START, SALT.across);
    const end = Math.min(n, start + 5);
    for (let i = start; i < end; i++) {
      const unit = joined.charCodeAt(i);
      state = hashStep(state, unit);
      if (i >= start + 3 && i > nextSpace && unit !== SPACE) visit(bucketOf(state));
    }
  }
}

/** The distinct buckets of a text's n-grams: what one document adds to the document frequencies of a base model. */
export function distinctBuckets(text: string): Set<number> {
  const buckets = new Set<number>();
  const words = wordsOf(text);
  if (words.length === 0) return buckets;
  const visit = (bucket: number): void => {
    buckets.add(bucket);
  };
  visitWordGrams(words, visit);
  visitInsideGrams(words, visit);
  visitAcrossGrams(words, visit);
  return buckets;
}

/**
 * Makes the function text → φ(text) for one idf table.
 *
 * Per group, a bucket that occurs tf times gets (1 + ln tf)·idf; the group is scaled to length 1 and weighted
 * 1 / 0.7 / 0.8; where groups share a bucket the values add up; the whole is scaled to length 1.
 *
 * @param idf - Inverse document frequency per bucket, length {@link FEATURE_BUCKETS}, finite and > 0.
 */
export function createFeatureExtractor(idf: Float32Array): (text: string) => SparseVector {
  // Scratch that is all zero between calls; a call clears just what it touched.
  const count = new Float32Array(FEATURE_BUCKETS);
  const total = new Float32Array(FEATURE_BUCKETS);
  const isTouched = new Uint8Array(FEATURE_BUCKETS);
  let inGroup: number[] = [];
  let touched: number[] = [];

  const visit = (bucket: number): void => {
    if (count[bucket] === 0) inGroup.push(bucket);
    (count[bucket] as number) += 1;
  };

  const closeGroup = (weight: number): void => {
    let squares = 0;
    for (const bucket of inGroup) {
      const tf = count[bucket] as number;
      const value = (tf === 1 ? 1 : 1 + Math.log(tf)) * (idf[bucket] as number);
      count[bucket] = value;
      squares += value * value;
    }
    const scale = squares > 0 ? weight / Math.sqrt(squares) : 0;
    for (const bucket of inGroup) {
      (total[bucket] as number) += (count[bucket] as number) * scale;
      count[bucket] = 0;
      if (isTouched[bucket] === 0) {
        isTouched[bucket] = 1;
        touched.push(bucket);
      }
    }
    inGroup = [];
  };

  return (text) => {
    const words = wordsOf(text);
    if (words.length > 0) {
      visitWordGrams(words, visit);
      closeGroup(GROUP_WEIGHTS[0]);
      visitInsideGrams(words, visit);
      closeGroup(GROUP_WEIGHTS[1]);
      visitAcrossGrams(words, visit);
      closeGroup(GROUP_WEIGHTS[2]);
    }
    const indices = Uint32Array.from(touched);
    const values = new Float32Array(touched.length);
    let squares = 0;
    for (const bucket of touched) squares += (total[bucket] as number) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = 0; i < touched.length; i++) {
      const bucket = touched[i] as number;
      values[i] = (total[bucket] as number) * scale;
      total[bucket] = 0;
      isTouched[bucket] = 0;
    }
    touched = [];
    return { indices, values };
  };
}
