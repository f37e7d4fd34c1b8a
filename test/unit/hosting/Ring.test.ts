/** The ring by itself, in one thread: what goes in comes out, in bounds, in order, and only after a flush. */
import fc from 'fast-check';
import t from 'tap';
import { Ring, ringPlaces } from '../../../runtime/hosting/rings/Ring.js';
import { RingReader } from '../../../runtime/hosting/rings/RingReader.js';
import { RingWriter } from '../../../runtime/hosting/rings/RingWriter.js';
import { limits } from '../../../runtime/protocol/limits.js';

function makeEnds(capacity = 256, startsAt = 0) {
  const ring = Ring.allocate(capacity);
  ring.control[ringPlaces.head] = startsAt;
  ring.control[ringPlaces.tail] = startsAt;
  return { ring, writer: new RingWriter(ring), reader: new RingReader(ring) };
}

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (seed + index * 7) & 0xff);
}

function readAll(reader: RingReader): { kind: number; bytes: number[] }[] {
  const read = [];
  while (reader.next()) read.push({ kind: reader.kind, bytes: [...reader.frame()] });
  reader.release();
  return read;
}

t.test('whatever is written, flushed and read in whatever order, the ring is a bounded queue', async (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ does: fc.constant('write' as const), length: fc.nat(126) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('flush' as const) }) },
    { weight: 3, arbitrary: fc.record({ does: fc.constant('read' as const), frames: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('release' as const) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('replace' as const), end: fc.constantFrom('r', 'w') }) },
  );
  const startsAt = fc.constantFrom(0, 2 ** 31 - 512, -1024, -8);
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 200, size: 'max' }), startsAt, (steps, start) => {
      const { ring, ...ends } = makeEnds(512, start);
      let { writer, reader } = ends;
      let written: { kind: number; bytes: number[] }[] = [];
      let flushed: { kind: number; bytes: number[] }[] = [];
      let unreleased: { kind: number; bytes: number[] }[] = [];
      let serial = 0;
      for (const step of steps) {
        if (step.does === 'write') {
          const frame = { kind: (serial % 65_535) + 1, bytes: bytesOf(Math.min(step.length, 120), serial) };
          serial++;
          const inRing = [...written, ...flushed, ...unreleased];
          if (writer.write(frame.kind, frame.bytes)) {
            written.push({ ...frame, bytes: [...frame.bytes] });
          } else {
            const used = inRing.reduce((sum, { bytes }) => sum + 8 + Math.ceil(bytes.length / 8) * 8, 0);
            const size = 8 + Math.ceil(frame.bytes.length / 8) * 8;
            // Besides it there may be padding from before, and the frame's own: less than a frame each.
            if (used + 2 * size + 128 <= 512) throw new Error(`refused ${size} bytes beside ${used}`);
          }
        } else if (step.does === 'flush') {
          if (writer.flush() !== written.length > 0) throw new Error('flush() says wrongly whether it did something');
          flushed.push(...written);
          written = [];
        } else if (step.does === 'read') {
          for (let count = 0; count < step.frames; count++) {
            const expected = flushed.shift();
            if (reader.next() !== (expected !== undefined)) throw new Error('it shows other than what was flushed');
            if (!expected) break;
            const bytes = [...reader.frame()];
            if (reader.kind !== expected.kind || `${bytes}` !== `${expected.bytes}`)
              throw new Error('it shows another');
            unreleased.push(expected);
          }
        } else if (step.does === 'release') {
          reader.release();
          unreleased = [];
        } else if (step.end === 'w') {
          writer = new RingWriter(ring);
          written = [];
        } else {
          reader = new RingReader(ring);
          flushed = [...unreleased, ...flushed];
          unreleased = [];
        }
      }
      writer.flush();
      t.strictSame(readAll(reader), [...flushed, ...written]);
    }),
    { numRuns: 300 },
  );
});

t.test('a frame is seen after the flush and not before', async (t) => {
  const { writer, reader } = makeEnds();
  writer.write(1, bytesOf(3, 1));
  writer.write(2, bytesOf(0, 1));
  t.notOk(reader.next());
  t.ok(writer.flush());
  t.notOk(writer.flush());
  t.strictSame(readAll(reader), [
    { kind: 1, bytes: [1, 8, 15] },
    { kind: 2, bytes: [] },
  ]);
});

t.test('a full ring says so, and overwrites nothing, also not what was read but not released', async (t) => {
  const { writer, reader } = makeEnds();
  let frames = 0;
  while (writer.write(1, bytesOf(24, frames))) frames++;
  t.equal(frames, 8, 'each takes 32 of 256 bytes');
  writer.flush();
  t.ok(reader.next());
  t.notOk(writer.write(1, bytesOf(1, 0)));
  t.strictSame([...reader.frame()], [...bytesOf(24, 0)]);
  reader.release();
  t.ok(writer.write(1, bytesOf(24, 8)));
  t.notOk(writer.write(1, bytesOf(0, 0)));
  writer.flush();
  t.strictSame(
    readAll(reader).map(({ bytes }) => bytes[0]),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
});

t.test('the largest frame always fits into an empty ring, wherever it begins', async (t) => {
  for (let startsAt = 0; startsAt < 256; startsAt += 8) {
    const { ring, writer, reader } = makeEnds(256, startsAt);
    const bytes = bytesOf(ring.frameBytesMax, startsAt);
    t.ok(writer.write(1, bytes), `at ${startsAt}`);
    writer.flush();
    t.strictSame(readAll(reader), [{ kind: 1, bytes: [...bytes] }]);
  }
});

t.test('a larger frame, a bad kind and bytes that were not claimed are errors of whoever wrote them', async (t) => {
  const { ring, writer } = makeEnds();
  const code = 'ERR_ACADEMY_BAD_ARGUMENT';
  t.throws(() => writer.write(1, new Uint8Array(ring.frameBytesMax + 1)), { code });
  t.throws(() => writer.claim(-1), { code });
  t.throws(() => writer.claim(Number.NaN), { code });
  for (const kind of [0, -1, 65_536, Number.NaN]) t.throws(() => writer.write(kind, new Uint8Array(1)), { code });
  writer.claim(8);
  t.throws(() => writer.commit(1, writer.room + 1), { code });
  writer.commit(1, 8);
  t.throws(() => writer.commit(1, 8), { code }, 'one claim is one frame');
  for (const bytes of [0, 100, 128, 2 ** 31, 300]) t.throws(() => Ring.allocate(bytes), { code });
  t.throws(() => new Ring(new SharedArrayBuffer(4)), { code });
  t.throws(() => new Ring(new SharedArrayBuffer(1_000)), { code });
  t.equal(Ring.allocate().capacity, limits.ringBytes);
});

t.test('a claim may turn out larger, up to its room, and is nothing until it is committed', async (t) => {
  const { ring, writer, reader } = makeEnds();
  const first = writer.claim(1);
  ring.bytes.fill(1, first, first + writer.room);
  const second = writer.claim(1);
  t.equal(second, first);
  ring.bytes[second] = 2;
  writer.commit(5, 1);
  writer.flush();
  t.strictSame(readAll(reader), [{ kind: 5, bytes: [2] }]);
});

t.test('a ring whose memory is damaged ends with an error, and nothing outside of it is read', async (t) => {
  const code = 'ERR_ACADEMY_INTERNAL';
  const damages: [string, (ring: Ring) => void][] = [
    ['a length beyond the tail', ({ words }) => words.set([64], 0)],
    ['a length beyond the ring', ({ words }) => words.set([2 ** 32 - 1], 0)],
    ['a length beyond the largest frame', ({ words }) => words.set([60], 0)],
    ['a kind that cannot be', ({ words }) => words.set([65_536], 1)],
    ['padding beyond the tail', ({ words }) => words.set([200, 0], 0)],
    ['a tail that is no multiple of 8', ({ control }) => control.set([5], ringPlaces.tail)],
    ['a tail before the head', ({ control }) => control.set([-8], ringPlaces.tail)],
    ['a tail that is too far', ({ control }) => control.set([264], ringPlaces.tail)],
  ];
  for (const [damage, harm] of damages) {
    const { ring, writer, reader } = makeEnds();
    writer.write(1, bytesOf(40, 0));
    writer.flush();
    harm(ring);
    t.throws(() => reader.next(), { code }, damage);
    t.throws(() => reader.next(), { code }, `${damage}, again`);
  }
  const { ring } = makeEnds();
  ring.control[ringPlaces.head] = 4;
  t.throws(() => new RingReader(ring), { code });
  t.throws(() => new RingWriter(ring), { code });
});

t.test('random memory is read to an end or to an error, and never beyond the tail', async (t) => {
  const words = fc.array(fc.oneof(fc.nat(64), fc.nat(0xffff_ffff)), { minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(words, fc.nat(32), (random, eights) => {
      const { ring, reader } = makeEnds();
      ring.words.set(random);
      ring.control[ringPlaces.tail] = eights * 8;
      try {
        while (reader.next()) {
          if (reader.offset + reader.length > Math.min(256, eights * 8)) throw new RangeError('it reads too far');
        }
      } catch (error) {
        if (error instanceof RangeError) throw error;
      }
    }),
  );
  t.pass();
});

t.test(
  'a reader sleeps until there is something, a writer until there is room, and neither when there is',
  async (t) => {
    const { writer, reader } = makeEnds();
    const asleep = reader.sleep();
    t.ok(asleep);
    writer.write(1, bytesOf(8, 0));
    writer.flush();
    await asleep;
    t.equal(reader.sleep(), null);
    t.equal(readAll(reader).length, 1);
    while (writer.write(1, bytesOf(24, 0)));
    writer.flush();
    const waits = writer.sleep();
    t.ok(waits);
    t.ok(reader.next());
    reader.release();
    await waits;
    t.ok(writer.write(1, bytesOf(24, 0)));
    t.notOk(writer.write(1, bytesOf(24, 0)));
    t.ok(reader.next());
    reader.release();
    t.equal(writer.sleep(), null);
    readAll(reader);
    const ended = reader.sleep();
    reader.wake();
    await ended;
    t.notOk(reader.next());
  },
);

t.test('whoever waits for one that died before it could call is called by the one that takes its place', async (t) => {
  const ring = Ring.allocate(4_096);
  const writer = new RingWriter(ring);
  while (writer.write(1, new Uint8Array(100))) {
    // Until it is full.
  }
  writer.flush();
  const room = writer.sleep();
  // As a reader leaves it that is ended between giving room back and saying so.
  Atomics.store(ring.control, ringPlaces.writerSleeps, 0);
  const reader = new RingReader(ring);
  await room;
  t.ok(reader.next());
  while (reader.next()) {
    // All of them.
  }
  reader.release();
  const frames = reader.sleep();
  Atomics.store(ring.control, ringPlaces.readerSleeps, 0);
  new RingWriter(ring);
  await frames;
  t.pass('both were called');
});
