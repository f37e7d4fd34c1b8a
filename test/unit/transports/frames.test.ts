import fc from 'fast-check';
import t from 'tap';
import {
  encodeFrame,
  type Frame,
  type FrameKind,
  FrameReader,
  frameHeaderBytes,
} from '../../../transports/tcp/frames.js';

const bodyBytesMax = 20_000;

/** Feeds bytes in pieces of the given sizes, in turn, and reads all that comes. */
function readAll(bytes: Buffer, pieces: readonly number[], max = bodyBytesMax): (Frame | 'malformed')[] {
  const reader = new FrameReader(max);
  const read: (Frame | 'malformed')[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + (pieces[turn % pieces.length] ?? bytes.length);
    reader.push(bytes.subarray(start, end));
    start = end;
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      read.push(frame);
      if (frame === 'malformed') return read;
    }
  }
  return read;
}

const frames = fc.array(
  fc.record({
    kind: fc.integer({ min: 1, max: 255 }),
    correlation: fc.nat(0xffff_ffff),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(0, 4_096, 4_097, bodyBytesMax).map((length) => new Uint8Array(length).fill(7)),
    ),
  }),
  { maxLength: 8 },
);
const pieces = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 6 });

t.test('however the stream is cut, the frames come out as they went in', async () => {
  fc.assert(
    fc.property(frames, pieces, (written, sizes) => {
      const bytes = Buffer.concat(
        written.flatMap(({ kind, correlation, body }) => encodeFrame(kind as FrameKind, correlation, body)),
      );
      const read = readAll(bytes, sizes);
      return (
        read.length === written.length &&
        written.every(({ kind, correlation, body }, index) => {
          const frame = read[index];
          return (
            typeof frame === 'object' &&
            frame.kind === kind &&
            frame.correlation === correlation &&
            frame.body.equals(body)
          );
        })
      );
    }),
  );
});

t.test('no bytes at all make the reader throw, or accept a body beyond its bound', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), pieces, fc.nat(100), (noise, sizes, max) =>
      readAll(Buffer.from(noise), sizes, max).every((frame) => frame === 'malformed' || frame.body.length <= max),
    ),
    { numRuns: 1_000 },
  );
});

t.test('a length that is impossible is malformed before its body is there', async (test) => {
  for (const length of [0, 4, 5 + bodyBytesMax + 1, 0xffff_ffff]) {
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUInt32BE(length, 0);
    test.strictSame(readAll(header, [1]), ['malformed'], `${length}`);
  }
});

t.test('an unfinished frame is waited for', async (test) => {
  const bytes = Buffer.concat(encodeFrame(4, 1, Buffer.from('body')));
  for (let end = 1; end < bytes.length; end++) test.strictSame(readAll(bytes.subarray(0, end), [3]), []);
});

t.test('a small frame is one piece, and a large body is not copied', async (test) => {
  test.equal(encodeFrame(3, 1, new Uint8Array(4_096)).length, 1);
  const large = new Uint8Array(4_097);
  test.equal(encodeFrame(3, 1, large)[1], large);
});
