/**
 * What a kernel with receive offload hands over in one piece: datagrams of several streams of one node, and packets of
 * it. Here the sender joins them itself and sends them as one datagram, which loopback carries whole.
 */
import t, { type Test } from 'tap';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { PacketSealer } from '../../runtime/protocol/packet.js';
import { copyFrame } from '../../runtime/protocol/streams.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import type { StreamNetwork } from '../../transports/udp/stream/StreamNetwork.js';
import { StreamPublisher } from '../../transports/udp/stream/sending/StreamPublisher.js';
import { UdpGroupSockets } from '../../transports/udp/UdpGroupSockets.js';
import { until } from './support/NodeProcess.js';

const datagramKey = systemRandom.bytes(32);

/** Hears streams and packets of a group, as a node does. */
async function openListener(t: Test) {
  const { multicastAddress } = groupAddresses(`mixed-${systemRandom.id()}`).training;
  const identity = identityFromSeed(systemRandom.bytes(32));
  const transport = new AcademyUDPTransport({
    mode: 'multicast',
    multicastAddress,
    port: 0,
    academyId: 'mixed',
    nodeId: identity.nodeId,
    streams: { identity, datagramKey, random: systemRandom },
    clock: systemClock,
  });
  const heard = new Map<string, number[]>();
  const packets: Buffer[] = [];
  transport.onStream(({ session }) => {
    const numbers: number[] = [];
    heard.set(session, numbers);
    const onFrame = (_kind: number, bytes: Buffer, at: number): void => {
      numbers.push(bytes.readUInt32BE(at));
    };
    return { onFrame, onDefinition: () => {}, onEnd: () => {} };
  });
  await transport.start((bytes) => packets.push(Buffer.from(bytes)));
  t.teardown(() => transport.stop());
  return { transport, multicastAddress, heard, packets };
}

/** Joins what was handed over in a turn, with something behind each piece, and sends it as one datagram. */
class JoiningNetwork implements StreamNetwork {
  readonly runSlotsMax = 3;
  readonly receiveSlots = 1_024;
  readonly between: (() => Buffer)[] = [];
  readonly #sockets: UdpGroupSockets;
  #pieces: Buffer[] = [];
  joined = 0;

  constructor(sockets: UdpGroupSockets) {
    this.#sockets = sockets;
  }

  sendToGroup(pieces: readonly Buffer[], _slotBytes: number, done: (fault: Error | null) => void): void {
    if (this.#pieces.length === 0) setImmediate(() => this.#send());
    this.#pieces.push(...pieces.map((piece) => Buffer.from(piece)), ...this.between.map((make) => make()));
    setImmediate(() => done(null));
  }

  sendTo = (...given: Parameters<StreamNetwork['sendTo']>): void => this.#sockets.sendTo(...given);
  onGroupMessage = (): void => {};
  onDirectMessage = (): void => {};
  atEndOfTurn = (callback: () => void): void => this.#sockets.atEndOfTurn(callback);

  #send(): void {
    const message = Buffer.concat(this.#pieces);
    if (this.#pieces.length > 1) this.joined += 1;
    this.#pieces = [];
    this.#sockets.sendToGroup([message], message.length, () => {});
  }
}

/** Two streams of one node, whose datagrams leave together. */
async function openSpeaker(t: Test, multicastAddress: string, port: number) {
  const sockets = await UdpGroupSockets.open({ name: 'speaker', multicastAddress, port, step: 'plain' });
  t.teardown(() => sockets.close());
  const network = new JoiningNetwork(sockets);
  const identity = identityFromSeed(systemRandom.bytes(32));
  const [first, second] = Array.from(
    { length: 2 },
    () =>
      new StreamPublisher({
        network,
        identity,
        datagramKey,
        clock: systemClock,
        random: systemRandom,
        streamClass: 'ordered',
        layoutHash: 1,
        definitionKind: 2,
      }),
  ) as [StreamPublisher, StreamPublisher];
  t.teardown(() => [first, second].map((publisher) => publisher.close()));
  sockets.onDirectMessage((bytes, from) => first.receive(bytes, from) || second.receive(bytes, from));
  await until(async () => first.members === 1 && second.members === 1);
  return { network, identity, publishers: [first, second] as const };
}

function sealedPacket(nodeId: string, sequence: number): Buffer {
  const header = {
    eventId: 1,
    channel: 'training',
    priority: 'normal',
    hops: 0,
    timestampMs: systemClock.nowMs(),
    session: 1,
    sequence,
    sourceNode: nodeId as never,
    traceId: '0'.repeat(32),
    topic: 1,
  } as const;
  return Buffer.from(new PacketSealer('mixed', datagramKey).seal(header, Buffer.alloc(100, sequence)));
}

async function say(publishers: readonly StreamPublisher[], rounds: number): Promise<void> {
  const payload = Buffer.alloc(500);
  for (let round = 0; round < rounds; round++) {
    for (const publisher of publishers) {
      for (let count = 0; count < 4; count++) {
        payload.writeUInt32BE(publisher.position, 0);
        if (publisher.write(1, copyFrame, payload) !== 'taken') await publisher.ready();
      }
      publisher.flush();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test(
  'two streams and packets that are received together are all heard, and nothing is asked for again',
  async (t) => {
    const { transport, multicastAddress, heard, packets } = await openListener(t);
    const { network, identity, publishers } = await openSpeaker(t, multicastAddress, transport.port);
    let sent = 0;
    network.between.push(() => sealedPacket(identity.nodeId, sent++));
    await say(publishers, 50);
    await Promise.all(publishers.map((publisher) => publisher.delivered()));
    await until(async () => packets.length === sent);
    t.ok(network.joined >= 50);
    for (const publisher of publishers) {
      const numbers = heard.get(publisher.session.toString('hex')) ?? [];
      t.strictSame(
        numbers,
        Array.from({ length: publisher.position }, (_, index) => index),
      );
    }
    for (const { stats } of transport.stats().streams?.received ?? []) {
      t.match(stats, { naks: 0, repaired: 0, malformed: 0, lost: 0 });
    }
    const sealer = new PacketSealer('mixed', datagramKey);
    t.ok(
      packets.every((packet) => typeof sealer.open(packet) !== 'string'),
      'and each packet is whole',
    );
  },
);

t.test('a damaged datagram hides nothing of what came with it', async (t) => {
  const { transport, multicastAddress, heard } = await openListener(t);
  const { network, publishers } = await openSpeaker(t, multicastAddress, transport.port);
  // A slot that claims more than there is, of a session that nobody has heard of.
  const damaged = Buffer.alloc(1_400);
  damaged.writeUInt32BE(0xaca5_0100, 0);
  damaged.writeUInt16BE(1_000, 24);
  damaged.writeUInt16BE(1_400, 26);
  const odd = Buffer.from(damaged);
  odd.writeUInt16BE(0xffff, 24);
  network.between.push(
    () => odd,
    () => sealedPacket('0'.repeat(32), 1),
  );
  await say(publishers, 20);
  await Promise.all(publishers.map((publisher) => publisher.delivered()));
  for (const publisher of publishers) {
    t.equal(heard.get(publisher.session.toString('hex'))?.length, publisher.position);
  }
  for (const { stats } of transport.stats().streams?.received ?? []) t.match(stats, { naks: 0, repaired: 0, lost: 0 });
  t.ok((transport.stats().streams?.receiver.malformed ?? 0) > 0, 'it is counted');
});
