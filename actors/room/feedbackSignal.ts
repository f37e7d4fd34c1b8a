/** Turns a judgement of a message into the training signal that every persona of the room hears. */

import { limits } from '../../runtime/protocol/limits.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { FeedbackParams } from '../../runtime/protocol/schemas/commands.js';
import type { RoomConsent } from '../../runtime/protocol/schemas/participant.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

export interface JudgedMessage {
  /** The answer that is judged; null when a question got none. */
  readonly answer: ChatMessage | null;
  /** What was asked; null when the answer replied to nothing. */
  readonly question: ChatMessage | null;
}

/** Names any persona, when a question that nobody answered is judged. */
export const anyPersona = '*';

/** @param judge `participant@node` */
export function feedbackSignal(
  params: FeedbackParams,
  judged: JudgedMessage,
  judge: string,
  consent: RoomConsent,
  atMs: number,
): TrainingSignal {
  const subject = (judged.answer ?? judged.question) as ChatMessage;
  const actualAnswerId = judged.answer ? (judged.answer.answerId ?? null) : null;
  const clip = (text: string): string => text.slice(0, limits.signalTextCharactersMax);
  return {
    personaId: judged.answer?.participantId ?? anyPersona,
    academyId: subject.academyId,
    roomId: subject.roomId,
    sessionId: subject.sessionId,
    messageId: subject.messageId,
    judge,
    signal: {
      type: 'delayed',
      value: params.value ?? (params.expected === actualAnswerId ? 1 : -1),
      category: 'technical',
      source: 'human_feedback',
      inputContext: clip((judged.question ?? subject).text),
      expectedBehavior: params.expected === undefined ? '' : (params.expected ?? 'silence'),
      actualBehavior: clip(judged.answer?.text ?? ''),
      improvementSuggestion: clip(params.comment ?? ''),
    },
    ...(params.expected === undefined ? {} : { expectedAnswerId: params.expected }),
    ...(judged.answer && judged.answer.answerId === undefined ? {} : { actualAnswerId }),
    propagateToNetwork: consent !== 'local' && subject.trainingMode !== 'disabled',
    timestamp: atMs,
  };
}
