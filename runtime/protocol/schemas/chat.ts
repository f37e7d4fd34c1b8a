/** Payloads of the chat family: what is said, who is there, who types, and what a room's log holds. */

import { publicKeyBytes, signatureBytes } from '../identity.js';
import { limits } from '../limits.js';
import Type, { type Static } from '../typebox.js';
import { GenomeCandidate } from './genome.js';
import { Activity, Availability, ChatParticipant, ParticipantType, TrainingMode } from './participant.js';
import {
  Bytes,
  Count,
  DurationMs,
  Fields,
  Id,
  Ids,
  Phrase,
  Phrases,
  Ratio,
  Score,
  TimestampMs,
  Words,
} from './shapes.js';

/** Hybrid logical clock (Kulkarni et al., 2014): wall milliseconds and a counter that orders within one. */
export const HybridTime = Fields({ ms: TimestampMs, counter: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }) });
export type HybridTime = Static<typeof HybridTime>;

/** What makes a message an entry of its author's chain; see RoomLogEntry. */
export const EntrySeal = Fields({
  /** `participant@node`. */
  author: Type.String({ minLength: 34, maxLength: limits.idCharactersMax + 33 }),
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** SHA-256 of the author's previous entry; zeros for the first. */
  previousHash: Bytes(32),
  hybridTime: HybridTime,
  /** Raw Ed25519 key of the author's node, whose hash is the node id in `author`. */
  publicKey: Bytes(publicKeyBytes),
  signature: Bytes(signatureBytes),
});
export type EntrySeal = Static<typeof EntrySeal>;

export const PerformanceTracking = Fields({
  technicalAccuracy: Score,
  collaborationQuality: Score,
  humanSatisfaction: Score,
  contextAwareness: Score,
  /** Milliseconds from the message that was answered to the answer. */
  responseLatencyMs: DurationMs,
  /** Name of the scorer and number of items behind each measured score. */
  scorer: Type.Optional(Phrase),
  n: Type.Optional(Count),
});
export type PerformanceTracking = Static<typeof PerformanceTracking>;

export const EvolutionData = Fields({
  capabilityGaps: Phrases,
  suggestedGenomes: Type.Array(GenomeCandidate, { maxItems: 16 }),
  evolutionUrgency: Words('low', 'medium', 'high'),
  expectedImprovement: Ratio,
});

/** A message before it is sealed into the log: what SendMessage makes of its parameters. */
export const MessageBody = Fields({
  messageId: Id,
  roomId: Id,
  academyId: Id,
  participantId: Id,
  participantType: ParticipantType,
  /** The plan's name for the speaker, kept as an alias when a persona speaks (settlement C29). */
  personaId: Type.Optional(Id),
  username: Id,
  text: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }),
  messageType: Words('text', 'notice', 'decision'),
  replyTo: Type.Optional(Id),
  threadId: Type.Optional(Id),
  mentions: Type.Optional(Ids),
  trainingMode: TrainingMode,
  sceneId: Type.Optional(Id),
  sessionId: Id,
  timestamp: TimestampMs,
  aiGenerated: Type.Boolean(),
  confidence: Type.Optional(Ratio),
  /** Global id of the answer that was given, so that feedback can name it. */
  answerId: Type.Optional(Id),
  performanceTracking: Type.Optional(PerformanceTracking),
  evolutionData: Type.Optional(EvolutionData),
});
export type MessageBody = Static<typeof MessageBody>;

export const ChatMessage = Fields({ ...MessageBody.properties, entry: EntrySeal });
export type ChatMessage = Static<typeof ChatMessage>;

export const Presence = Fields({
  participantId: Id,
  personaId: Type.Optional(Id),
  username: Id,
  academyId: Id,
  roomId: Id,
  availability: Availability,
  activity: Activity,
  currentCapabilities: Phrases,
  activeGenomes: Ids,
  trainingSession: Type.Optional(Id),
  collaborationPartners: Type.Optional(Ids),
  evolutionProgress: Type.Optional(
    Fields({
      stage: Words('analyzing', 'selecting', 'integrating', 'testing'),
      completionPercent: Type.Number({ minimum: 0, maximum: 100 }),
    }),
  ),
  nodeCapacity: Fields({ slotsFree: Count, loadRatio: Ratio, trainingQueue: Count }),
  lastSeen: TimestampMs,
  timestamp: TimestampMs,
});

export const Typing = Fields({
  participantId: Id,
  username: Id,
  roomId: Id,
  academyId: Id,
  /** After this the notice expires by itself. */
  expiresInMs: Type.Integer({ minimum: 0, maximum: 60_000 }),
  timestamp: TimestampMs,
});

export const RoomJoin = Fields({
  roomId: Id,
  academyId: Id,
  participant: ChatParticipant,
  /** The node that hosts the participant. */
  nodeId: Id,
  timestamp: TimestampMs,
});

export const RoomLeave = Fields({
  roomId: Id,
  academyId: Id,
  participantId: Id,
  nodeId: Id,
  reason: Words('left', 'lease-expired', 'node-gone', 'banned'),
  timestamp: TimestampMs,
});

/**
 * The members that one node hosts in a room, as a lease: it replaces what that node said before and ends when it is
 * not renewed. Its version vector tells others what that node's log has, so that they can ask for what they lack.
 */
export const UserList = Fields({
  roomId: Id,
  academyId: Id,
  nodeId: Id,
  participants: Type.Array(ChatParticipant, { maxItems: limits.listItemsMax }),
  /** Members in all, where the list is longer than fits. */
  total: Count,
  leaseMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
  /** Author to the highest sequence without a gap before it. */
  versions: Type.Record(Type.String(), Count),
  timestamp: TimestampMs,
});
