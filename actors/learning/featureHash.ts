// The one hash function of the embedded persona. Texts become bucket numbers here and nowhere else, so two nodes that
// hold the same base model file also agree on every feature. It is for spreading, not for secrecy: never use it to
// identify content.

/** Number of hash buckets, 2^16: at ~300 n-grams a question, collisions cost less than the memory of more buckets. */
export const FEATURE_BUCKETS = 1 << 16;

/** FNV-1a's 32-bit offset basis: the state before the first unit. */
export const HASH_START = 0x811c9dc5;

/** One FNV-1a step over a UTF-16 code unit or an earlier 32-bit hash; `state` and the result are 32-bit integers. */
export function hashStep(state: number, unit: number): number {
  return Math.imul(state ^ unit, 0x01000193);
}

/** MurmurHash3's 32-bit finaliser: spreads a state so that every bit of it counts. Result in 0 … 2^32 − 1. */
export function hashFinish(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
