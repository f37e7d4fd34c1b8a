import fc from 'fast-check';
import t from 'tap';
import { isLaterSession, ReplayWindow } from '../../../runtime/mesh/ReplayWindow.js';
import { limits } from '../../../runtime/protocol/limits.js';
import type { Channel, PacketHeader } from '../../../runtime/protocol/packet.js';
import { identity } from './meshFixtures.js';

const source = identity(2).nodeId;

function packet(session: number, sequence: number, channel: Channel = 'training', sourceNode = source): PacketHeader {
  return {
    eventId: 1,
    channel,
    priority: 'normal',
    hops: 0,
    timestampMs: 0,
    session,
    sequence,
    sourceNode,
    traceId: '0'.repeat(32),
    topic: 0,
  };
}

t.test('each packet is taken once, in whatever order the packets come', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: limits.replayWindowSize - 1 }), { minLength: 1, maxLength: 300 }),
      fc.nat({ max: 0xffff_0000 }),
      (offsets, base) => {
        const window = new ReplayWindow();
        const taken = offsets.filter((offset) => window.accept(packet(1, base + offset)));
        return taken.length === new Set(offsets).size;
      },
    ),
  );
});

t.test('it agrees with a set that remembers everything, except for what is older than the window', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5_000 }), { maxLength: 500 }), (sequences) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let highest = -1;
      for (const sequence of sequences) {
        const expected = !seen.has(sequence) && highest - sequence < limits.replayWindowSize;
        if (window.accept(packet(1, sequence)) !== expected) return false;
        seen.add(sequence);
        highest = Math.max(highest, sequence);
      }
      return true;
    }),
  );
});

t.test('a stream that moves on by small steps loses nothing of itself', async () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 30 }), { minLength: 3_000, maxLength: 3_000 }), (steps) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let sequence = 100_000;
      for (const step of steps) {
        sequence += step;
        if (window.accept(packet(1, sequence)) === seen.has(sequence)) return false;
        seen.add(sequence);
      }
      return true;
    }),
    { numRuns: 20 },
  );
});

t.test('channels and sources do not disturb each other', async (t) => {
  const window = new ReplayWindow();
  t.ok(window.accept(packet(1, 7)));
  t.ok(window.accept(packet(1, 7, 'genome')));
  t.ok(window.accept(packet(1, 7, 'training', identity(3).nodeId)));
  t.notOk(window.accept(packet(1, 7)));
});

t.test('a restarted node begins to count again, and packets of its earlier life are replays', async (t) => {
  const window = new ReplayWindow();
  t.ok(window.accept(packet(100, 5_000)));
  t.ok(window.accept(packet(101, 0)));
  t.notOk(window.accept(packet(100, 5_001)));
  t.notOk(window.accept(packet(101, 0)));
  t.ok(window.accept(packet(101, 1)));
});

t.test('sessions are compared across the turn of their 32 bits', async (t) => {
  t.ok(isLaterSession(3, 0xffff_fff0));
  t.notOk(isLaterSession(0xffff_fff0, 3));
  t.notOk(isLaterSession(3, 3));
});

t.test('missing packets of a multicast stream are known', async (t) => {
  const window = new ReplayWindow();
  for (const sequence of [10, 11, 14, 13]) window.accept(packet(1, sequence));
  window.accept(packet(1, 900, 'reliable'));
  t.strictSame(window.losses(), [{ source, channel: 'training', expected: 5, received: 4 }]);
});

t.test('the number of sources that are remembered is bounded', async (t) => {
  const window = new ReplayWindow(2);
  for (const number of [2, 3, 4]) window.accept(packet(1, 0, 'training', identity(number).nodeId));
  t.equal(window.losses().length, 2);
});
