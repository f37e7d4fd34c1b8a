/** Payloads of training: single signals, running scores, challenges, and training data in bulk. */
import Type, { type Static } from '../typebox.js';
import { Count, Fields, Id, Ids, Phrase, Ratio, Score, SignalText, TimestampMs, Words } from './shapes.js';

export const TrainingSignal = Fields({
  personaId: Id,
  academyId: Id,
  roomId: Id,
  sessionId: Id,
  /** The message that was judged (settlement C38); with the source it deduplicates the signal. */
  messageId: Id,
  /** Who judged, `participant@node`: one voice per key. */
  judge: Id,
  signal: Fields({
    type: Words('immediate', 'delayed', 'meta'),
    /** -1 to 1. */
    value: Type.Number({ minimum: -1, maximum: 1 }),
    category: Words('technical', 'collaborative', 'innovative', 'reliable'),
    source: Words('human_feedback', 'compilation_result', 'test_outcome', 'system_stability', 'peer_review'),
    inputContext: SignalText,
    expectedBehavior: SignalText,
    actualBehavior: SignalText,
    improvementSuggestion: SignalText,
  }),
  /** Id of the answer that should have been given; null: it should have stayed silent; absent: not known. */
  expectedAnswerId: Type.Optional(Type.Union([Id, Type.Null()])),
  /** Id of the answer that was given; null: it stayed silent. */
  actualAnswerId: Type.Optional(Type.Union([Id, Type.Null()])),
  propagateToNetwork: Type.Boolean(),
  targetNodes: Type.Optional(Ids),
  timestamp: TimestampMs,
});
export type TrainingSignal = Static<typeof TrainingSignal>;

export const PerformanceFeedback = Fields({
  personaId: Id,
  academyId: Id,
  roomId: Id,
  sessionId: Id,
  scores: Fields({
    technicalAccuracy: Score,
    collaborationQuality: Score,
    humanSatisfaction: Score,
    contextAwareness: Score,
  }),
  scorer: Phrase,
  n: Count,
  timestamp: TimestampMs,
});

export const CompetitiveChallenge = Fields({
  challengeId: Id,
  academyId: Id,
  roomId: Id,
  challenge: Fields({
    title: Phrase,
    description: SignalText,
    type: Words('technical', 'collaborative', 'creative', 'speed'),
    difficulty: Words('easy', 'medium', 'hard', 'expert'),
    /** Seconds; at the limit the challenge closes. */
    timeLimitSeconds: Type.Integer({ minimum: 1, maximum: 86_400 }),
    participants: Ids,
    judges: Ids,
    /** Weights that sum to 1. */
    criteria: Type.Refine(
      Fields({ technical: Ratio, collaborative: Ratio, innovative: Ratio, reliable: Ratio }),
      (weights) =>
        Math.abs(weights.technical + weights.collaborative + weights.innovative + weights.reliable - 1) < 1e-6,
      () => 'must be weights that sum to 1',
    ),
  }),
  coordinatorNodeId: Id,
  participantNodes: Ids,
  timestamp: TimestampMs,
});

/** Training material for one node, sent over a path (`/remote/{node}/academy/training`). */
export const TrainingData = Fields({
  academyId: Id,
  personaId: Type.Optional(Id),
  items: Type.Array(Fields({ input: SignalText, expected: Type.Union([Id, Type.Null()]) }), { maxItems: 256 }),
  timestamp: TimestampMs,
});
