// The container against its description (huggingface/safetensors, "Format"): read here by hand, not by our own decoder.

import fc from 'fast-check';
import t from 'tap';
import { encodeGenome } from '../../../runtime/protocol/genome/encodeGenome.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  SAFETENSORS_HEADER_BYTES_MAX,
  SAFETENSORS_TENSORS_MAX,
  type Tensor,
} from '../../../runtime/protocol/genome/safetensors.js';
import { handmadeGenome } from './handmadeGenome.js';

function fileOf(header: unknown, body: Uint8Array = new Uint8Array(), length?: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length ?? json.length));
  return Buffer.concat([size, json, body]);
}

t.test("a genome's layer file reads as the format says", (t) => {
  const { layer, manifest } = handmadeGenome();
  const file = Buffer.from(encodeGenome({ layer, manifest }).get('adapter_model.safetensors') ?? []);
  const headerBytes = Number(file.readBigUInt64LE(0));
  t.equal((8 + headerBytes) % 8, 0, 'the numbers start at a multiple of 8 bytes');
  t.equal(file.toString('utf8', 8, 9), '{', 'the header starts with a brace');
  const header: unknown = JSON.parse(file.toString('utf8', 8, 8 + headerBytes));
  t.strictSame(header, {
    bias: { dtype: 'F32', shape: [4], data_offsets: [0, 16] },
    columns: { dtype: 'U32', shape: [7], data_offsets: [16, 44] },
    lora_B: { dtype: 'F32', shape: [4, 3], data_offsets: [44, 92] },
    scales: { dtype: 'F32', shape: [7], data_offsets: [92, 120] },
    lora_A: { dtype: 'I8', shape: [3, 7], data_offsets: [120, 141] },
  });
  const body = file.subarray(8 + headerBytes);
  t.equal(body.length, 141);
  t.equal(body.readFloatLE(4), layer.bias[1], 'little-endian floats');
  t.equal(body.readUInt32LE(20), layer.columns[1]);
  t.equal(body.readInt8(140), layer.loraA.at(-1));
  t.end();
});

t.test('a file made by hand is read, whatever the order and spacing of its header', (t) => {
  const header = {
    second: { dtype: 'U16', shape: [1, 2], data_offsets: [4, 8] },
    __metadata__: { format: 'pt' },
    first: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
  };
  const body = Buffer.from([0, 0, 0x80, 0x3f, 1, 0, 0, 1]);
  const file = decodeSafetensors(fileOf(`${JSON.stringify(header)}   `, body));
  t.strictSame(file.metadata, new Map([['format', 'pt']]));
  t.strictSame(file.tensors.get('first'), { dtype: 'F32', shape: [], data: Float32Array.of(1) });
  t.strictSame(file.tensors.get('second'), { dtype: 'U16', shape: [1, 2], data: Uint16Array.of(1, 256) });
  t.end();
});

t.test('any tensors and metadata survive, from any place in a larger buffer, and are copies', (t) => {
  const anyTensor: fc.Arbitrary<Tensor> = fc.oneof(
    fc.int8Array().map((data): Tensor => ({ dtype: 'I8', shape: [data.length], data })),
    fc.uint16Array().map((data): Tensor => ({ dtype: 'U16', shape: [1, data.length], data })),
    fc.uint32Array().map((data): Tensor => ({ dtype: 'U32', shape: [data.length, 1], data })),
    fc.float32Array().map((data): Tensor => ({ dtype: 'F32', shape: [data.length], data })),
  );
  const anyName = fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => name !== '__metadata__');
  const property = fc.property(
    fc.array(fc.tuple(anyName, anyTensor), { maxLength: 6 }),
    fc.array(fc.tuple(anyName, fc.string({ unit: 'binary' })), { maxLength: 3 }),
    fc.nat({ max: 9 }),
    (pairs, notes, before) => {
      const [tensors, metadata] = [new Map(pairs), new Map(notes)];
      const encoded = encodeSafetensors(tensors, metadata);
      const received = new Uint8Array(before + encoded.length);
      received.set(encoded, before);
      const read = decodeSafetensors(received.subarray(before));
      received.fill(0xff);
      t.strictSame(new Map([...read.tensors].sort()), new Map([...tensors].sort()));
      t.strictSame(new Map([...read.metadata].sort()), new Map([...metadata].sort()));
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 100 }));
  t.end();
});

t.test('a malformed file is refused by one code', (t) => {
  const one = (entry: object) => ({ x: { dtype: 'U16', shape: [2], data_offsets: [0, 4], ...entry } });
  const four = new Uint8Array(4);
  const huge = Buffer.alloc(16, 0xff);
  const many = Array.from({ length: SAFETENSORS_TENSORS_MAX + 1 }, (_, i) => [
    `t${i}`,
    { dtype: 'I8', shape: [0], data_offsets: [0, 0] },
  ]);
  t.doesNotThrow(() => decodeSafetensors(fileOf(one({}), four)), 'the sound one');
  const wrong: Record<string, Uint8Array> = {
    'seven bytes': new Uint8Array(7),
    'a header of 2^64 − 1 bytes': huge,
    'a header over the limit': fileOf(' '.repeat(SAFETENSORS_HEADER_BYTES_MAX + 1)),
    'a header longer than the file': fileOf('{}', undefined, 3),
    'a header that is not JSON': fileOf('{x}'),
    'a header that is not UTF-8': fileOf('', Uint8Array.of(0xff, 0xff), 2),
    'a header that is a list': fileOf([]),
    'a type that is not ours': fileOf(one({ dtype: 'F64' }), four),
    'a type by an inherited name': fileOf(one({ dtype: 'constructor' }), four),
    'a negative size': fileOf(one({ shape: [-2] }), four),
    'sizes whose product overflows': fileOf(one({ shape: [2 ** 52, 2 ** 52] }), four),
    'five dimensions': fileOf(one({ shape: [1, 1, 1, 1, 2] }), four),
    'more numbers than bytes': fileOf(one({ shape: [3] }), four),
    'offsets past the end': fileOf(one({ shape: [4], data_offsets: [0, 8] }), four),
    'offsets backwards': fileOf(one({ data_offsets: [4, 0] }), four),
    'a gap before the first': fileOf(one({ shape: [1], data_offsets: [2, 4] }), four),
    'bytes after the last': fileOf(one({ shape: [1], data_offsets: [0, 2] }), four),
    overlap: fileOf({ ...one({}), y: { dtype: 'U16', shape: [1], data_offsets: [2, 4] } }, four),
    'metadata that are not strings': fileOf({ __metadata__: { a: 1 } }),
    'metadata that are a list': fileOf({ __metadata__: [] }),
    'an entry that is no object': fileOf({ x: null }),
    'too many tensors': fileOf(Object.fromEntries(many)),
  };
  for (const [name, file] of Object.entries(wrong)) {
    t.throws(() => decodeSafetensors(file), { code: 'ERR_ACADEMY_GENOME_INVALID' }, name);
  }
  t.throws(
    () => encodeSafetensors(new Map([['x', { dtype: 'I8', shape: [3], data: new Int8Array(2) } as const]])),
    { code: 'ERR_ACADEMY_GENOME_INVALID' },
    'nor is a tensor written that is not of its shape',
  );
  t.end();
});
