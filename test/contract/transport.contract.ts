/**
 * What every transport promises to the mesh. One function, run against memory, UDP and TCP: a transport of another
 * kind has to pass it too.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { PacketSealer } from '../../runtime/protocol/packet.js';
import type { PacketHandler, PacketSource, Transport } from '../../runtime/protocol/Transport.js';
import { until } from '../../testing/realTime.js';
import { openSockets } from './openSockets.js';

export interface ContractMember {
  readonly nodeId: NodeId;
  readonly transport: Transport;
}

export interface TransportHarness {
  /** That many transports of one group, not started. */
  create(count: number): Promise<readonly ContractMember[]>;
  /** Called after members have been started: tells them of one another where the transport needs it. */
  introduce(members: readonly ContractMember[]): void;
  /** Whether a member hears its own packets. */
  readonly hearsItself: boolean;
}

const packetsPerRun = 200;
const academyId = 'contract';

/** A started member and what it has heard. */
class Ear {
  readonly member: ContractMember;
  readonly heard: Uint8Array[] = [];
  readonly sources: PacketSource[] = [];

  constructor(member: ContractMember) {
    this.member = member;
  }

  readonly handler: PacketHandler = (bytes, from) => {
    this.heard.push(new Uint8Array(bytes));
    this.sources.push(from);
  };

  start(): Promise<void> {
    return this.member.transport.start(this.handler);
  }

  hasHeard(packet: Uint8Array): boolean {
    return this.heard.some((heard) => isDeepStrictEqual(heard, new Uint8Array(packet)));
  }
}

export function transportContract(t: Test, harness: TransportHarness): void {
  const sealer = new PacketSealer(academyId, null);

  const openGroup = async (test: Test, count: number): Promise<Ear[]> => {
    const ears = (await harness.create(count)).map((member) => new Ear(member));
    test.teardown(() => Promise.all(ears.map((ear) => ear.member.transport.stop())));
    for (const ear of ears) await ear.start();
    harness.introduce(ears.map((ear) => ear.member));
    return ears;
  };

  const packetFrom = (member: ContractMember, sequence: number): Uint8Array => {
    const header = {
      eventId: 10,
      channel: member.transport.channel,
      priority: 'normal',
      hops: 0,
      timestampMs: 1_790_000_000_000,
      session: 7,
      sequence,
      sourceNode: member.nodeId,
      traceId: '0123456789abcdef0123456789abcdef',
      topic: 0,
    } as const;
    return sealer.seal(header, Buffer.alloc(300, sequence));
  };

  t.test(`${packetsPerRun} of ${packetsPerRun} paced packets reach every other member`, async (test) => {
    const [speaker, ...listeners] = (await openGroup(test, 3)) as [Ear, ...Ear[]];
    const packets = Array.from({ length: packetsPerRun }, (_, index) => packetFrom(speaker.member, index));
    for (const packet of packets) {
      const result = await speaker.member.transport.send(packet);
      if (!result.success || result.bytes < packet.length) test.fail('a send failed', { result });
    }
    await until('all packets arrive', () => listeners.every((ear) => ear.heard.length >= packetsPerRun));
    for (const ear of listeners) {
      test.strictSame(
        ear.heard,
        packets.map((packet) => new Uint8Array(packet)),
        'whole, once and in order',
      );
      test.ok(ear.sources.every((from) => from.transport === ear.member.transport.name && from.source !== ''));
    }
    const stats = speaker.member.transport.stats();
    test.ok(stats.packetsSent >= packetsPerRun && stats.bytesSent >= packetsPerRun * 388, 'and they are counted');
    test.ok(listeners.every((ear) => ear.member.transport.stats().packetsReceived === packetsPerRun));
  });

  t.test('what comes back to its own sender names it as the source, so that the mesh can drop it', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    const packet = packetFrom(speaker.member, 1);
    await speaker.member.transport.send(packet);
    await until('the other one hears it', () => listener.hasHeard(packet));
    if (harness.hearsItself) await until('the echo', () => speaker.heard.length > 0);
    test.equal(speaker.heard.length, harness.hearsItself ? 1 : 0);
    for (const echo of speaker.heard) {
      const opened = sealer.open(echo);
      test.ok(typeof opened !== 'string' && opened.header.sourceNode === speaker.member.nodeId);
    }
  });

  t.test('a receipt says no more than is known', async (test) => {
    const [speaker] = (await openGroup(test, 2)) as [Ear];
    const result = await speaker.member.transport.send(packetFrom(speaker.member, 1));
    const known = speaker.member.transport.channel === 'reliable' ? 'received' : 'sent';
    test.equal(result.receipt, known);
    test.equal(result.genomeShared ?? false, false, 'nothing about genomes on another channel');
  });

  t.test('garbage reaches the handler unopened', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    const garbage = [Buffer.from('not a packet at all'), Buffer.alloc(1), Buffer.alloc(1_000, 0xff)];
    for (const bytes of garbage) test.ok((await speaker.member.transport.send(bytes)).success);
    await until('all garbage arrives', () => garbage.every((bytes) => listener.hasHeard(bytes)));
    test.ok(
      garbage.every((bytes) => typeof sealer.open(bytes) === 'string'),
      'only the mesh finds that it means nothing',
    );
  });

  t.test('a packet that is too large fails with its code and disturbs nothing', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    const { transport } = speaker.member;
    const result = await transport.send(Buffer.alloc(transport.packetBytesMax + 1));
    test.match(result, { success: false, receipt: 'failed', error: { code: 'ERR_ACADEMY_PACKET_TOO_LARGE' } });
    const largest = Buffer.alloc(transport.packetBytesMax, 5);
    test.ok((await transport.send(largest)).success, 'the largest one passes');
    await until('the largest packet arrives', () => listener.heard.some((heard) => heard.length === largest.length));
    test.equal(transport.stats().sendErrors, 1);
  });

  t.test('after stop a send fails, nothing arrives, and no handle is left', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    await speaker.member.transport.send(packetFrom(speaker.member, 1));
    await until('the packet arrives', () => listener.heard.length > 0);
    await Promise.all([listener.member.transport.stop(), speaker.member.transport.stop()]);
    const result = await speaker.member.transport.send(packetFrom(speaker.member, 2));
    test.match(result, { success: false, receipt: 'failed', error: { code: 'ERR_ACADEMY_NODE_STOPPED' } });
    await until('no socket is left', () => openSockets().length === 0);
    test.equal(listener.heard.length, 1);
    await test.resolves(speaker.member.transport.stop(), 'stopping twice is harmless');
  });

  t.test('a packet whose send has resolved is not lost when the sender stops', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    const packet = packetFrom(speaker.member, 1);
    test.ok((await speaker.member.transport.send(packet)).success);
    await speaker.member.transport.stop();
    await until('it arrives all the same', () => listener.hasHeard(packet));
  });

  t.test('a stopped transport starts again and is heard', async (test) => {
    const [speaker, listener] = (await openGroup(test, 2)) as [Ear, Ear];
    await speaker.member.transport.stop();
    await speaker.start();
    harness.introduce([speaker.member, listener.member]);
    const packet = packetFrom(speaker.member, 9);
    test.ok((await speaker.member.transport.send(packet)).success);
    await until('the packet of its second life arrives', () => listener.hasHeard(packet));
  });

  t.test('starting twice is refused', async (test) => {
    const [speaker] = (await openGroup(test, 1)) as [Ear];
    await test.rejects(speaker.start(), { code: 'ERR_ACADEMY_TRANSPORT_START' });
  });
}
