/**
 * Training signals from a seed: ten thousand, each with four free texts of some 60 characters that no other signal
 * has, so that neither a dictionary nor a cache can shorten the work. The index of a signal stands in its message id.
 */
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

export const distinctSignals = 10_000;

const words = (
  'the a this that your my every no answer question example compiler type function module test build result message room ' +
  'reader promise stream buffer clause union schema error case name value layer signal draft sentence hint detail reason ' +
  'is was names misses explains repeats forgets returns accepts rejects narrows widens compiles fails passes cites guesses ' +
  'clear short wrong right vague exact polite late early unsafe useful missing strict empty local shared'
).split(' ');

const types = ['immediate', 'delayed', 'meta'] as const;
const categories = ['technical', 'collaborative', 'innovative', 'reliable'] as const;
const sources = ['human_feedback', 'compilation_result', 'test_outcome', 'system_stability', 'peer_review'] as const;
const messageIdPrefix = 'message-';

/** @returns `count` signals; the same for the same seed, in every process */
export function trainingSignals(seed: number, count: number = distinctSignals): TrainingSignal[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => trainingSignal(random, index));
}

/** The signal's place in the sequence, from its message id. @returns NaN for a signal that is not one of these */
export function indexOfSignal(signal: TrainingSignal): number {
  return Number(signal.messageId.slice(messageIdPrefix.length));
}

function trainingSignal(random: Random, index: number): TrainingSignal {
  return {
    personaId: id('persona-', whole(random, 16)),
    academyId: 'benchmark-academy',
    roomId: id('room-', whole(random, 32)),
    sessionId: id('session-', whole(random, 64)),
    messageId: id(messageIdPrefix, String(index).padStart(6, '0')),
    judge: id('person-', whole(random, 100), '@node-', whole(random, 8)),
    signal: {
      type: pick(random, types),
      value: (whole(random, 201) - 100) / 100,
      category: pick(random, categories),
      source: pick(random, sources),
      inputContext: sentence(random),
      expectedBehavior: sentence(random),
      actualBehavior: sentence(random),
      improvementSuggestion: sentence(random),
    },
    propagateToNetwork: true,
    timestamp: 1_790_000_000_000 + index,
  };
}

/** In one piece, as below. */
function id(...parts: readonly (string | number)[]): string {
  return parts.join('');
}

/** Joined, not added up: a text in pieces would be put together again at each reading, and few texts are in pieces. */
function sentence(random: Random): string {
  const picked = [pick(random, words)];
  for (let length = picked[0]?.length ?? 0; length < 56; length += 1 + (picked.at(-1)?.length ?? 0)) {
    picked.push(pick(random, words));
  }
  return picked.join(' ');
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[whole(random, choices.length)] as T;
}

function whole(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}
