/** Payloads of a persona's growth: what it gained and why, what it asks for, what it was given. */
import Type, { type Static } from '../typebox.js';
import { Count, Fields, Id, Ids, Phrase, Phrases, Ratio, TimestampMs, Words } from './shapes.js';

/** Settlement C6: one shape, with the reasons of all three that the plan had. */
export const PersonaEvolution = Fields({
  personaId: Id,
  academyId: Id,
  roomId: Id,
  evolution: Fields({
    trigger: Words('capability_gap', 'performance_optimization', 'competitive_pressure', 'collaborative_enhancement'),
    beforeCapabilities: Phrases,
    afterCapabilities: Phrases,
    addedGenomes: Ids,
    removedLimitations: Phrases,
    /** Measured change of accuracy on held-out items, -1 to 1; `measuredOn` items behind it. */
    improvementScore: Type.Number({ minimum: -1, maximum: 1 }),
    measuredOn: Count,
    evolutionCostBytes: Count,
    evolutionCostMs: Type.Number({ minimum: 0 }),
  }),
  networkBroadcast: Type.Literal(true),
  timestamp: TimestampMs,
});
export type PersonaEvolution = Static<typeof PersonaEvolution>;

export const CapabilityRequest = Fields({
  requestId: Id,
  personaId: Id,
  academyId: Id,
  capability: Phrase,
  reason: Words('capability_gap', 'performance_optimization', 'competitive_pressure', 'collaborative_enhancement'),
  timestamp: TimestampMs,
});

export const CapabilityAcquired = Fields({
  requestId: Id,
  personaId: Id,
  academyId: Id,
  capability: Phrase,
  outcome: Words('acquired', 'refused'),
  genomeId: Type.Optional(Id),
  /** Why it was refused, or by how much it helped. */
  reason: Phrase,
  gain: Type.Optional(Type.Number({ minimum: -1, maximum: 1 })),
  confidence: Type.Optional(Ratio),
  timestamp: TimestampMs,
});
