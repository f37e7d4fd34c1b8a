/** A few questions that show a newcomer what the personas of their rooms can do: one for each field of knowledge. */
import type { RoomStatus } from '../../index.js';
import type { AnswerView, SuggestionView } from './views.js';

const suggestionsMax = 5;

/** @param answersOf what a persona knows; empty for participants without packs */
export async function suggestQuestions(
  rooms: readonly Pick<RoomStatus, 'roomId' | 'members'>[],
  answersOf: (personaId: string) => Promise<readonly AnswerView[]>,
): Promise<readonly SuggestionView[]> {
  const seats = rooms.flatMap(({ roomId, members }) =>
    members.filter(({ type }) => type === 'persona').map(({ id }) => ({ roomId, personaId: id })),
  );
  const firstSeats = seats.filter(
    ({ personaId }, place) => seats.findIndex((seat) => seat.personaId === personaId) === place,
  );
  const byPersona = await Promise.all(
    firstSeats.map(async (seat) => questionsOf(seat, await answersOf(seat.personaId))),
  );
  // Every persona shows one thing before any shows a second.
  const rounds = Math.max(0, ...byPersona.map((questions) => questions.length));
  const inTurn = Array.from({ length: rounds }, (_, round) => byPersona.flatMap((questions) => questions[round] ?? []));
  return inTurn.flat().slice(0, suggestionsMax);
}

function questionsOf(
  { roomId, personaId }: { roomId: string; personaId: string },
  answers: readonly AnswerView[],
): SuggestionView[] {
  const fields = [...new Set(answers.map(({ capability }) => capability))];
  return fields.flatMap((capability) => {
    const answer = answers.find((candidate) => candidate.capability === capability);
    return answer ? [{ roomId, personaId, capability, question: answer.title }] : [];
  });
}
