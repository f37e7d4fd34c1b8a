import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { AcademySmartEventRouter } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { ReplayWindow } from '../../../runtime/mesh/ReplayWindow.js';
import { type DeliverPacket, receivePath } from '../../../runtime/mesh/receivePath.js';
import { SourceBudget } from '../../../runtime/mesh/SourceBudget.js';
import { dropReasons } from '../../../runtime/protocol/dropReasons.js';
import { eventByName } from '../../../runtime/protocol/events.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { type PacketHeader, PacketSealer, sessionAt } from '../../../runtime/protocol/packet.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import type { PacketSource } from '../../../runtime/protocol/Transport.js';
import { identity, ManualClock, rememberingLog, startMs } from './meshFixtures.js';

const self = identity(1).nodeId;
const peer = identity(2).nodeId;
const stranger = identity(3).nodeId;
const key = new Uint8Array(32).fill(7);
const payload = Uint8Array.of(0x81, 0xa1, 0x61, 0x01);
const group: PacketSource = { transport: 'academy-training', source: '10.0.0.2:4000' };
const evolution: PacketSource = { transport: 'academy-evolution', source: '10.0.0.2:4000' };
const connection: PacketSource = { transport: 'tcp-reliable', source: '10.0.0.2:5000', authenticatedNode: peer };

function mesh(options: { deliver?: DeliverPacket; perSecond?: number } = {}) {
  const clock = new ManualClock();
  const counters = new MeshCounters();
  const { lines, log } = rememberingLog();
  const sealer = new PacketSealer('school', key);
  const taken: PacketHeader[] = [];
  const receive = receivePath({
    nodeId: self,
    clock,
    budget: new SourceBudget(clock, options.perSecond),
    sealer,
    replays: new ReplayWindow(),
    router: new AcademySmartEventRouter(),
    counters,
    log: new RateLimitedLog(log, clock),
    deliver:
      options.deliver ??
      ((header) => {
        taken.push(header);
        return 1;
      }),
  });
  const writer = new PacketWriter(peer, sealer, clock, seededRandom(1));
  const signal = (changes: Partial<PacketHeader> = {}): Uint8Array =>
    sealer.seal(
      {
        ...writer.header({
          eventId: eventByName('academy.training.signal')?.id ?? 0,
          channel: 'training',
          priority: 'normal',
          topic: 5,
        }),
        ...changes,
      },
      payload,
    );
  return { clock, counters, lines, sealer, receive, taken, signal };
}

t.test('a good packet is delivered once, over whichever of two paths it comes first', async (t) => {
  const { receive, taken, signal, counters } = mesh();
  const packet = signal();
  t.equal(receive(packet, group), null);
  t.equal(receive(packet, connection), 'replayed');
  t.equal(taken.length, 1);
  t.match(counters.snapshot(), { packetsReceived: 2, packetsDelivered: 1, drops: { replayed: 1 } });
});

t.test('every fault of a packet has its reason', async (t) => {
  const id = (name: string): number => eventByName(name)?.id ?? 0;
  const evolved: Partial<PacketHeader> = { eventId: id('academy.persona.evolution'), channel: 'evolution' };
  const passedOn: Partial<PacketHeader> = { sourceNode: stranger, hops: 1 };
  const faults: [string, Partial<PacketHeader>, PacketSource, string][] = [
    ['one that this node sent itself', { sourceNode: self }, group, 'own-echo'],
    ['an event that does not exist', { eventId: 999 }, group, 'unknown-event'],
    ['an event on the group of another family', { eventId: id('academy.capability.query') }, group, 'wrong-channel'],
    ['an event that never leaves a node', { eventId: id('academy.node.discovered') }, group, 'wrong-channel'],
    ['a packet of another group than it names', { channel: 'evolution' }, group, 'wrong-channel'],
    ['a reliable packet that comes by datagram', { channel: 'reliable' }, group, 'wrong-channel'],
    ['one of an unknown transport', {}, { ...group, transport: 'pigeon' }, 'wrong-channel'],
    ['a peer that speaks for another', { sourceNode: stranger }, connection, 'forged-source'],
    [
      'a peer that passes on what was reliable',
      { sourceNode: stranger, channel: 'reliable', hops: 1 },
      connection,
      'forged-source',
    ],
    ['one passed on too often', { sourceNode: stranger, hops: limits.hopsMax + 1 }, connection, 'forged-source'],
    ['one in the stream of another node', { sourceNode: stranger }, { ...group, provenNode: peer }, 'forged-source'],
    ['one whose node is only said, of an event that proves it', evolved, evolution, 'unproven-source'],
    ['one that a peer passes on, of such an event', { ...evolved, ...passedOn }, connection, 'unproven-source'],
    ['one that is days old', { timestampMs: startMs - 48 * 3_600_000 }, group, 'clock-skew'],
    ['a session that starts after the packet', { session: sessionAt(startMs + 3_600_000) }, group, 'clock-skew'],
  ];
  for (const [name, changes, from, reason] of faults) {
    const { receive, signal, counters } = mesh();
    t.equal(receive(signal(changes), from), reason, name);
    t.strictSame(counters.snapshot().drops, { [reason]: 1 });
    t.strictSame(counters.dropsBySource(), [{ source: from.source, drops: { [reason]: 1 } }]);
  }
});

t.test('what is allowed goes through', async (t) => {
  const evolved: Partial<PacketHeader> = {
    eventId: eventByName('academy.persona.evolution')?.id ?? 0,
    channel: 'evolution',
  };
  const allowed: [string, Partial<PacketHeader>, PacketSource][] = [
    ['an event that proves its node, in its own stream', evolved, { ...evolution, provenNode: peer }],
    ['the same over its own connection', evolved, connection],
    ['a copy over a connection of what was multicast', {}, connection],
    ['a detour to the reliable channel', { channel: 'reliable' }, connection],
    ['a multicast packet that a peer passes on', { sourceNode: stranger, hops: 1 }, connection],
  ];
  for (const [name, changes, from] of allowed) {
    const { receive, signal } = mesh();
    t.equal(receive(signal(changes), from), null, name);
  }
});

t.test('damage, strangers and bad lengths are told apart', async (t) => {
  const { receive, signal, counters } = mesh();
  const damaged = signal();
  damaged[90] = (damaged[90] ?? 0) ^ 1;
  t.equal(receive(damaged, group), 'bad-integrity');
  t.equal(receive(signal().subarray(0, 40), group), 'truncated');
  t.equal(receive(Buffer.concat([signal(), Buffer.alloc(1)]), group), 'oversized');
  const foreign = new PacketSealer('other school', key).seal(
    {
      ...({} as PacketHeader),
      eventId: 1,
      channel: 'training',
      priority: 'low',
      hops: 0,
      timestampMs: 0,
      session: 1,
      sequence: 1,
      sourceNode: peer,
      traceId: '0'.repeat(32),
      topic: 0,
    },
    payload,
  );
  t.equal(receive(foreign, group), 'foreign-academy');
  const later = signal();
  later[2] = 2;
  t.equal(receive(later, group), 'unknown-version');
  t.equal(receive(new Uint8Array(100), group), 'bad-magic');
  t.equal(counters.snapshot().packetsDelivered, 0);
});

t.test('a clock that is minutes off is counted, logged with both clocks, and not dropped', async (t) => {
  const { receive, signal, counters, lines } = mesh();
  t.equal(receive(signal({ timestampMs: startMs + limits.clockSkewMsMax }), group), null);
  t.strictSame(lines, []);
  for (let packet = 0; packet < 3; packet++) {
    t.equal(receive(signal({ timestampMs: startMs + limits.clockSkewMsMax + 1 }), group), null);
  }
  t.equal(counters.snapshot().clockSkewed, 3);
  const [theirClock, ownClock] = [startMs + limits.clockSkewMsMax + 1, startMs].map((ms) => new Date(ms).toISOString());
  const fields = { node: peer, theirClock, ownClock, remedy: /set the clock/ };
  t.match(lines, [{ level: 'warn', text: /clock is 5 minutes ahead of/, fields }]);
  t.equal(lines.length, 1, 'once a minute');
});

t.test('a loud source is cut off, and the others are not', async (t) => {
  const { receive, signal } = mesh({ perSecond: 3 });
  const results = [1, 2, 3, 4].map(() => receive(signal(), group));
  t.strictSame(results, [null, null, null, 'over-budget']);
  t.equal(receive(signal(), { ...group, source: '10.0.0.9:1' }), null);
});

t.test('a packet that nobody wants is counted as such', async (t) => {
  const { receive, signal, lines } = mesh({ deliver: () => 0 });
  t.equal(receive(signal(), group), 'no-listener');
  t.strictSame(lines, [], 'and is no news');
});

t.test('a fault of our own delivery is caught, counted and reported', async (t) => {
  const { receive, signal, counters, lines } = mesh({
    deliver: () => {
      throw new Error('shard is gone');
    },
  });
  t.equal(receive(signal(), group), null);
  t.equal(counters.snapshot().deliveryFailures, 1);
  t.match(lines, [{ level: 'error', fields: { fault: 'shard is gone' } }]);
});

t.test('a reason is written once a minute, with how often it came', async (t) => {
  const { receive, lines, clock } = mesh();
  for (let index = 0; index < 50; index++) receive(new Uint8Array(3), group);
  t.equal(lines.length, 1);
  await clock.advance(60_000);
  receive(new Uint8Array(3), group);
  t.match(lines[1], { text: /truncated/, fields: { sinceLastLine: 49, source: group.source } });
});

t.test('whatever bytes come, it returns a reason or delivers what was sealed', async (t) => {
  const { receive, taken } = mesh();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_048 }), (bytes) => {
      const result = receive(bytes, group);
      return result !== null && dropReasons.includes(result);
    }),
    { numRuns: 2_000 },
  );
  t.equal(taken.length, 0);
});

t.test('200,000 mutated datagrams from ever new sources throw nothing and leave no memory behind', async (t) => {
  const random = seededRandom(20_26);
  for (const headerOnly of [false, true]) {
    const { receive, signal, counters, taken } = mesh();
    const originals = Array.from({ length: 16 }, () => signal());
    const heapBefore = heapInUse();
    let delivered = 0;
    for (let index = 0; index < 100_000; index++) {
      const bytes = Uint8Array.from(originals[index % originals.length] ?? []);
      const last = headerOnly ? 72 : bytes.length;
      for (let flips = 1 + Math.floor(random.next() * 4); flips > 0; flips--) {
        bytes[Math.floor(random.next() * last)] = Math.floor(random.next() * 256);
      }
      const cut = random.next() < 0.1 ? bytes.subarray(0, Math.floor(random.next() * bytes.length)) : bytes;
      if (
        receive(cut, { transport: 'academy-training', source: `10.0.${index >> 8}.${index & 255}:${index}` }) === null
      ) {
        delivered += 1;
      }
    }
    t.equal(counters.snapshot().deliveryFailures, 0);
    t.ok(delivered <= originals.length, 'only what a mutation left as it was came through, each once');
    t.equal(taken.length, delivered);
    t.equal(counters.dropsBySource().length, limits.sourcesMax);
    const grownMb = (heapInUse() - heapBefore) / 1_000_000;
    t.ok(grownMb < 20, `heap grew by ${grownMb.toFixed(1)} MB`);
  }
});

t.test('100,000 packets that a member forged in every header field throw nothing', async (t) => {
  const { receive, sealer, counters } = mesh();
  const random = seededRandom(99);
  const word = (): number => Math.floor(random.next() * 0x1_0000_0000);
  for (let index = 0; index < 100_000; index++) {
    const header: PacketHeader = {
      eventId: word() % 30,
      channel: (['training', 'evolution', 'genome', 'reliable'] as const)[word() % 4] ?? 'training',
      priority: 'normal',
      hops: word() % 4,
      timestampMs: startMs + (random.next() - 0.5) * 2 * 3_600_000,
      session: sessionAt(startMs) - (word() % 3),
      sequence: word(),
      sourceNode: identityOf(word() % 5_000),
      traceId: '0'.repeat(32),
      topic: word(),
    };
    receive(sealer.seal(header, payload), index % 2 ? group : connection);
  }
  t.equal(counters.snapshot().deliveryFailures, 0);
  t.equal(counters.snapshot().packetsReceived, 100_000);
});

function identityOf(number: number): PacketHeader['sourceNode'] {
  return number.toString(16).padStart(32, '0') as PacketHeader['sourceNode'];
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
