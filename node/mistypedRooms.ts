/**
 * Finds rooms that were probably mistyped: one participant alone names them, and another room differs by a single typing
 * error in a word of some length. Rooms that differ by a number or by a letter of their own, such as `team-a`, are meant.
 */
import type { ParticipantDefinition } from '../actors/defineParticipant.js';
import type { AcademyConfig } from '../runtime/config/academyConfig.js';
import { typingErrors } from '../runtime/config/nearestWord.js';

/** Shorter words differ by a letter on purpose. */
const wordLengthMin = 4;

/** @returns a sentence for each */
export function mistypedRooms(
  config: Pick<AcademyConfig, 'rooms' | 'personas'>,
  participants: readonly Pick<ParticipantDefinition, 'participant' | 'rooms'>[],
): string[] {
  const own = participants.map(({ participant, rooms }) => ({ id: participant.id, rooms }));
  const named = [...own, ...config.personas];
  const configured = config.rooms.map(({ id }) => id);
  return named.flatMap(({ id, rooms }) => {
    const others = named.filter((each) => each.id !== id).flatMap((each) => each.rooms);
    const known = [...new Set([...configured, ...others])];
    return rooms.flatMap((room) => {
      const meant = known.includes(room) ? undefined : known.find((other) => isMistyped(room, other));
      if (meant === undefined) return [];
      return [`"${id}" sits in the room "${room}", which nobody else names: did you mean "${meant}"?`];
    });
  });
}

function isMistyped(room: string, other: string): boolean {
  const [words, otherWords] = [wordsOf(room), wordsOf(other)];
  if (words.length !== otherWords.length) return false;
  const differing = words.flatMap((word, at) =>
    word === otherWords[at] ? [] : [[word, otherWords[at] as string] as const],
  );
  const [pair] = differing;
  if (pair === undefined || differing.length > 1) return false;
  if (pair.some((word) => word.length < wordLengthMin || /\d/.test(word))) return false;
  return typingErrors(...pair) <= 1;
}

function wordsOf(room: string): string[] {
  return room.split(/[^\p{L}\p{N}]+/u);
}
