/**
 * Which genomes answer a query, best first. Pure: names are compared, vectors multiplied and evidence weighed, and the
 * same genomes in any order give the same list.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import { limits } from '../runtime/protocol/limits.js';
import type { GenomeDescriptor, GenomeQuery } from '../runtime/protocol/schemas/genome.js';

/** Accuracy that somebody measured before and after adopting a genome, on n items. */
export interface MeasuredEvidence {
  readonly before: number;
  readonly after: number;
  readonly n: number;
}

/** A genome with what adopters of it have measured, one voice a node. */
export interface KnownGenome {
  readonly descriptor: GenomeDescriptor;
  readonly evidence: readonly MeasuredEvidence[];
}

export interface GenomeMatch<G extends KnownGenome> {
  readonly genome: G;
  /** (1 + cosine) / 2 of the two vectors; 0.5 where the query has none. */
  readonly compatibility: number;
  /** Gain in accuracy that the evidence suggests, 0 to 1. */
  readonly estimatedImprovement: number;
}

/**
 * Cosine from which a genome is taken to be about the same thing although it has another name. Vectors of 60 questions
 * of one CLINC150 domain against 300 of the same: 0.73 in the mean; against another domain: 0.46 at most.
 */
export const sameSubjectCosine = 0.5;
/** What evidence and preferences may add to a compatibility of 0 to 1: they order what is near, not what is far. */
const evidenceWeight = 0.2;
const preferenceWeight = 0.1;
/** Items of one voice that count; more would let one large claim drown the others. */
const evidenceItemsMax = 200;

/**
 * A genome matches when it has every required capability by name, or is about the same by its vector; when nothing in
 * its names and description is an antipattern; and when its measured score reaches the threshold (a threshold of 0
 * asks for none). Genomes without a vector of 512 numbers never match.
 * @returns best first; equal ones in the order of their ids
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT when the query's vector does not have 512 numbers
 */
export function findMatchingGenomes<G extends KnownGenome>(genomes: Iterable<G>, query: GenomeQuery): GenomeMatch<G>[] {
  const { vector } = query;
  if (vector && !isCapabilityVector(vector)) {
    throw new AcademyError(
      'ERR_ACADEMY_BAD_ARGUMENT',
      `the query's vector has ${vector.length} numbers, not ${limits.capabilityVectorDimensions}`,
    );
  }
  const scored: { match: GenomeMatch<G>; score: number }[] = [];
  for (const genome of genomes) {
    const { descriptor } = genome;
    if (!isCapabilityVector(descriptor.compatibilityVector)) continue;
    const cosine = vector ? cosineOf(vector, descriptor.compatibilityVector) : undefined;
    if (!isMatch(descriptor, query, cosine)) continue;
    const compatibility = cosine === undefined ? 0.5 : (1 + cosine) / 2;
    const estimatedImprovement = improvementOf(genome);
    const score =
      compatibility + evidenceWeight * estimatedImprovement + preferenceWeight * preferredShare(descriptor, query);
    scored.push({ match: { genome, compatibility, estimatedImprovement }, score });
  }
  return scored
    .sort((left, right) => right.score - left.score || compareIds(left.match.genome, right.match.genome))
    .map(({ match }) => match);
}

function isMatch(descriptor: GenomeDescriptor, query: GenomeQuery, cosine: number | undefined): boolean {
  const isNamed = query.requiredCapabilities.every((capability) => descriptor.capabilities.includes(capability));
  if (!isNamed && !(cosine !== undefined && cosine >= sameSubjectCosine)) return false;
  const words = [descriptor.name, descriptor.description, ...descriptor.capabilities].join('\n').toLowerCase();
  if (query.antipatterns.some((antipattern) => words.includes(antipattern.toLowerCase()))) return false;
  const { averageScore } = descriptor.performanceMetrics;
  return query.performanceThreshold === 0 || (averageScore !== null && averageScore >= query.performanceThreshold);
}

/** What adopters measured; else what the author claims. */
function improvementOf({ descriptor, evidence }: KnownGenome): number {
  let gains = 0;
  let items = 0;
  for (const { before, after, n } of evidence) {
    const weight = Math.min(n, evidenceItemsMax);
    gains += (after - before) * weight;
    items += weight;
  }
  const claimed = Math.max(0, ...descriptor.layers.map(({ performanceGain }) => performanceGain));
  return clamp(items > 0 ? gains / items : claimed);
}

function preferredShare({ capabilities }: GenomeDescriptor, { preferredCapabilities }: GenomeQuery): number {
  if (preferredCapabilities.length === 0) return 0;
  return preferredCapabilities.filter((wanted) => capabilities.includes(wanted)).length / preferredCapabilities.length;
}

function isCapabilityVector(vector: readonly number[]): boolean {
  return vector.length === limits.capabilityVectorDimensions;
}

/** 0 when one of them is zero. */
function cosineOf(left: readonly number[], right: readonly number[]): number {
  let product = 0;
  let leftSquares = 0;
  let rightSquares = 0;
  for (const [index, l] of left.entries()) {
    const r = right[index] as number;
    product += l * r;
    leftSquares += l * l;
    rightSquares += r * r;
  }
  const lengths = Math.sqrt(leftSquares * rightSquares);
  return lengths === 0 ? 0 : Math.max(-1, Math.min(1, product / lengths));
}

function clamp(value: number): number {
  return Math.max(0, Math.min(1, value));
}

function compareIds(left: KnownGenome, right: KnownGenome): number {
  return left.descriptor.id < right.descriptor.id ? -1 : left.descriptor.id > right.descriptor.id ? 1 : 0;
}
