/**
 * What a persona has learnt of one capability, as the smallest genome that still carries it, with the gain measured
 * as an adopter would measure it: on held-out items, with and without the very layer that would be given away, over a
 * persona that has learnt nothing.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import type { Genome } from '../runtime/protocol/genome/Genome.js';
import { identifyGenome } from '../runtime/protocol/genome/genomeIdOf.js';
import type { EmbeddedPersona, ExportOptions } from './learning/EmbeddedPersona.js';
import type { LabelledItem } from './messages.js';

export interface ShareableGenome {
  readonly genome: Genome;
  readonly capability: string;
  readonly gain: number;
  readonly n: number;
}

/**
 * Columns that are tried, fewest first. A specialist's layer fits into 2,048 (some 50 KB at rank 16); of one that learnt
 * all ten domains of CLINC150, one domain's genome scores 0.69 to 0.76 with 2,048 columns and 0.87 to 0.88 with 8,192
 * (343 KB at rank 32), where the persona itself has 0.91 to 0.94.
 */
const columnsTried = [2_048, 8_192] as const;
/** Accuracy that a genome may lose against its persona before more columns are tried. */
const lossMax = 0.03;

/**
 * @param untaught a persona with the same knowledge that has learnt nothing
 * @param items held-out items of the capability
 * @returns undefined when it has learnt no answer of the capability
 */
export function shareableGenome(
  brain: EmbeddedPersona,
  untaught: EmbeddedPersona,
  capability: string,
  items: readonly LabelledItem[],
  about: Pick<ExportOptions, 'description' | 'createdAtMs' | 'author'>,
): ShareableGenome | undefined {
  const { accuracy } = brain.measure(items);
  let best: ShareableGenome | undefined;
  for (const columns of columnsTried) {
    const layer = exported(brain, { ...about, name: capability, capabilities: [capability], columns });
    if (!layer) return undefined;
    const { gain, n, after } = untaught.examine(layer, items);
    if (!best || gain > best.gain) best = { genome: withScore(layer, after, n), capability, gain, n };
    if (after >= accuracy - lossMax) break;
  }
  return best;
}

function exported(brain: EmbeddedPersona, options: ExportOptions): Genome | undefined {
  try {
    return brain.exportGenome(options);
  } catch (thrown) {
    // Items without a single confirmed answer: there is nothing of this capability to give.
    if (thrown instanceof AcademyError && thrown.code === 'ERR_ACADEMY_BAD_ARGUMENT') return undefined;
    throw thrown;
  }
}

function withScore({ manifest, layer }: Genome, averageScore: number, n: number): Genome {
  const { id: _, signature: __, ...unidentified } = manifest;
  const testsPassed = Math.round(averageScore * n);
  const metrics = { ...manifest.metrics, averageScore, averageScoreItems: n, testsPassed };
  return identifyGenome({ ...unidentified, metrics }, layer);
}
