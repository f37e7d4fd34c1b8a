/**
 * A hash over every field of a signal, cheap enough not to be what is measured, and the same for every path. Numbers
 * are mixed whole; of each text its length and every sixteenth character, beginning at a place that moves with the
 * signal's number. So sixteen consecutive numbers see every character of a text between them, and over a run all places
 * of all texts are read. A path cannot leave a field undecoded and still have the right hash; and since no two signals
 * have the same timestamp, none can be taken for another.
 */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

/** Numbers after which the places repeat: the hash of a signal is one of so many. */
export const hashPhases = 16;

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const float = new Float64Array(1);
const floatWords = new Uint32Array(float.buffer);

/**
 * 32-bit FNV-1a (Fowler, Noll, Vo) over UTF-16 code units and the words of doubles, fields in declared order.
 * @param phase where in the texts to begin, below hashPhases
 */
export function hashSignal(given: TrainingSignal, phase = 0): number {
  const { signal } = given;
  let hash = offsetBasis;
  hash = mixText(hash, given.personaId, phase);
  hash = mixText(hash, given.academyId, phase);
  hash = mixText(hash, given.roomId, phase);
  hash = mixText(hash, given.sessionId, phase);
  hash = mixText(hash, given.messageId, phase);
  hash = mixText(hash, given.judge, phase);
  hash = mixText(hash, signal.type, phase);
  hash = mixNumber(hash, signal.value);
  hash = mixText(hash, signal.category, phase);
  hash = mixText(hash, signal.source, phase);
  hash = mixText(hash, signal.inputContext, phase);
  hash = mixText(hash, signal.expectedBehavior, phase);
  hash = mixText(hash, signal.actualBehavior, phase);
  hash = mixText(hash, signal.improvementSuggestion, phase);
  hash = Math.imul(hash ^ (given.propagateToNetwork ? 1 : 0), prime);
  return mixNumber(hash, given.timestamp) >>> 0;
}

function mixText(start: number, text: string, phase: number): number {
  const { length } = text;
  let hash = Math.imul(start ^ length, prime);
  for (let index = phase; index < length; index += hashPhases) {
    hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  }
  return hash;
}

function mixNumber(start: number, value: number): number {
  float[0] = value;
  return Math.imul(Math.imul(start ^ (floatWords[0] ?? 0), prime) ^ (floatWords[1] ?? 0), prime);
}
