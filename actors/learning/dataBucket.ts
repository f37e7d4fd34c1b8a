// Keeps what is trained on, what exams use and what is measured apart, for good and on every node: a text's part follows
// from its words alone.

import { createHash } from 'node:crypto';
import { wordsOf } from './features.js';

export type DataBucket = 'train' | 'exam' | 'measure';

/**
 * The part of the data that a text belongs to: 70 % train, 15 % exam, 15 % measure, by the sha256 of its normalised words.
 * Texts that differ only in case, spacing or sentence marks share a part.
 */
export function dataBucket(text: string): DataBucket {
  const place = createHash('sha256').update(wordsOf(text).join(' ')).digest().readUInt32BE(0) / 2 ** 32;
  if (place < 0.7) return 'train';
  return place < 0.85 ? 'exam' : 'measure';
}
