/**
 * Parameters and results of the commands that people, programs and AIs send to the chat daemon: the same for all of
 * them. A command always settles, with its result or a coded error.
 */

import { limits } from '../limits.js';
import Type, { type Static } from '../typebox.js';
import { ChatMessage, PerformanceTracking } from './chat.js';
import { ChatParticipant, ParticipantType, RoomConsent, TrainingMode } from './participant.js';
import { Count, Fields, Id, Ids, Phrase, Ratio, TimestampMs, Words } from './shapes.js';

export const SendMessageParams = Fields({
  roomId: Id,
  /** A member of the room that lives on this node. */
  participantId: Id,
  text: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }),
  messageType: Words('text', 'notice', 'decision'),
  replyTo: Type.Optional(Id),
  threadId: Type.Optional(Id),
  mentions: Type.Optional(Ids),
  trainingMode: Type.Optional(TrainingMode),
  answerId: Type.Optional(Id),
  sessionId: Type.Optional(Id),
  performanceTracking: Type.Optional(PerformanceTracking),
  metadata: Fields({ aiGenerated: Type.Boolean(), participantType: ParticipantType, confidence: Ratio }),
});
export type SendMessageParams = Static<typeof SendMessageParams>;

export const SendMessageResult = Fields({
  messageId: Id,
  /** `participant@node` and the place in that author's chain. */
  author: Phrase,
  sequence: Count,
  timestamp: TimestampMs,
  /** `stored` once it is on disk; `withdrawn` when the room's turn-taking let another answer stand. */
  receipt: Words('stored', 'withdrawn'),
  /** Why it was withdrawn. */
  reason: Type.Optional(Phrase),
});
export type SendMessageResult = Static<typeof SendMessageResult>;

export const JoinRoomParams = Fields({
  roomId: Id,
  participant: ChatParticipant,
  /** Name of the actor that receives the room's messages. */
  seat: Phrase,
  /** Open the room if no node knows it. @default false */
  create: Type.Optional(Type.Boolean()),
});
export type JoinRoomParams = Static<typeof JoinRoomParams>;

export const JoinRoomResult = Fields({
  roomId: Id,
  /** At most limits.listItemsMax of them; `hearers` counts all. */
  members: Type.Array(ChatParticipant),
  /** Place in the history from which GetHistory pages backwards; null when there is none. */
  cursor: Type.Union([Type.String(), Type.Null()]),
  consent: RoomConsent,
  /** Who hears what is said here, in one sentence. */
  hearers: Phrase,
});
export type JoinRoomResult = Static<typeof JoinRoomResult>;

export const LeaveRoomParams = Fields({ roomId: Id, participantId: Id });
export type LeaveRoomParams = Static<typeof LeaveRoomParams>;

export const GetHistoryParams = Fields({
  roomId: Id,
  before: Type.Optional(Type.String({ maxLength: 512 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});
export type GetHistoryParams = Static<typeof GetHistoryParams>;

export const GetHistoryResult = Fields({
  /** Oldest first. */
  messages: Type.Array(ChatMessage),
  cursor: Type.Union([Type.String(), Type.Null()]),
});
export type GetHistoryResult = Static<typeof GetHistoryResult>;

/** SendMessage with the scores that the sender has measured. */
export const AcademyChatParams = Fields({
  ...SendMessageParams.properties,
  sessionId: Id,
  performanceTracking: PerformanceTracking,
});
export type AcademyChatParams = Static<typeof AcademyChatParams>;

export const AcademyChatResult = Fields({
  ...SendMessageResult.properties,
  sessionId: Id,
  performanceTracking: PerformanceTracking,
});
export type AcademyChatResult = Static<typeof AcademyChatResult>;

/** A judgement of a message: a value, or the answer that should have been given (null: silence). */
export const FeedbackParams = Fields({
  roomId: Id,
  /** The message that is judged; an answer, or a question that should have been answered. */
  messageId: Id,
  /** The participant who judges. */
  judgeId: Id,
  value: Type.Optional(Type.Number({ minimum: -1, maximum: 1 })),
  expected: Type.Optional(Type.Union([Id, Type.Null()])),
  comment: Type.Optional(Type.String({ maxLength: limits.signalTextCharactersMax })),
});
export type FeedbackParams = Static<typeof FeedbackParams>;

export const FeedbackResult = Fields({
  messageId: Id,
  personaId: Id,
  value: Type.Number(),
  /** Members of this node that heard the signal. */
  heardBy: Count,
  /** Whether it was multicast to the academy (the room's consent). */
  propagated: Type.Boolean(),
});
export type FeedbackResult = Static<typeof FeedbackResult>;
