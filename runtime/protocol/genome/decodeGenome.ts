// Reads a genome folder from an untrusted source. What comes out is well-formed, within bounds, made of finite numbers
// and is what its id says; whether it is any good is for an exam to find out.

import { isDeepStrictEqual } from 'node:util';
import { AcademyError } from '../errors.js';
import { Compile } from '../typebox.js';
import { adapterConfigOf, GENOME_FILES, type GenomeFolder } from './encodeGenome.js';
import { type Genome, GenomeManifest, genomeLimits } from './Genome.js';
import { hashContent } from './genomeIdOf.js';
import { decodeGenomeLayer } from './genomeLayerFile.js';

const manifestCheck = Compile(GenomeManifest);

function refuse(reason: string, cause?: unknown): never {
  throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `the genome cannot be used: ${reason}`, {
    cause,
    remedy: 'Fetch it again, or from another node.',
  });
}

function fileOf(folder: ReadonlyMap<string, Uint8Array>, name: string, bytesMax: number): Uint8Array {
  const bytes = folder.get(name);
  if (bytes === undefined) refuse(`${name} is missing`);
  if (bytes.length > bytesMax) refuse(`${name} has ${bytes.length} bytes, more than ${bytesMax}`);
  return bytes;
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    return refuse(`${name} is not JSON`, cause);
  }
}

/** @throws AcademyError ERR_ACADEMY_GENOME_INVALID */
function decodeManifest(bytes: Uint8Array): GenomeManifest {
  const value = parseJson(bytes, GENOME_FILES.manifest);
  if (!manifestCheck.Check(value)) {
    const [first] = manifestCheck.Errors(value);
    refuse(`${GENOME_FILES.manifest}${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`);
  }
  const length = Math.hypot(...value.compatibilityVector);
  if (Math.abs(length - 1) > 1e-3) refuse(`its compatibility vector has the length ${length}, not 1`);
  return value;
}

/**
 * Decodes and checks a genome. Files that are not part of a genome are left alone.
 *
 * @param folder - At least the three files of {@link GENOME_FILES}, by name.
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID when anything is missing, oversized, malformed or not what the id says.
 */
export function decodeGenome(folder: ReadonlyMap<string, Uint8Array> | GenomeFolder): Genome {
  const config = fileOf(folder, GENOME_FILES.config, genomeLimits.configBytesMax);
  const layerFile = fileOf(folder, GENOME_FILES.layer, genomeLimits.tensorBytesMax);
  const manifest = decodeManifest(fileOf(folder, GENOME_FILES.manifest, genomeLimits.manifestBytesMax));
  const layer = decodeGenomeLayer(layerFile, manifest.answers.length);
  const genome = { manifest, layer };
  if (!isDeepStrictEqual(parseJson(config, GENOME_FILES.config), adapterConfigOf(genome))) {
    refuse(`${GENOME_FILES.config} does not describe its layer`);
  }
  const id = hashContent(manifest, layerFile);
  if (id !== manifest.id) refuse(`its content has the id ${id}, not ${manifest.id}`);
  return genome;
}
