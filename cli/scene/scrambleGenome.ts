/**
 * The saboteur of the scene: a genome with the same claims, shape and value range as another, whose numbers have
 * changed places. Its form is right, so only an exam can tell.
 */
import { decodeGenome, encodeGenome, identifyGenome, type Random } from '../library.js';
import { shuffled } from './clincItems.js';

export type GenomeFiles = Readonly<Record<string, Uint8Array>>;

export function scrambleGenome(files: GenomeFiles, random: Random): GenomeFiles {
  const { manifest, layer } = decodeGenome(new Map(Object.entries(files)));
  const { id: _id, signature: _signature, ...claims } = manifest;
  const scrambled = identifyGenome(claims, {
    ...layer,
    loraA: Int8Array.from(shuffled([...layer.loraA], random)),
    loraB: Float32Array.from(shuffled([...layer.loraB], random)),
    bias: Float32Array.from(shuffled([...layer.bias], random)),
  });
  return Object.fromEntries(encodeGenome(scrambled));
}
