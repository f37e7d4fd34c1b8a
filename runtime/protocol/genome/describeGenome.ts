// What is told of a genome before anyone fetches it.

import type { GenomeDescriptor } from '../schemas/genome.js';
import { encodeGenome } from './encodeGenome.js';
import type { Genome } from './Genome.js';

/**
 * The announcement of a genome, as `academy.genome.share` carries it.
 *
 * @param performanceGain - Change of accuracy that was measured when it was adopted, −1 … 1. @default 0: not measured
 */
export function describeGenome(genome: Genome, performanceGain = 0): GenomeDescriptor {
  const { manifest, layer } = genome;
  let bytes = 0;
  for (const file of encodeGenome(genome).values()) bytes += file.length;
  const { averageScore, testsPassed, humanSatisfactionRate, collaborationSuccess } = manifest.metrics;
  return {
    id: manifest.id,
    name: manifest.name,
    description: manifest.description,
    capabilities: manifest.capabilities,
    performanceMetrics: { averageScore, testsPassed, humanSatisfactionRate, collaborationSuccess },
    layers: [
      {
        id: manifest.id,
        name: manifest.id.slice(0, 12),
        capability: manifest.capabilities[0] ?? manifest.name,
        rank: layer.rank,
        alpha: layer.rank,
        trainedOn: [],
        performanceGain,
      },
    ],
    baseModel: `${manifest.baseModel.id}@${manifest.baseModel.sha256}`,
    trainingData: [],
    compatibilityVector: manifest.compatibilityVector,
    bytes,
  };
}
