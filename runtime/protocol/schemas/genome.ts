/** Payloads of genome discovery and exchange, and what a node tells of a genome before anyone fetches it. */

import { limits } from '../limits.js';
import Type, { type Static } from '../typebox.js';
import { Count, Fields, Id, Ids, Phrase, Phrases, Ratio, Score, TimestampMs, Words } from './shapes.js';

/** Settlement C25: what a query answers with; never the genome itself. */
export const GenomeCandidate = Fields({
  genomeId: Id,
  nodeId: Id,
  /** Cosine of the two capability vectors, mapped to 0 to 1, where both are known. */
  compatibility: Ratio,
  /** Gain in accuracy that its evidence suggests, 0 to 1. */
  estimatedImprovement: Ratio,
  transferCostBytes: Count,
});
export type GenomeCandidate = Static<typeof GenomeCandidate>;

export const LoRALayer = Fields({
  id: Id,
  name: Id,
  capability: Phrase,
  rank: Type.Integer({ minimum: 1, maximum: 1024 }),
  alpha: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
  /** Hashes of what it was trained on. */
  trainedOn: Ids,
  /** Measured change of accuracy, -1 to 1. */
  performanceGain: Type.Number({ minimum: -1, maximum: 1 }),
});
export type LoRALayer = Static<typeof LoRALayer>;

/** 512 numbers, L2-normalised (FNV-signed hash of summed features); for finding, not for answering. */
export const CapabilityVector = Type.Array(Type.Number({ minimum: -1, maximum: 1 }), {
  minItems: limits.capabilityVectorDimensions,
  maxItems: limits.capabilityVectorDimensions,
});

export const GenomeQuery = Fields({
  requiredCapabilities: Phrases,
  preferredCapabilities: Phrases,
  antipatterns: Phrases,
  performanceThreshold: Ratio,
  maxLatencyMs: Type.Optional(Count),
  contextSimilarity: Type.Optional(Phrase),
  /** What the requester lacks, as a vector; finds genomes whose capabilities have other names. */
  vector: Type.Optional(CapabilityVector),
});
export type GenomeQuery = Static<typeof GenomeQuery>;

/** Rings of settlement C7: this node, this academy, every node reachable, and beyond (wide-area transport). */
export const SearchRadius = Words('local', 'academy', 'mesh', 'global');

export const GenomeDiscovery = Fields({
  requestId: Id,
  /** The persona that asks; the asking node is in the envelope. */
  requesterId: Id,
  academyId: Id,
  query: GenomeQuery,
  searchRadius: SearchRadius,
  maxResults: Type.Integer({ minimum: 1, maximum: 64 }),
  timeoutMs: Type.Integer({ minimum: 1, maximum: 60_000 }),
  timestamp: TimestampMs,
});

export const GenomeDescriptor = Fields({
  id: Id,
  name: Phrase,
  description: Phrase,
  capabilities: Phrases,
  performanceMetrics: Fields({
    averageScore: Score,
    testsPassed: Count,
    humanSatisfactionRate: Score,
    collaborationSuccess: Score,
  }),
  layers: Type.Array(LoRALayer, { maxItems: 64 }),
  /** Opaque id of the base model and its SHA-256 (settlement C34). */
  baseModel: Phrase,
  /** Hashes of the training contexts. */
  trainingData: Ids,
  compatibilityVector: CapabilityVector,
  bytes: Count,
});
export type GenomeDescriptor = Static<typeof GenomeDescriptor>;

export const GenomeShare = Fields({
  /** Of the query that it answers; absent when a genome is announced unasked. */
  requestId: Type.Optional(Id),
  genomeId: Id,
  shareFromNodeId: Id,
  /** The node that asked (settlement C33), or `*` for an announcement to all. */
  shareToNodeId: Id,
  academyId: Id,
  genome: GenomeDescriptor,
  sharingMode: Words('full_copy', 'reference', 'torrent_chunk'),
  chunkIndex: Type.Optional(Count),
  totalChunks: Type.Optional(Count),
  /** Measured by the announcing node when it adopted the genome: evidence for others. */
  evidence: Type.Optional(Fields({ before: Ratio, after: Ratio, n: Count })),
  timestamp: TimestampMs,
});

export const LoRAEvolution = Fields({
  personaId: Id,
  academyId: Id,
  layerId: Id,
  version: Count,
  /** The version kept for rollback. */
  previousVersion: Type.Optional(Count),
  signals: Count,
  timestamp: TimestampMs,
});
