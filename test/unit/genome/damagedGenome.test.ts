// Genomes from strangers: whatever is wrong with one, it is refused with one code and before it is used. The damaged ones
// here carry the id of their damaged content, so that no check can hide behind the id's.

import t, { type Test } from 'tap';
import { decodeGenome } from '../../../runtime/protocol/genome/decodeGenome.js';
import { encodeGenome, GENOME_FILES } from '../../../runtime/protocol/genome/encodeGenome.js';
import { type Genome, type GenomeLayer, genomeLimits } from '../../../runtime/protocol/genome/Genome.js';
import { hashContent, identifyGenome } from '../../../runtime/protocol/genome/genomeIdOf.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../../../runtime/protocol/genome/safetensors.js';
import { handmadeGenome, layerOf, manifestOf } from './handmadeGenome.js';

const { manifest, layer } = handmadeGenome();
const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

function refused(t: Test, folder: ReadonlyMap<string, Uint8Array>, reason: RegExp, name: string): void {
  t.throws(() => decodeGenome(folder), { code: 'ERR_ACADEMY_GENOME_INVALID', message: reason }, name);
}

/** A folder around a layer file, with the id that belongs to it. */
function folderAround(layerFile: Uint8Array): Map<string, Uint8Array> {
  const folder = encodeGenome({ manifest: { ...manifest, id: hashContent(manifest, layerFile) }, layer });
  return folder.set(GENOME_FILES.layer, layerFile);
}

function withTensors(change: (tensors: Map<string, Tensor>) => void): Map<string, Uint8Array> {
  const file = encodeGenome({ manifest, layer }).get(GENOME_FILES.layer) ?? new Uint8Array();
  const tensors = new Map(decodeSafetensors(file).tensors);
  change(tensors);
  return folderAround(encodeSafetensors(tensors));
}

t.test('undamaged, the genome of these tests is fine', (t) => {
  t.doesNotThrow(() => decodeGenome(withTensors(() => {})));
  t.end();
});

t.test('a missing, truncated or oversized file', (t) => {
  const folder = encodeGenome({ manifest, layer });
  for (const [key, name] of Object.entries(GENOME_FILES)) {
    const bytes = folder.get(name) ?? new Uint8Array();
    const without = new Map(folder);
    without.delete(name);
    refused(t, without, /is missing/, `${name} missing`);
    for (const length of [0, 7, 40, bytes.length - 2]) {
      const cut = key === 'layer' ? folderAround(bytes.subarray(0, length)) : folder;
      refused(t, new Map(cut).set(name, bytes.subarray(0, length)), /./, `${name} cut to ${length} bytes`);
    }
  }
  const { tensorBytesMax, manifestBytesMax, configBytesMax } = genomeLimits;
  const oversized = { config: configBytesMax, layer: tensorBytesMax, manifest: manifestBytesMax };
  for (const [key, max] of Object.entries(oversized)) {
    const name = GENOME_FILES[key as keyof typeof oversized];
    refused(t, new Map(folder).set(name, new Uint8Array(max + 1)), /more than/, `${name} oversized`);
  }
  t.end();
});

t.test('a number that is none, or that could outshout all other layers', (t) => {
  const set = (field: 'scales' | 'loraB' | 'bias', value: number): GenomeLayer => {
    const numbers = layer[field].slice();
    numbers[2] = value;
    return { ...layer, [field]: numbers };
  };
  for (const field of ['scales', 'loraB', 'bias'] as const) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 65, 1e30]) {
      const genome = identifyGenome(manifest, set(field, value));
      refused(t, encodeGenome(genome), /out of bounds/, `${field} with ${value}`);
    }
  }
  refused(t, encodeGenome(identifyGenome(manifest, set('scales', -0.001))), /out of bounds/, 'a negative scale');
  const long = { ...layer, loraB: layer.loraB.map(() => 40) };
  refused(t, encodeGenome(identifyGenome(manifest, long)), /row 0 of lora_B/, 'small numbers, long row');
  t.doesNotThrow(() => decodeGenome(encodeGenome(identifyGenome(manifest, set('bias', 64)))), 'the bound itself');
  t.end();
});

t.test('columns that are not ascending feature buckets', (t) => {
  for (const columns of [
    [0, 1, 1, 2, 3, 4, 5],
    [6, 5, 4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4, 5, 65_536],
  ]) {
    const genome = identifyGenome(manifest, { ...layer, columns: Uint32Array.from(columns) });
    refused(t, encodeGenome(genome), /ascending/, columns.join());
  }
  t.end();
});

t.test('tensors of a wrong shape or type, too few or too many of them', (t) => {
  const floats = (...shape: number[]): Tensor => ({
    dtype: 'F32',
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  const wrong: Record<string, (tensors: Map<string, Tensor>) => unknown> = {
    'a row too few in lora_B': (tensors) => tensors.set('lora_B', floats(3, 3)),
    'lora_B transposed': (tensors) => tensors.set('lora_B', floats(3, 4)),
    'lora_B flat': (tensors) => tensors.set('lora_B', floats(12)),
    'a bias too many': (tensors) => tensors.set('bias', floats(5)),
    'a scale too few': (tensors) => tensors.set('scales', floats(6)),
    'columns as F32': (tensors) => tensors.set('columns', floats(7)),
    'lora_A as F32': (tensors) => tensors.set('lora_A', floats(3, 7)),
    'no columns': (tensors) => tensors.set('lora_A', { dtype: 'I8', shape: [3, 0], data: new Int8Array() }),
    'no rank': (tensors) => tensors.set('lora_A', { dtype: 'I8', shape: [0, 7], data: new Int8Array() }),
    'no scales': (tensors) => tensors.delete('scales'),
    'a sixth tensor': (tensors) => tensors.set('more', floats(1)),
    'another name': (tensors) => tensors.delete('bias') && tensors.set('biases', floats(4)),
  };
  for (const [name, change] of Object.entries(wrong)) refused(t, withTensors(change), /tensor|rank|columns/, name);
  const sizes = { rank: 257, columns: 7, answers: 4 };
  refused(t, encodeGenome(identifyGenome(manifestOf(4), layerOf(sizes, 1))), /rank is 257/, 'a rank over the bound');
  t.end();
});

t.test('a manifest that does not fit', (t) => {
  const vector = manifest.compatibilityVector;
  const wrong: Record<string, object> = {
    'a vector of 511 entries': { compatibilityVector: vector.slice(0, 511) },
    'a vector of 513 entries': { compatibilityVector: [...vector, 0] },
    'a vector of unbounded length': { compatibilityVector: vector.map(() => 1) },
    'a vector of zeros': { compatibilityVector: vector.map(() => 0) },
    'a vector with null, as JSON writes NaN': { compatibilityVector: [Number.NaN, ...vector.slice(1)] },
    'no answers': { answers: [] },
    'an answer twice': { answers: ['a', 'b', 'c', 'a'] },
    'an answer too few': { answers: manifest.answers.slice(1) },
    'another format': { formatVersion: 2 },
    'a field that nobody knows': { surprise: true },
    'a score over 1': { metrics: { ...manifest.metrics, averageScore: 1.5 } },
    'a base model without a hash': { baseModel: { id: 'base', sha256: 'B'.repeat(64) } },
    'a signature of the wrong size': { signature: { publicKey: 'A', signature: 'B' } },
  };
  const layerFile = encodeGenome({ manifest, layer }).get(GENOME_FILES.layer) ?? new Uint8Array();
  for (const [name, change] of Object.entries(wrong)) {
    const claims = { ...manifest, ...change };
    const id = hashContent(JSON.parse(JSON.stringify(claims)) as Genome['manifest'], layerFile);
    const folder = encodeGenome({ manifest, layer }).set(GENOME_FILES.manifest, text({ ...claims, id }));
    refused(t, folder, /genome\.json|vector|tensor/, name);
  }
  for (const value of ['', '{', '[]', 'null', '"x"']) {
    const folder = encodeGenome({ manifest, layer }).set(GENOME_FILES.manifest, Buffer.from(value));
    refused(t, folder, /genome\.json/, `genome.json is ${value}`);
  }
  t.end();
});

t.test('an id or a config that says something else than the content', (t) => {
  const folder = encodeGenome({ manifest, layer });
  const otherId = new Map(folder).set(GENOME_FILES.manifest, text({ ...manifest, id: 'e'.repeat(64) }));
  refused(t, otherId, /has the id/, 'another id');
  const config = JSON.parse(new TextDecoder().decode(folder.get(GENOME_FILES.config))) as object;
  const louder = new Map(folder).set(GENOME_FILES.config, text({ ...config, lora_alpha: 300 }));
  refused(t, louder, /does not describe/, 'another alpha');
  t.end();
});
