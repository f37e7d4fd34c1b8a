import fc from 'fast-check';
import t from 'tap';
import { dropReasons } from '../../../runtime/protocol/dropReasons.js';
import { deriveKey, type NodeId } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import {
  academyTag,
  channels,
  type Packet,
  type PacketHeader,
  PacketSealer,
  packetHeaderBytes,
  packetId,
  packetMagic,
  packetVersion,
  priorities,
  sessionAt,
  topicOf,
} from '../../../runtime/protocol/packet.js';

const key = deriveKey(new Uint8Array(32).fill(9), 'home', 'datagram');
const keyed = new PacketSealer('home', key);
const open = new PacketSealer('home', null);

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const anyHeader: fc.Arbitrary<PacketHeader> = fc.record(
  {
    eventId: fc.integer({ min: 0, max: 0xffff }),
    channel: fc.constantFrom(...channels),
    priority: fc.constantFrom(...priorities),
    hops: fc.integer({ min: 0, max: 255 }),
    timestampMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    session: u32,
    sequence: u32,
    sourceNode: hex(32).map((text) => text as NodeId),
    traceId: hex(32),
    topic: u32,
  },
  { noNullPrototype: true },
);
const anyPayload = fc.uint8Array({ maxLength: 1_400 });
const header: PacketHeader = {
  eventId: 10,
  channel: 'training',
  priority: 'normal',
  hops: 0,
  timestampMs: 1_700_000_000_123.5,
  session: 7,
  sequence: 8,
  sourceNode: 'ab'.repeat(16) as NodeId,
  traceId: 'cd'.repeat(16),
  topic: 9,
};

function opened(result: Packet | string): Packet {
  if (typeof result === 'string') throw new Error(`dropped: ${result}`);
  return result;
}

for (const [name, sealer] of [
  ['keyed', keyed],
  ['open', open],
] as const) {
  t.test(`${name}: any header and payload round-trip`, (t) => {
    const property = fc.property(anyHeader, anyPayload, fc.nat({ max: 9 }), (written, payload, offset) => {
      const sealed = sealer.seal(written, payload);
      // Transports hand in views into larger buffers.
      const buffer = new Uint8Array(sealed.length + 20);
      buffer.set(sealed, offset);
      const read = opened(sealer.open(buffer.subarray(offset, offset + sealed.length)));
      return (
        fc.stringify(read.header) === fc.stringify(written) &&
        Buffer.compare(read.payload, payload) === 0 &&
        sealed.length === packetHeaderBytes + payload.length
      );
    });
    t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
    t.end();
  });

  t.test(`${name}: one flipped bit anywhere and the packet is dropped with a reason`, (t) => {
    const sealed = sealer.seal(
      header,
      Uint8Array.from({ length: 60 }, (_, index) => index),
    );
    const accepted: string[] = [];
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = new Uint8Array(sealed);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      const result = sealer.open(damaged);
      if (typeof result !== 'string' || !dropReasons.includes(result))
        accepted.push(`bit ${bit & 7} of byte ${bit >> 3}`);
    }
    t.strictSame(accepted, []);
    t.end();
  });

  t.test(`${name}: a packet cut short or lengthened is told as such`, (t) => {
    const sealed = sealer.seal(header, new Uint8Array(30));
    for (let length = 0; length < sealed.length; length++) {
      if (sealer.open(sealed.subarray(0, length)) !== 'truncated') t.fail(`${length} bytes`);
    }
    t.equal(sealer.open(Buffer.concat([sealed, Buffer.alloc(1)])), 'oversized');
    t.end();
  });
}

t.test('bytes of any kind are dropped with a reason and never throw', (t) => {
  const almost = fc.tuple(anyPayload, fc.boolean()).map(([bytes, ours]) => {
    if (bytes.length < packetHeaderBytes) return bytes;
    const packet = Buffer.from(bytes);
    packet.writeUInt16BE(packetMagic, 0);
    packet[2] = packetVersion;
    if (ours) packet.set(academyTag('home'), 40);
    packet.writeUInt32BE(packet.length - packetHeaderBytes, 68);
    return packet;
  });
  const property = fc.property(fc.oneof(anyPayload, almost), (bytes) =>
    [keyed, open].every((sealer) => dropReasons.includes(sealer.open(bytes) as (typeof dropReasons)[number])),
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }));
  t.end();
});

t.test('what belongs elsewhere is told apart before anything else is looked at', (t) => {
  const payload = new Uint8Array(10);
  t.equal(keyed.open(new PacketSealer('work', key).seal(header, payload)), 'foreign-academy');
  t.equal(keyed.open(open.seal(header, payload)), 'bad-integrity', 'an unkeyed packet in a keyed academy');
  t.equal(open.open(keyed.seal(header, payload)), 'bad-integrity', 'a keyed packet in an open academy');
  const otherKey = deriveKey(new Uint8Array(32).fill(8), 'home', 'datagram');
  t.equal(keyed.open(new PacketSealer('home', otherKey).seal(header, payload)), 'bad-integrity');
  const version2 = Buffer.from(keyed.seal(header, payload));
  version2[2] = 2;
  t.equal(keyed.open(version2), 'unknown-version');
  const noMagic = Buffer.from(keyed.seal(header, payload));
  noMagic[0] = 0;
  t.equal(keyed.open(noMagic), 'bad-magic');
  t.end();
});

t.test('a sealed packet whose words do not exist is an invalid payload, not a crash', (t) => {
  const strange = [
    { ...header, timestampMs: Number.NaN },
    { ...header, timestampMs: Number.POSITIVE_INFINITY },
    { ...header, priority: 'no such' as PacketHeader['priority'] },
    { ...header, channel: 'no such' as PacketHeader['channel'] },
  ];
  for (const one of strange) t.equal(typeof open.open(open.seal(one, new Uint8Array())), 'string');
  t.end();
});

t.test('a payload larger than a frame cannot be sealed', (t) => {
  const tooLarge = { length: limits.frameBytesMax } as Uint8Array;
  t.throws(() => keyed.seal(header, tooLarge), { code: 'ERR_ACADEMY_PACKET_TOO_LARGE' });
  t.end();
});

t.test('the layout is the documented one', (t) => {
  const sealed = Buffer.from(keyed.seal(header, Uint8Array.of(1, 2, 3)));
  t.equal(sealed.readUInt16BE(0), 0xacad);
  t.equal(sealed[2], 1);
  t.equal(sealed.readUInt16BE(4), 10);
  t.equal(sealed.readDoubleBE(8), header.timestampMs);
  t.equal(sealed.readUInt32BE(16), 7);
  t.equal(sealed.readUInt32BE(20), 8);
  t.equal(sealed.toString('hex', 24, 40), header.sourceNode);
  t.strictSame(new Uint8Array(sealed.subarray(40, 48)), academyTag('home'));
  t.equal(sealed.toString('hex', 48, 64), header.traceId);
  t.equal(sealed.readUInt32BE(64), 9);
  t.equal(sealed.readUInt32BE(68), 3);
  t.strictSame([...sealed.subarray(88)], [1, 2, 3]);
  t.end();
});

t.test('topics, sessions and ids', (t) => {
  // Reference values of 32-bit FNV-1a.
  t.equal(topicOf('a'), 0xe40c292c);
  t.equal(topicOf('foobar'), 0xbf9cf968);
  t.not(topicOf(''), 0);
  t.equal(sessionAt(1_700_000_000_199), sessionAt(1_700_000_000_100));
  t.ok(sessionAt(1_700_000_000_200) > sessionAt(1_700_000_000_100), 'a restart has a higher session');
  t.equal(packetId(header), `${header.sourceNode}-7-training-8`);
  t.not(packetId(header), packetId({ ...header, channel: 'genome' }), 'sequences are counted by channel');
  t.end();
});
