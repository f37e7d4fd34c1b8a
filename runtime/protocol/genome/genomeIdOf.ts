// A genome's id is the hash of its content, so whoever fetches it can tell that it is the one that was asked for.

import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonicalJson.js';
import type { Genome, GenomeLayer, GenomeManifest, UnidentifiedManifest } from './Genome.js';
import { encodeGenomeLayer } from './genomeLayerFile.js';

/**
 * Hex sha256 over the canonical JSON of the manifest without `id` and `signature`, followed by the sha256 of
 * adapter_model.safetensors. (adapter_config.json only repeats what these say, and decodeGenome holds it to that.)
 */
export function genomeIdOf(manifest: GenomeManifest | UnidentifiedManifest, layer: GenomeLayer): string {
  return hashContent(manifest, encodeGenomeLayer(layer));
}

/** The same over a layer file at hand. */
export function hashContent(manifest: GenomeManifest | UnidentifiedManifest, layerFile: Uint8Array): string {
  const content: Partial<GenomeManifest> = { ...manifest };
  delete content.id;
  delete content.signature;
  const layerHash = createHash('sha256').update(layerFile).digest('hex');
  return createHash('sha256')
    .update(`academy-genome/1\n${layerHash}\n${canonicalJson(content)}`)
    .digest('hex');
}

/** Completes a manifest with the id of its content. */
export function identifyGenome(manifest: UnidentifiedManifest, layer: GenomeLayer): Genome {
  return { manifest: { ...manifest, id: genomeIdOf(manifest, layer) }, layer };
}
