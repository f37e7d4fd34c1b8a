// The safetensors container: an 8-byte little-endian header length, a JSON header, then the tensors' bytes. It holds
// numbers and nothing that could run, which is why genomes and the base model travel in it. Only the four number types
// that the project writes are read; everything else is refused by name.
// Format: https://github.com/huggingface/safetensors#format

import { AcademyError } from '../errors.js';

/** Number types of a tensor, as safetensors spells them. */
export type TensorDtype = 'I8' | 'U16' | 'U32' | 'F32';

/** The array type that a dtype is read into; element counts are the product of the shape. */
export type TensorData = Int8Array | Uint16Array | Uint32Array | Float32Array;

export interface Tensor {
  readonly dtype: TensorDtype;
  /** Sizes per dimension, outermost first; row-major data. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** A decoded file: tensors by name, and the free strings of its `__metadata__`. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A header of a genome is under 1 KiB; this leaves room for other writers and bounds what JSON.parse is given. */
export const SAFETENSORS_HEADER_BYTES_MAX = 64 * 1024;

/** No file of the project has more than 5; bounds the work that a hostile header causes. */
export const SAFETENSORS_TENSORS_MAX = 64;

const DTYPES: Record<TensorDtype, { readonly bytes: number; read(copy: ArrayBuffer): TensorData }> = {
  I8: { bytes: 1, read: (copy) => new Int8Array(copy) },
  U16: { bytes: 2, read: (copy) => new Uint16Array(copy) },
  U32: { bytes: 4, read: (copy) => new Uint32Array(copy) },
  F32: { bytes: 4, read: (copy) => new Float32Array(copy) },
};

// The typed arrays above are in the machine's byte order; the format is little-endian. Every platform that Node.js
// supports on a release is little-endian but s390x, which must not read a genome wrongly in silence.
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function refuse(reason: string): never {
  throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', `safetensors: ${reason}`);
}

const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/**
 * Encodes tensors in the order given, so equal input gives equal bytes.
 *
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID when a shape does not match its data.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  if (!isLittleEndian) refuse('this machine is big-endian, which is not supported');
  const header: Record<string, unknown> = {};
  if (metadata.size > 0) header.__metadata__ = Object.fromEntries(metadata);
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (elementCount(shape) !== data.length)
      refuse(`tensor ${name} has ${data.length} numbers, not ${shape.join('×')}`);
    header[name] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  // Padded with spaces to 8 bytes, as the reference writer does, so that tensors can be mapped in place.
  const json = JSON.stringify(header);
  const jsonBytes = Buffer.from(
    json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length),
  );
  const bytes = new Uint8Array(8 + jsonBytes.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(jsonBytes.length), true);
  bytes.set(jsonBytes, 8);
  let at = 8 + jsonBytes.length;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function parseHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (!isLittleEndian) refuse('this machine is big-endian, which is not supported');
  if (bytes.length < 8) refuse(`${bytes.length} bytes are too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(SAFETENSORS_HEADER_BYTES_MAX)) refuse(`a header of ${length} bytes is over the limit`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) refuse('the file ends inside its header');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart)));
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_GENOME_INVALID', 'safetensors: the header is not JSON', { cause });
  }
  if (!isRecord(header)) refuse('the header is not an object');
  return { header, dataStart };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readTensor(
  name: string,
  entry: unknown,
  expectedBegin: number,
  body: Uint8Array,
): { tensor: Tensor; end: number } {
  if (!isRecord(entry)) refuse(`the entry of tensor ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) refuse(`tensor ${name} has an unsupported dtype`);
  if (!Array.isArray(shape) || shape.length > 4 || !shape.every(isSize)) refuse(`tensor ${name} has a bad shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    refuse(`tensor ${name} has bad offsets`);
  const [begin, end] = offsets as [number, number];
  const type = DTYPES[dtype as TensorDtype];
  // Tensors must follow one another without gap or overlap, so no byte of a file goes unlooked at.
  if (begin !== expectedBegin || end < begin || end > body.length) refuse(`tensor ${name} lies outside its place`);
  if (elementCount(shape) * type.bytes !== end - begin) refuse(`tensor ${name} has a size that is not its shape's`);
  // A copy: aligned for its type, and not kept alive or changed with the received buffer. (Buffer's slice copies nothing.)
  const data = type.read(new Uint8Array(body.subarray(begin, end)).buffer);
  return { tensor: { dtype: dtype as TensorDtype, shape, data }, end };
}

/**
 * Decodes a file from an untrusted source. Numbers are not judged here: a caller checks ranges and finiteness.
 *
 * @throws AcademyError ERR_ACADEMY_GENOME_INVALID on anything that is not a well-formed file of at most
 *   {@link SAFETENSORS_TENSORS_MAX} tensors of the supported types, without gaps, overlaps or trailing bytes.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = parseHeader(bytes);
  const body = bytes.subarray(dataStart);
  const metadata = new Map<string, string>();
  const entries: [string, unknown][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') entries.push([name, entry]);
    else if (!isRecord(entry)) refuse('__metadata__ is not an object');
    else {
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') refuse(`metadata ${key} is not a string`);
        metadata.set(key, value);
      }
    }
  }
  if (entries.length > SAFETENSORS_TENSORS_MAX) refuse(`${entries.length} tensors are over the limit`);
  const beginOf = (entry: unknown): number => {
    const begin = isRecord(entry) && Array.isArray(entry.data_offsets) ? entry.data_offsets[0] : undefined;
    return isSize(begin) ? begin : 0;
  };
  entries.sort((a, b) => beginOf(a[1]) - beginOf(b[1]));
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, entry] of entries) {
    const read = readTensor(name, entry, end, body);
    tensors.set(name, read.tensor);
    end = read.end;
  }
  if (end !== body.length) refuse(`${body.length - end} bytes follow the last tensor`);
  return { tensors, metadata };
}
