// Writes a genome as a folder in peft's shape (adapter_config.json, adapter_model.safetensors) plus genome.json.

import type { Genome } from './Genome.js';
import { encodeGenomeLayer } from './genomeLayerFile.js';

/** Content of a folder by file name. */
export type GenomeFolder = Map<string, Uint8Array>;

/** The files of a genome folder. */
export const GENOME_FILES = {
  config: 'adapter_config.json',
  layer: 'adapter_model.safetensors',
  manifest: 'genome.json',
} as const;

/** What peft's tools read of a layer. `lora_alpha` equals `r`: the layer speaks at scale 1. */
export function adapterConfigOf({ manifest, layer }: Genome): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    base_model_name_or_path: manifest.baseModel.id,
    r: layer.rank,
    lora_alpha: layer.rank,
    lora_dropout: 0,
    bias: 'lora_only',
    target_modules: ['answers'],
    inference_mode: true,
  };
}

/**
 * Encodes a genome; equal genomes give equal bytes.
 *
 * ```ts
 * for (const [name, bytes] of encodeGenome(genome)) await writeFile(join(folder, name), bytes);
 * ```
 */
export function encodeGenome(genome: Genome): GenomeFolder {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);
  return new Map([
    [GENOME_FILES.config, json(adapterConfigOf(genome))],
    [GENOME_FILES.layer, encodeGenomeLayer(genome.layer)],
    [GENOME_FILES.manifest, json(genome.manifest)],
  ]);
}
