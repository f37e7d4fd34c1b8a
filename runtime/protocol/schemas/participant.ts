/** Who takes part: the four types on the wire, free traits beside them, and the two axes of presence. */
import Type, { type Static } from '../typebox.js';
import { Fields, Id, Phrases, Words } from './shapes.js';

/** Settlement C1: four types on the wire; hybrids are described by traits such as `rag`, `lora`, `hybrid`. */
export const ParticipantType = Words('human', 'ai_assistant', 'persona', 'system');
export type ParticipantType = Static<typeof ParticipantType>;

export const ChatParticipant = Fields({
  id: Id,
  name: Id,
  type: ParticipantType,
  traits: Type.Optional(Phrases),
  /** What it can do, in words that others search for. */
  capabilities: Type.Optional(Phrases),
});
export type ChatParticipant = Static<typeof ChatParticipant>;

/** Settlement C35: two axes instead of one mixed list. */
export const Availability = Words('online', 'away', 'offline');
export type Availability = Static<typeof Availability>;
export const Activity = Words('idle', 'training', 'evolving', 'collaborating');
export type Activity = Static<typeof Activity>;

/** What leaves a room for training (settlement C40): nothing, the academy, or exports too. */
export const RoomConsent = Words('local', 'academy', 'export');
export type RoomConsent = Static<typeof RoomConsent>;

export const TrainingMode = Words('active', 'passive', 'disabled');
export type TrainingMode = Static<typeof TrainingMode>;
