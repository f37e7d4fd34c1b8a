/** A few questions that show a newcomer what the personas of their rooms can do: one for each field of knowledge. */
import type { RoomStatus } from '../../index.js';
import type { AnswerView, SuggestionView } from './views.js';

/** What is known of the personas of this node. */
export interface PersonaKnowledge {
  /** Empty for participants without packs. */
  answersOf(personaId: string): Promise<readonly AnswerView[]>;
  /** What the persona would say now, and how sure it is. */
  answerTo(
    personaId: string,
    question: string,
  ): Promise<{ readonly answerId: string | null; readonly confidence: number }>;
}

const suggestionsMax = 5;
/** Questions of a field that are tried until one is found that is surely answered. */
const triesPerField = 4;
/** Well above where a persona begins to speak. */
const sureEnough = 0.6;

export async function suggestQuestions(
  rooms: readonly Pick<RoomStatus, 'roomId' | 'members'>[],
  knowledge: PersonaKnowledge,
): Promise<readonly SuggestionView[]> {
  const seats = rooms.flatMap(({ roomId, members }) =>
    members.filter(({ type }) => type === 'persona').map(({ id }) => ({ roomId, personaId: id })),
  );
  const firstSeats = seats.filter(
    ({ personaId }, place) => seats.findIndex((seat) => seat.personaId === personaId) === place,
  );
  const byPersona = await Promise.all(firstSeats.map((seat) => questionsOf(seat, knowledge)));
  // Every persona shows one thing before any shows a second.
  const rounds = Math.max(0, ...byPersona.map((questions) => questions.length));
  const inTurn = Array.from({ length: rounds }, (_, round) => byPersona.flatMap((questions) => questions[round] ?? []));
  return inTurn.flat().slice(0, suggestionsMax);
}

async function questionsOf(
  { roomId, personaId }: { roomId: string; personaId: string },
  knowledge: PersonaKnowledge,
): Promise<readonly SuggestionView[]> {
  const answers = await knowledge.answersOf(personaId);
  const fields = [...new Set(answers.map(({ capability }) => capability))].slice(0, suggestionsMax);
  const questions = await Promise.all(
    fields.map(async (capability): Promise<SuggestionView[]> => {
      const ofField = answers.filter((answer) => answer.capability === capability).slice(0, triesPerField);
      for (const { id, title } of ofField) {
        const { answerId, confidence } = await knowledge.answerTo(personaId, title);
        if (answerId === id && confidence >= sureEnough) return [{ roomId, personaId, capability, question: title }];
      }
      return [];
    }),
  );
  return questions.flat();
}
