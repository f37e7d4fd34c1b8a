import t from 'tap';
import { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { PacketSealer, sessionAt } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { identity, ManualClock } from './meshFixtures.js';

const nodeId = identity(1).nodeId;
const contents = { eventId: 3, priority: 'high', topic: 4 } as const;

t.test('each channel counts for itself within one session', async (t) => {
  const clock = new ManualClock();
  const writer = new PacketWriter(nodeId, new PacketSealer('school', null), clock, seededRandom(1));
  const numbers = (['training', 'training', 'genome', 'training'] as const).map(
    (channel) => writer.header({ ...contents, channel }).sequence,
  );
  t.strictSame(numbers, [0, 1, 0, 2]);
  t.equal(writer.session, sessionAt(clock.nowMs()));
});

t.test('a node that starts later has a later session', async (t) => {
  const clock = new ManualClock();
  const sealer = new PacketSealer('school', null);
  const first = new PacketWriter(nodeId, sealer, clock, seededRandom(1));
  await clock.advance(100);
  t.equal(new PacketWriter(nodeId, sealer, clock, seededRandom(1)).session, first.session + 1);
});

t.test('what it seals opens as what it said', async (t) => {
  const sealer = new PacketSealer('school', new Uint8Array(32).fill(1));
  const writer = new PacketWriter(nodeId, sealer, new ManualClock(), seededRandom(1));
  const header = writer.header({ ...contents, channel: 'evolution' });
  t.match(sealer.open(writer.seal(header, Uint8Array.of(0xc0))), { header });
});

t.test('a channel that has used up its numbers begins a later session, and so do the others', async (t) => {
  const writer = new PacketWriter(nodeId, new PacketSealer('school', null), new ManualClock(), seededRandom(1), 2);
  const numbers = (['genome', 'training', 'training', 'training', 'training', 'genome'] as const).map((channel) => {
    const { session, sequence } = writer.header({ ...contents, channel });
    return [session, sequence];
  });
  const first = numbers[0]?.[0] ?? 0;
  t.strictSame(numbers, [
    [first, 0],
    [first, 0],
    [first, 1],
    [first, 2],
    [first + 1, 0],
    [first + 1, 0],
  ]);
});

t.test('no two trace ids are the same', async (t) => {
  const writer = new PacketWriter(nodeId, new PacketSealer('school', null), new ManualClock(), seededRandom(1));
  const ids = Array.from({ length: 1_000 }, () => writer.traceId());
  t.equal(new Set(ids).size, 1_000);
  t.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
});
