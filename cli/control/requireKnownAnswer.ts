/**
 * Refuses the id of an answer that nobody has: a signal with a mistyped id would teach personas nothing, and say so
 * nowhere.
 */
import { AcademyError, type RoomStatus } from '../../index.js';
import { nearestWord } from '../library.js';
import type { AnswerView } from './views.js';

/** What the personas of this node can answer, by the persona's id. */
export type AnswersByPersona = ReadonlyMap<string, readonly AnswerView[]>;

/**
 * @param members of the room; what a persona of another node or of the user's own can answer is not known here, so with
 * one of those in the room any id may be right
 * @throws AcademyError ERR_ACADEMY_ANSWER_UNKNOWN
 */
export function requireKnownAnswer(answerId: string, known: AnswersByPersona, members: RoomStatus['members']): void {
  const answers = [...known.values()].flat();
  if (answers.some(({ id }) => id === answerId)) return;
  const mayKnowMore = members.some(({ id, type }) => (type === 'persona' || type === 'ai_assistant') && !known.has(id));
  if (mayKnowMore) return;
  throw new AcademyError('ERR_ACADEMY_ANSWER_UNKNOWN', `no persona here has an answer "${answerId}"`, {
    remedy: remedyFor(answerId, answers),
  });
}

function remedyFor(answerId: string, answers: readonly AnswerView[]): string {
  const titled = answers.find(({ title }) => title.toLowerCase() === answerId.toLowerCase());
  const near = titled?.id ?? nearestWord(answerId, [...new Set(answers.map(({ id }) => id))]);
  if (near !== undefined) return `did you mean ${near}?`;
  return 'give the "id" of a line of a knowledge pack, or use "academy chat", where /correct takes words that fit it';
}
