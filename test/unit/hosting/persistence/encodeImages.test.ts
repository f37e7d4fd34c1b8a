import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import t from 'tap';
import { createActor, createMachine } from 'xstate';
import type { ActorImage } from '../../../../runtime/hosting/persistence/ActorImage.js';
import { decodeImages } from '../../../../runtime/hosting/persistence/decodeImages.js';
import { encodeImages } from '../../../../runtime/hosting/persistence/encodeImages.js';

const image: ActorImage = {
  id: 1,
  version: 1,
  sequence: 0,
  snapshot: { status: 'active', value: 'idle', context: {}, children: {}, historyValue: {} },
  ledger: null,
  timers: [],
  subscriptions: [],
  monitors: [],
};

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  maxDepth: 3,
});

const contexts = fc.oneof(
  fc.record({ name: fc.string(), count: fc.double() }),
  fc.record({ count: fc.oneof(fc.double(), fc.string()), more: anything }),
  fc.dictionary(fc.string(), anything, { noNullPrototype: true }),
  fc.array(fc.nat()),
  fc.constant(null),
);

const snapshots = fc.oneof(
  fc.record({
    status: fc.constantFrom('active', 'active', 'active', 'done', 'error'),
    value: fc.oneof(fc.constantFrom('idle', 'busy'), fc.constant({ a: 'b', c: { d: 'e' } })),
    context: contexts,
    children: fc.constantFrom({}, {}, { child: { snapshot: { status: 'active' }, src: 'x' } }),
    historyValue: fc.constantFrom({}, {}, { 'a.hist': [{ id: 'a' }] }),
  }),
  fc.record({ status: fc.constant('done'), output: anything }),
);

const images: fc.Arbitrary<ActorImage[]> = fc.array(
  fc.record({
    id: fc.nat(),
    version: fc.nat(),
    sequence: fc.nat(),
    snapshot: snapshots,
    ledger: fc.option(
      fc.record({
        lastEffect: fc.nat(),
        outbox: fc.constantFrom([], [{ number: 3, effect: { type: 'stop', target: { name: 'x' } } } as const]),
        open: fc.constantFrom([], [[4, { settles: 'answered', tag: 1 }] as const]),
        seen: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat())),
      }),
    ),
    timers: fc.array(
      fc.record({
        id: fc.option(fc.string(), { nil: undefined }),
        dueAtMs: fc.nat(),
        event: fc.record({ type: fc.string() }),
        target: fc.constant(null),
      }),
      { maxLength: 2 },
    ),
    subscriptions: fc.constantFrom([], [{ event: 'academy.chat.typing' as const, roomId: 'r', remoteOnly: true }]),
    monitors: fc.constantFrom(
      [],
      [
        { target: { name: 'ben' }, tag: undefined },
        { target: { name: 'cy' }, tag: [1] },
      ],
    ),
  }),
  { maxLength: 20 },
);

/** Of what generators come upon rarely. */
const awkward = [new Date(Number.NaN), new Map([[Number.NaN, [-0, undefined]]]), { key: undefined }, new Set([1n])];

/**
 * All of it in words: comparisons take no invalid date for another, and serialised bytes differ by which equal parts
 * are the same object.
 */
function textOf(value: unknown): string {
  const all = Number.POSITIVE_INFINITY;
  return inspect(value, { depth: all, maxArrayLength: all, maxStringLength: all });
}

t.test('what is written in columns is read as it was, whatever actors hold', async () => {
  fc.assert(
    fc.property(images, (generated) => {
      // Some of what is generated has no prototype, which a structured clone gives it.
      const written = structuredClone(generated);
      const read = decodeImages(encodeImages(written));
      return textOf(read) === textOf(written);
    }),
    {
      numRuns: 300,
      examples: awkward.map((output): [ActorImage[]] => [[{ ...image, snapshot: { status: 'done', output } }]]),
    },
  );
});

t.test('an XState machine goes on from where it was', async (t) => {
  const machine = createMachine({
    context: { told: ['a'], count: 3 },
    type: 'parallel',
    states: { one: { initial: 'a', states: { a: { on: { go: 'b' } }, b: {} } }, two: {} },
  });
  const before = createActor(machine).start();
  before.send({ type: 'go' });
  const [read] = decodeImages(encodeImages([{ ...image, snapshot: before.getPersistedSnapshot() }]));
  const after = createActor(machine, { snapshot: read?.snapshot as never }).start();
  t.strictSame(after.getSnapshot().value, { one: 'b', two: {} });
  t.strictSame(after.getSnapshot().context, { told: ['a'], count: 3 });
});

t.test('actors of one machine cost their contexts, and little more', async (t) => {
  const context = (index: number): object => ({ name: `actor ${index}`, count: index, isBusy: index % 2 === 0 });
  const many = Array.from({ length: 1_000 }, (_, id) => ({
    ...image,
    id,
    snapshot: { ...(image.snapshot as object), context: context(id) },
  }));
  const bytes = encodeImages(many);
  t.ok(bytes.length < 70 * many.length, `${bytes.length / many.length} bytes each`);
});

t.test('what is read holds no part of the bytes that it was read from', async (t) => {
  const context = { hash: new Uint8Array(32).fill(1), numbers: new Float64Array(3), of: new Uint8Array(100_000) };
  const [read] = decodeImages(encodeImages([{ ...image, snapshot: { ...(image.snapshot as object), context } }])) as [
    ActorImage,
  ];
  const { hash, numbers, of } = (read.snapshot as { context: typeof context }).context;
  t.strictSame({ hash, numbers, of }, context);
  t.strictSame([hash.buffer.byteLength, numbers.buffer.byteLength, of.buffer.byteLength], [32, 24, 100_000]);
});

t.test('a context that cannot be kept is a coded error with a remedy', async (t) => {
  const snapshot = { ...(image.snapshot as object), context: { callback: () => 1 } };
  t.throws(() => encodeImages([{ ...image, snapshot }]), {
    code: 'ERR_ACADEMY_SNAPSHOT_INVALID',
    message: /could not be cloned/,
    remedy: /plain data/,
  });
});

t.test('damaged and foreign bytes are a coded error', async (t) => {
  const good = encodeImages([image]);
  for (const bytes of [good.subarray(0, 20), new Uint8Array(), serialize(null)]) {
    t.throws(() => decodeImages(bytes), { code: 'ERR_ACADEMY_SNAPSHOT_INVALID' });
  }
  const another = { code: 'ERR_ACADEMY_STORE', remedy: /the release that wrote them/ };
  t.throws(() => decodeImages(serialize({ format: 99 })), another, 'another layout is no damage');
});
