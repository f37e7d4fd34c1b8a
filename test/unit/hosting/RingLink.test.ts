/** A link over rings: the order of frames whatever way they take, back-pressure, and what cannot be sent or read. */
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Frame, LinkChannel } from '../../../runtime/hosting/frames.js';
import { HopCounters } from '../../../runtime/hosting/rings/HopCounters.js';
import { ringPlaces } from '../../../runtime/hosting/rings/Ring.js';
import { makeLinkChannels, RingLink } from '../../../runtime/hosting/rings/RingLink.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { until } from '../../../testing/realTime.js';

interface Side {
  readonly link: RingLink;
  readonly channel: LinkChannel;
  readonly received: Frame[];
  readonly unsendable: Frame[];
  readonly overfull: Frame[];
  readonly broken: unknown[];
  pending: number;
}

function makeSide(channel: LinkChannel, defer: (turn: () => void) => void, hops?: HopCounters): Side {
  const side = { channel, received: [], unsendable: [], overfull: [], broken: [], pending: 0 } as unknown as Side;
  const end = {
    receive: (frame: Frame) => side.received.push(frame),
    received: () => {},
    pending: () => side.pending++,
    unsendable: (frame: Frame) => side.unsendable.push(frame),
    overfull: (frame: Frame) => side.overfull.push(frame),
    broken: (cause: unknown) => side.broken.push(cause),
  };
  return Object.assign(side, { link: new RingLink(channel, end, { defer, ...(hops ? { hops } : {}) }) });
}

/** Two ends in one thread. `asleep`: the second one never reads by itself. */
function makePair(t: Test, asleep = false): [Side, Side] {
  const [one, other] = makeLinkChannels();
  const pair: [Side, Side] = [makeSide(one, setImmediate), makeSide(other, asleep ? () => {} : setImmediate)];
  t.teardown(() => {
    for (const { link } of pair) link.close();
  });
  return pair;
}

const from = { shard: 0, slot: 4, generation: 2 ** 40 };

function message(data: unknown, slot = 1): Frame {
  return ['message', slot, 3, 'note', data, from, null, false];
}

const header = { eventId: 3, channel: 'training', sourceNode: '11'.repeat(16), traceId: '0'.repeat(32), topic: 7 };

function event(payload: Uint8Array): Frame {
  return ['event', header as Extract<Frame, readonly ['event', ...unknown[]]>[1], payload];
}

t.test('frames of all kinds arrive as they were, in both directions, after a flush', async (t) => {
  const [here, there] = makePair(t);
  const ask = { asker: { shard: 1, slot: 0, generation: 0 }, id: 7_000_000_000_001 };
  const frames: Frame[] = [
    message({ text: 'hello', nested: [{ at: 1.5 }], none: undefined }),
    ['message', 1_048_575, 2 ** 45, 'a.b', null, { name: 'ada', node: '1' as never }, ask, true],
    ['message', 1, 1, 'note', null, null, null, false],
    ['many', [1, 1, 2, 2 ** 40, 3, 7], 'note', 'to many', from],
    ['reply', 7, { count: 3 }, null],
    ['reply', 8, undefined, { code: 'ERR_ACADEMY_DEADLINE', message: 'late', remedy: 'hurry' }],
    event(new Uint8Array([1, 2, 3])),
    ['resolve', 'ada'],
    ['up'],
  ];
  for (const side of [here, there]) {
    const other = side === here ? there : here;
    for (const frame of frames) side.link.post(frame);
    t.equal(side.pending, 1, 'the owner is told once');
    t.equal(other.received.length, 0);
    side.link.flush();
    await until('all are there', () => other.received.length === frames.length);
    t.strictSame(other.received, frames);
    side.link.post(['up']);
    t.equal(side.pending, 2);
    side.link.flush();
  }
});

t.test('what is no plain data, or too large, takes the port and keeps its place', async (t) => {
  const [here, there] = makePair(t);
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  const [channel] = makeLinkChannels();
  const shared = new Int32Array(new SharedArrayBuffer(4));
  here.link.post(message('first'));
  here.link.post(message(new Map([[1, 'one']])));
  here.link.post(message('x'.repeat(limits.ringBytes)));
  here.link.post(message(shared));
  here.link.post(['link', 2, { ...channel, port: port2 }], [port2]);
  here.link.post(message(1, 2 ** 32 + 1));
  here.link.post(['message', 1, 1, 7 as unknown as string, null, null, null, false]);
  here.link.post(message('last'));
  here.link.flush();
  await until('all are there', () => there.received.length === 8);
  const data = there.received.map((frame) => (frame[0] === 'message' ? frame[4] : frame[0]));
  t.strictSame(data.slice(0, 2), ['first', new Map([[1, 'one']])]);
  t.equal((data[2] as string).length, limits.ringBytes);
  Atomics.store(shared, 0, 5);
  t.equal((data[3] as Int32Array)[0], 5, 'shared memory stays shared');
  t.equal(data[4], 'link');
  t.equal(there.received[5]?.[1], 2 ** 32 + 1, 'a slot that no actor can have is not made into one');
  t.equal(there.received[6]?.[3], 7);
  t.equal(data[7], 'last');
});

t.test('in whatever order frames of all sizes are posted and flushed, they arrive in it', async (t) => {
  const data = fc.oneof(
    { weight: 8, arbitrary: fc.string({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(60_000), 'y'.repeat(66_000)) },
    { weight: 1, arbitrary: fc.constant(new Date(0)) },
    { weight: 1, arbitrary: fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 4 }) },
  );
  const steps = fc.array(fc.oneof({ weight: 4, arbitrary: data }, { weight: 1, arbitrary: fc.constant('flush') }), {
    minLength: 20,
    maxLength: 120,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      const [one, other] = makeLinkChannels();
      const here = makeSide(one, setImmediate);
      const there = makeSide(other, setImmediate);
      let posted = 0;
      for (const step of steps) {
        if (step === 'flush') {
          here.link.flush();
          if (posted % 3 === 0) await new Promise(setImmediate);
        } else {
          here.link.post(message({ posted, step }));
          posted++;
        }
      }
      here.link.flush();
      await until('all are there', () => there.received.length === posted);
      const arrived = there.received.map((frame) => (frame as unknown as { 4: { step: unknown } })[4]);
      const expected = steps.filter((step) => step !== 'flush').map((step, posted) => ({ posted, step }));
      if (fc.stringify(arrived) !== fc.stringify(structuredClone(expected))) throw new Error('they differ');
      here.link.close();
      there.link.close();
    }),
    { numRuns: 40 },
  );
  t.pass();
});

t.test('when the other side does not read, what was posted waits and then arrives, each once', async (t) => {
  const [here, there] = makePair(t, true);
  const count = 20_000;
  for (let index = 0; index < count; index++) here.link.post(message(index));
  here.link.flush();
  t.equal(there.received.length, 0);
  await until('all have arrived', () => {
    there.link.drain();
    return there.received.length === count;
  });
  t.strictSame(
    there.received.map((frame) => (frame as Extract<Frame, readonly ['message', ...unknown[]]>)[4]),
    Array.from({ length: count }, (_, index) => index),
  );
});

t.test('events for a side that does not read are refused beyond a bound, and messages are not held up', async (t) => {
  const [here, there] = makePair(t, true);
  const count = limits.linkEventsMax + 1_000;
  const payload = new Uint8Array(1_000);
  for (let index = 0; index < count; index++) {
    payload.fill(index & 0xff);
    here.link.post(event(payload));
  }
  here.link.post(message('after'));
  here.link.flush();
  const refused = here.overfull.length;
  t.ok(refused > 500 && refused < 1_000, `${refused} refused: those beyond the bound and the ring`);
  await until('the rest has arrived', () => {
    there.link.drain();
    return there.received.length === count - refused + 1;
  });
  const payloads = there.received.flatMap((frame) => (frame[0] === 'event' ? [frame[2]] : []));
  t.ok(
    payloads.every((bytes, index) => bytes.length === 1_000 && bytes[0] === (index & 0xff) && bytes[999] === bytes[0]),
    'each has its own bytes, though all came from one buffer',
  );
  t.strictSame(there.received.at(-1), message('after'));
  here.link.post(event(payload));
  t.equal(here.overfull.length, refused, 'there is room again');
});

t.test('a frame that cannot be cloned takes no other with it', async (t) => {
  const [here, there] = makePair(t);
  const bad = message(() => 1);
  here.link.post(message('before'));
  here.link.post(message(new Date(0)));
  here.link.post(bad);
  here.link.post(message(new Date(1)));
  here.link.post(message('after'));
  here.link.flush();
  await until('the others are there', () => there.received.length === 4);
  t.strictSame(here.unsendable, [bad]);
  t.strictSame(
    there.received.map((frame) => (frame as Extract<Frame, readonly ['message', ...unknown[]]>)[4]),
    ['before', new Date(0), new Date(1), 'after'],
  );
});

t.test('a ring that is damaged is told, and the link reads no further', async (t) => {
  const [here, there] = makePair(t, true);
  here.link.post(message('x'));
  here.link.flush();
  new Int32Array(there.channel.incoming)[ringPlaces.tail] = 3;
  there.link.drain();
  t.match(there.broken, [{ code: 'ERR_ACADEMY_INTERNAL' }]);
  there.link.drain();
  t.equal(there.broken.length, 1);
  t.strictSame(there.received, []);
});

t.test('what a dead side had flushed is drained, and what it had not is not', async (t) => {
  const [here, there] = makePair(t, true);
  here.link.post(message('flushed'));
  here.link.post(message(new Date(0)));
  here.link.flush();
  here.link.post(message('not flushed'));
  here.link.close();
  there.link.drain();
  t.equal(there.received.length, 2);
});

t.test('the bytes and things of a frame are counted at each hop', async (t) => {
  const hops = new HopCounters();
  const [one, other] = makeLinkChannels();
  const here = makeSide(one, setImmediate, hops);
  const there = makeSide(other, setImmediate, hops);
  for (let index = 0; index < 2; index++) here.link.post(event(new Uint8Array(1_000)));
  here.link.flush();
  there.link.drain();
  t.ok(hops.perFrame('into the ring').bytesCopied > 1_000);
  t.ok(hops.perFrame('out of the ring').bytesCopied > 1_000);
  t.equal(hops.perFrame('into the ring').allocations, 0);
  t.equal(hops.hops.get('out of the ring')?.frames, 2);
  t.strictSame(hops.perFrame('elsewhere'), { bytesCopied: 0, allocations: 0 });
  here.link.close();
  there.link.close();
});
