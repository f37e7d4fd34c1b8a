// The 512 numbers by which genomes are found: what somebody learnt, or asks about, folded down from 2^16 features. For
// discovery only: as a base for answers 512 dimensions are clearly worse (79 against 91 % on CLINC150).

import { limits } from '../../runtime/protocol/limits.js';
import type { BaseModel } from './BaseModel.js';
import { hashFinish } from './featureHash.js';
import type { SparseVector } from './features.js';

const DIMENSIONS = limits.capabilityVectorDimensions;

/**
 * Adds φ to a sum of 512 numbers. A bucket's dimension is the low 9 bits of its hash, its sign the top bit, so features
 * that share a dimension cancel out as often as they add up (feature hashing, Weinberger et al., 2009).
 */
export function addToCapabilitySum({ indices, values }: SparseVector, sum: Float32Array): void {
  for (let i = 0; i < indices.length; i++) {
    const hash = hashFinish(indices[i] as number);
    (sum[hash & (DIMENSIONS - 1)] as number) += hash >>> 31 === 1 ? -(values[i] as number) : (values[i] as number);
  }
}

/** The vector of length 1 in a sum's direction; all zero for a sum of nothing. */
export function normaliseCapabilitySum(sum: Float32Array): Float32Array {
  let squares = 0;
  for (const value of sum) squares += value * value;
  return squares === 0 ? new Float32Array(DIMENSIONS) : sum.map((value) => value / Math.sqrt(squares));
}

/**
 * The capability vector of some texts: 512 numbers of length 1 (all zero if no text has a word). Its dot product with a
 * genome's vector says how well the genome's field fits: 72 % name the right one of ten from one question, 99 % from five.
 */
export function capabilityVectorOf(texts: Iterable<string>, base: BaseModel): Float32Array {
  const sum = new Float32Array(DIMENSIONS);
  for (const text of texts) addToCapabilitySum(base.features(text), sum);
  return normaliseCapabilitySum(sum);
}
