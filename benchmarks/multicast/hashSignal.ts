/**
 * A hash over every field of a signal. A receiver that computes it has read all that was sent, and a receiver whose
 * hash is the sender's has read what was sent.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const float = new Float64Array(1);
const floatWords = new Uint32Array(float.buffer);

/** 32-bit FNV-1a (Fowler, Noll, Vo) over UTF-16 code units and the words of doubles, fields in declared order. */
export function hashSignal(given: TrainingSignal): number {
  const { signal } = given;
  let hash = offsetBasis;
  hash = mixText(hash, given.personaId);
  hash = mixText(hash, given.academyId);
  hash = mixText(hash, given.roomId);
  hash = mixText(hash, given.sessionId);
  hash = mixText(hash, given.messageId);
  hash = mixText(hash, given.judge);
  hash = mixText(hash, signal.type);
  hash = mixNumber(hash, signal.value);
  hash = mixText(hash, signal.category);
  hash = mixText(hash, signal.source);
  hash = mixText(hash, signal.inputContext);
  hash = mixText(hash, signal.expectedBehavior);
  hash = mixText(hash, signal.actualBehavior);
  hash = mixText(hash, signal.improvementSuggestion);
  hash = Math.imul(hash ^ (given.propagateToNetwork ? 1 : 0), prime);
  return mixNumber(hash, given.timestamp) >>> 0;
}

function mixText(start: number, text: string): number {
  let hash = Math.imul(start ^ text.length, prime);
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  return hash;
}

function mixNumber(start: number, value: number): number {
  float[0] = value;
  return Math.imul(Math.imul(start ^ (floatWords[0] ?? 0), prime) ^ (floatWords[1] ?? 0), prime);
}
