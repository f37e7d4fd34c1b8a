// adapter_model.safetensors of a genome: five tensors, and the checks that a stranger's numbers must pass.

import { AcademyError } from '../errors.js';
import { type GenomeLayer, genomeLimits } from './Genome.js';
import { decodeSafetensors, encodeSafetensors, type Tensor, type TensorData } from './safetensors.js';

/** Encodes a layer; equal layers give equal bytes. */
export function encodeGenomeLayer({ rank, columns, loraA, scales, loraB, bias }: GenomeLayer): Uint8Array {
  const answers = bias.length;
  return encodeSafetensors(
    new Map<string, Tensor>([
      // The four-byte types first, so that each tensor is aligned for its type.
      ['bias', { dtype: 'F32', shape: [answers], data: bias }],
      ['columns', { dtype: 'U32', shape: [columns.length], data: columns }],
      ['lora_B', { dtype: 'F32', shape: [answers, rank], data: loraB }],
      ['scales', { dtype: 'F32', shape: [columns.length], data: scales }],
      ['lora_A', { dtype: 'I8', shape: [rank, columns.length], data: loraA }],
    ]),
  );
}

function refuse(reason: string): never {
  throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `the genome's layer cannot be used: ${reason}`);
}

/**
 * Decodes and checks a layer file from an untrusted source: tensors of matching shapes within the limits, distinct
 * columns, finite numbers of bounded size.
 *
 * @param answers - Rows that the manifest promises.
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID
 */
export function decodeGenomeLayer(bytes: Uint8Array, answers: number): GenomeLayer {
  if (bytes.length > genomeLimits.tensorBytesMax) refuse(`${bytes.length} bytes are over the limit`);
  const { tensors } = decodeSafetensors(bytes);
  if (tensors.size !== 5) refuse(`it has ${tensors.size} tensors, not 5`);
  const take = <Data extends TensorData>(
    name: string,
    type: abstract new (...args: never[]) => Data,
    shape: number[],
  ): Data => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof type)) refuse(`tensor ${name} is missing or of another type`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
      refuse(`tensor ${name} has the shape ${tensor.shape.join('×')}, not ${shape.join('×')}`);
    }
    return tensor.data;
  };
  const [rank, kept] = tensors.get('lora_A')?.shape ?? [];
  if (rank === undefined || rank < 1 || rank > genomeLimits.rankMax) refuse(`its rank is ${rank}`);
  if (kept === undefined || kept < 1 || kept > genomeLimits.columnsMax) refuse(`it has ${kept} columns`);
  const layer: GenomeLayer = {
    rank,
    columns: take('columns', Uint32Array, [kept]),
    loraA: take('lora_A', Int8Array, [rank, kept]),
    scales: take('scales', Float32Array, [kept]),
    loraB: take('lora_B', Float32Array, [answers, rank]),
    bias: take('bias', Float32Array, [answers]),
  };
  checkNumbers(layer);
  return layer;
}

function checkNumbers({ rank, columns, loraA, scales, loraB, bias }: GenomeLayer): void {
  const { columnsMax, normMax } = genomeLimits;
  let previous = -1;
  for (const column of columns) {
    if (column <= previous || column >= columnsMax) refuse('its columns are not ascending feature buckets');
    previous = column;
  }
  // The comparisons are written so that NaN fails them.
  for (let j = 0; j < columns.length; j++) {
    let squares = 0;
    for (let k = 0; k < rank; k++) squares += (loraA[k * columns.length + j] as number) ** 2;
    const scale = scales[j] as number;
    if (!(scale >= 0 && scale * Math.sqrt(squares) <= normMax)) refuse(`column ${j} of lora_A is out of bounds`);
  }
  for (let row = 0; row < bias.length; row++) {
    let squares = 0;
    for (let k = 0; k < rank; k++) squares += (loraB[row * rank + k] as number) ** 2;
    if (!(Math.sqrt(squares) <= normMax)) refuse(`row ${row} of lora_B is out of bounds`);
    if (!(Math.abs(bias[row] as number) <= normMax)) refuse(`bias ${row} is out of bounds`);
  }
}
