/**
 * What a node knows of genomes without having them: descriptors, who has each, and what adopters measured. What this
 * node stores itself is never forgotten for what others announce.
 */
import { LRUCache } from 'lru-cache';
import type { NodeId } from '../runtime/protocol/identity.js';
import type { GenomeCandidate, GenomeDescriptor, GenomeQuery } from '../runtime/protocol/schemas/genome.js';
import { findMatchingGenomes, type KnownGenome, type MeasuredEvidence } from './findMatchingGenomes.js';

interface CataloguedGenome extends KnownGenome {
  readonly holders: readonly string[];
}

/** A catalogue at rest: plain data; what is forgotten first stands first. */
export interface GenomeCatalogueSnapshot {
  readonly stored: readonly StoredGenome[];
  readonly announced: readonly AnnouncedGenome[];
  readonly evidence: readonly (readonly [genomeId: string, voices: readonly (readonly [string, MeasuredEvidence])[]])[];
}

interface StoredGenome {
  readonly descriptor: GenomeDescriptor;
  readonly personaId: string | null;
}

interface AnnouncedGenome {
  readonly descriptor: GenomeDescriptor;
  readonly holders: readonly string[];
}

/** Foreign genomes remembered; about 5 KB each. */
const foreignMax = 1_024;
/** Nodes remembered per genome, and voices heard on it. */
const holdersMax = 16;
const voicesMax = 64;

export class GenomeCatalogue {
  readonly #nodeId: NodeId;
  readonly #stored = new Map<string, StoredGenome>();
  readonly #announced = new LRUCache<string, AnnouncedGenome>({ max: foreignMax });
  /** By genome, then by the node that measured. */
  readonly #evidence = new LRUCache<string, Map<string, MeasuredEvidence>>({ max: foreignMax });

  constructor(nodeId: NodeId) {
    this.#nodeId = nodeId;
  }

  static restore({ stored, announced, evidence }: GenomeCatalogueSnapshot, nodeId: NodeId): GenomeCatalogue {
    const catalogue = new GenomeCatalogue(nodeId);
    for (const genome of stored) catalogue.#stored.set(genome.descriptor.id, genome);
    for (const genome of announced) catalogue.#announced.set(genome.descriptor.id, genome);
    for (const [genomeId, voices] of evidence) catalogue.#evidence.set(genomeId, new Map(voices));
    return catalogue;
  }

  snapshot(): GenomeCatalogueSnapshot {
    return {
      stored: [...this.#stored.values()],
      announced: this.#announced.dump().map(([, { value }]) => value),
      evidence: this.#evidence.dump().map(([genomeId, { value }]) => [genomeId, [...value]]),
    };
  }

  /** @param personaId who published it on this node; null when it came from elsewhere */
  store(descriptor: GenomeDescriptor, personaId: string | null): void {
    this.#stored.set(descriptor.id, { descriptor, personaId });
  }

  get stored(): readonly GenomeDescriptor[] {
    return [...this.#stored.values()].map(({ descriptor }) => descriptor);
  }

  storedDescriptor(genomeId: string): GenomeDescriptor | undefined {
    return this.#stored.get(genomeId)?.descriptor;
  }

  evidenceOf(genomeId: string): readonly MeasuredEvidence[] {
    return [...(this.#evidence.get(genomeId)?.values() ?? [])];
  }

  /** A node says that it has the genome, and perhaps what it measured. Its newest evidence replaces its earlier. */
  announce(descriptor: GenomeDescriptor, nodeId: string, evidence?: MeasuredEvidence): void {
    if (evidence) {
      const voices = this.#evidence.get(descriptor.id) ?? new Map<string, MeasuredEvidence>();
      if (voices.size < voicesMax || voices.has(nodeId)) voices.set(nodeId, evidence);
      this.#evidence.set(descriptor.id, voices);
    }
    if (nodeId === this.#nodeId) return;
    const known = this.#announced.get(descriptor.id);
    const others = known?.holders.filter((holder) => holder !== nodeId) ?? [];
    // The first descriptor stays: an id is a hash, and what does not fit it is found out when it is fetched.
    this.#announced.set(descriptor.id, {
      descriptor: known?.descriptor ?? descriptor,
      holders: [nodeId, ...others].slice(0, holdersMax),
    });
  }

  /** The node did not have it or sent something else. */
  forgetHolder(genomeId: string, nodeId: string): void {
    const known = this.#announced.get(genomeId);
    if (!known) return;
    const holders = known.holders.filter((holder) => holder !== nodeId);
    if (holders.length === 0) this.#announced.delete(genomeId);
    else this.#announced.set(genomeId, { ...known, holders });
  }

  /** What this node has itself, best first. */
  findStored(query: GenomeQuery): readonly GenomeDescriptor[] {
    return findMatchingGenomes(this.#storedGenomes(), query).map(({ genome }) => genome.descriptor);
  }

  /**
   * Everything known that matches, best first; what this node stores is offered from itself.
   * @param requesterId a persona is not offered what it published itself
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, see findMatchingGenomes
   */
  find(query: GenomeQuery, requesterId: string, scope: 'stored' | 'all'): readonly GenomeCandidate[] {
    const own = this.#storedGenomes(requesterId);
    const genomes = scope === 'stored' ? own : [...own, ...this.#announcedGenomes()];
    return findMatchingGenomes(genomes, query).map(({ genome, compatibility, estimatedImprovement }) => ({
      genomeId: genome.descriptor.id,
      nodeId: genome.holders[0] as string,
      compatibility,
      estimatedImprovement,
      transferCostBytes: this.#stored.has(genome.descriptor.id) ? 0 : genome.descriptor.bytes,
    }));
  }

  #storedGenomes(exceptPersona?: string): CataloguedGenome[] {
    return [...this.#stored.values()]
      .filter(({ personaId }) => exceptPersona === undefined || personaId !== exceptPersona)
      .map(({ descriptor }) => ({
        descriptor,
        holders: [this.#nodeId],
        evidence: this.evidenceOf(descriptor.id),
      }));
  }

  #announcedGenomes(): CataloguedGenome[] {
    return [...this.#announced.values()]
      .filter(({ descriptor }) => !this.#stored.has(descriptor.id))
      .map(({ descriptor, holders }) => ({ descriptor, holders, evidence: this.evidenceOf(descriptor.id) }));
  }
}
