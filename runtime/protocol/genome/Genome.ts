// What a genome is: one low-rank layer over a named base model, and the manifest that says what it knows, on which
// evidence, from whom. This file has the vocabulary and its bounds; encodeGenome and decodeGenome turn it into a folder.

import { CapabilityVector } from '../schemas/genome.js';
import { Count, Fields, Id, Phrase, Phrases, Score, TimestampMs } from '../schemas/shapes.js';
import Type, { type Static } from '../typebox.js';

/** Bounds of a genome, each with its reason. They are checked before anything is allocated for a received one. */
export const genomeLimits = {
  /** A whole persona of rank 32 has 32; room for larger ones, and B's size stays bounded. */
  rankMax: 256,
  /** There are 2^16 feature buckets. */
  columnsMax: 65_536,
  /** Answers of a large knowledge pack. */
  answersMax: 16_384,
  /** adapter_model.safetensors: rank 32 over all columns is 2.6 MB. */
  tensorBytesMax: 32 * 1024 * 1024,
  /** genome.json: 512 numbers and the ids of all answers. */
  manifestBytesMax: 4 * 1024 * 1024,
  /** adapter_config.json is about 400 bytes. */
  configBytesMax: 64 * 1024,
  /**
   * Largest length of one column of A and of one row of B, and size of a bias or scale. Trained layers stay under a tenth
   * of it; without a bound one crafted row could outshout every other layer of the adopter.
   */
  normMax: 64,
} as const;

const Sha256Hex = Type.String({ pattern: '^[0-9a-f]{64}$', maxLength: 64 });

/** An Ed25519 signature over the genome's id, and the key that made it; both base64url. */
const GenomeSignature = Fields({
  publicKey: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 }),
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$', maxLength: 86 }),
});

/** Content of genome.json. */
export const GenomeManifest = Fields({
  formatVersion: Type.Literal(1),
  /** Hex sha256 of everything else but the signature: see genomeIdOf. */
  id: Sha256Hex,
  name: Phrase,
  description: Phrase,
  /** Fields of knowledge, as knowledge packs name them. */
  capabilities: Phrases,
  /** 512 numbers of length 1: what it was trained on, for finding it. */
  compatibilityVector: CapabilityVector,
  baseModel: Fields({ id: Id, sha256: Sha256Hex }),
  /** The answers that the layer speaks of; row i of B and bias is answer i. Ids are global. */
  answers: Type.Array(Id, { minItems: 1, maxItems: genomeLimits.answersMax, uniqueItems: true }),
  metrics: Fields({
    /** Signals that it was trained on. */
    signals: Count,
    /** Held-out accuracy as its author measured it, and on how many items; null and 0: not measured. */
    averageScore: Score,
    averageScoreItems: Count,
    testsPassed: Count,
    humanSatisfactionRate: Score,
    collaborationSuccess: Score,
  }),
  /** Genomes that were in use while this one was trained. */
  parents: Type.Array(Sha256Hex, { maxItems: 64 }),
  createdAtMs: TimestampMs,
  author: Fields({ nodeId: Type.Optional(Id), personaId: Id }),
  signature: Type.Optional(GenomeSignature),
});
export type GenomeManifest = Static<typeof GenomeManifest>;

/**
 * The layer's numbers: it adds Σ_k B[a,k] · Σ_j A[k,j]·φ_j + bias[a] to the score of answer a, with A[k,j] =
 * loraA[k·K + j] · scales[j] for the feature bucket columns[j].
 */
export interface GenomeLayer {
  readonly rank: number;
  /** [K] distinct feature buckets, ascending. */
  readonly columns: Uint32Array;
  /** [rank, K], row-major. */
  readonly loraA: Int8Array;
  /** [K], ≥ 0. */
  readonly scales: Float32Array;
  /** [answers, rank], row-major. */
  readonly loraB: Float32Array;
  /** [answers] */
  readonly bias: Float32Array;
}

export interface Genome {
  readonly manifest: GenomeManifest;
  readonly layer: GenomeLayer;
}

/** A manifest before its content was hashed. */
export type UnidentifiedManifest = Omit<GenomeManifest, 'id' | 'signature'>;
