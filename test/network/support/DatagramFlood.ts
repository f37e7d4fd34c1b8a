/**
 * A node that publishes, a node that listens, and somebody who floods both with mutated copies of what they say: two
 * whole receive paths over real sockets, from dgram's 'message' event to the listeners of the event system. Virtual time
 * passes with the datagrams, so that budgets by the second neither run dry for good nor have no end.
 */
import { type RemoteInfo, Socket } from 'node:dgram';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trainingSignals } from '../../../benchmarks/multicast/trainingSignals.js';
import type { AcademyEventSystem } from '../../../runtime/mesh/AcademyEventSystem.js';
import { AcademySmartEventRouter } from '../../../runtime/mesh/AcademySmartEventRouter.js';
import type { AdminCapability } from '../../../runtime/mesh/AdminCapability.js';
import { EventStreams } from '../../../runtime/mesh/EventStreams.js';
import type { MeshCounters } from '../../../runtime/mesh/MeshCounters.js';
import type { PacketWriter } from '../../../runtime/mesh/PacketWriter.js';
import { isEventData, requireEvent } from '../../../runtime/protocol/events.js';
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { MessageCodec } from '../../../runtime/protocol/MessageCodec.js';
import { PacketSealer, topicOf } from '../../../runtime/protocol/packet.js';
import { type Random, seededRandom } from '../../../runtime/protocol/Random.js';
import type { TrainingSignal } from '../../../runtime/protocol/schemas/training.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';
import { TransportFactory } from '../../../transports/TransportFactory.js';
import { AcademyUDPTransport } from '../../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../../transports/udp/groupAddresses.js';
import { StreamSeal } from '../../../transports/udp/stream/StreamSeal.js';
import {
  datagramKinds,
  dataHeader,
  isStreamDatagram,
  sessionBytes,
} from '../../../transports/udp/stream/streamDatagrams.js';
import { wireEvents } from '../../support/wireEvents.js';

export interface FloodOptions {
  readonly seed: number;
  /** Mutated datagrams that each of both nodes together get. */
  readonly count: number;
  /** `outsider`: has no key. `member`: has the academy's key, and puts a right tag on what it has changed. */
  readonly by: 'outsider' | 'member';
  readonly proven: boolean;
}

export interface FloodReport {
  /** Signals that were published. */
  readonly published: number;
  /** Signals that came as they were published, each the next one or a later one. */
  readonly heard: number;
  /** Signals that came twice, too late, or as nobody has published them. */
  readonly wrong: number;
  /** Among them, those that are not even of their schema. */
  readonly invalid: number;
  readonly packetsHeard: number;
  readonly packetsSent: number;
  readonly packetsWrong: number;
  readonly deliveryFailures: number;
  readonly handlerFailures: number;
  /** Bytes in use after the flood, less those before. */
  readonly grownBytes: number;
}

type Message = (bytes: Buffer, from: RemoteInfo) => void;
const event = 'academy.training.signal';
const packetEventId = requireEvent('academy.training.challenge').id;
const slotBytes = 1_400;
const injectedPerTurn = 100;
const turnMs = 2;
const recordedMax = 256;
const warmUpShare = 0.2;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A socket's 'message' listener, and what has come in by it. */
class Inlet {
  readonly socket: Socket;
  readonly handle: Message;
  readonly recorded: { readonly bytes: Buffer; readonly from: RemoteInfo }[] = [];
  #next = 0;

  constructor(socket: Socket, handle: Message) {
    this.socket = socket;
    this.handle = handle;
  }

  readonly receive: Message = (bytes, from) => {
    this.recorded[this.#next] = { bytes: Buffer.from(bytes), from };
    this.#next = (this.#next + 1) % recordedMax;
    this.handle(bytes, from);
  };
}

/** Puts itself before the 'message' listeners of all sockets that are opened meanwhile. */
async function withInlets<T>(open: () => Promise<T>): Promise<{ opened: T; inlets: Inlet[] }> {
  const inlets: Inlet[] = [];
  const { on } = Socket.prototype as unknown as { on: (this: Socket, name: string, listener: Message) => Socket };
  const intercepting = function (this: Socket, name: string, listener: Message): Socket {
    if (name !== 'message') return on.call(this, name, listener);
    const inlet = new Inlet(this, listener);
    inlets.push(inlet);
    return on.call(this, name, inlet.receive);
  };
  Object.assign(Socket.prototype, { on: intercepting });
  try {
    return { opened: await open(), inlets };
  } finally {
    Object.assign(Socket.prototype, { on });
  }
}

class FloodedNode {
  readonly transport: AcademyUDPTransport;
  readonly streams: EventStreams;
  readonly events: AcademyEventSystem;
  readonly admin: AdminCapability;
  readonly counters: MeshCounters;
  readonly writer: PacketWriter;
  readonly packets: string[] = [];
  readonly #factory = new TransportFactory();
  inlets: Inlet[] = [];

  constructor(clock: VirtualClock, seed: number, datagramKey: Uint8Array, group: string, port: number) {
    const identity = identityFromSeed(new Uint8Array(32).fill(seed));
    const { nodeId } = identity;
    const { multicastAddress } = groupAddresses(group).training;
    const random = seededRandom(seed);
    this.transport = new AcademyUDPTransport({
      mode: 'multicast',
      multicastAddress,
      port,
      academyId: 'flood',
      nodeId,
      streams: { identity, datagramKey, random, ringBytes: 400_000 },
      clock,
    });
    this.#factory.register(this.transport);
    const sealer = new PacketSealer('flood', datagramKey);
    const router = new AcademySmartEventRouter();
    const { events, admin, writer, counters, log, receive } = wireEvents({
      nodeId,
      clock,
      random,
      sealer,
      router,
      transports: this.#factory,
      onPacket: (_, payload) => this.packets.push(Buffer.from(payload).toString('latin1')),
    });
    this.events = events;
    this.admin = admin;
    this.writer = writer;
    this.counters = counters;
    this.streams = new EventStreams({
      nodeId,
      transports: this.#factory,
      router,
      clock,
      counters,
      log,
      receivePacket: (bytes, from) => void receive(bytes, from),
      deliver: (header, data) => events.deliverDecoded(header, data),
      hears: () => true,
      handOver: () => null,
    });
    this.#factory.onStreams((name) => this.streams.consumerOf(name));
    this.receive = (bytes, from) => void receive(bytes, from);
  }

  readonly receive: Parameters<AcademyUDPTransport['start']>[0];

  async start(): Promise<void> {
    const { inlets } = await withInlets(() => this.#factory.startAll(this.receive));
    this.inlets = inlets;
  }

  stop(): Promise<void> {
    return this.#factory.stopAll();
  }
}

/** Mutates what was said, and puts a right tag on it where it may. */
class Mutator {
  readonly #random: Random;
  readonly #key: Uint8Array | null;
  readonly #seals = new Map<string, StreamSeal>();

  /** @param key null for somebody who is no member */
  constructor(random: Random, key: Uint8Array | null) {
    this.#random = random;
    this.#key = key;
  }

  pick(below: number): number {
    return Math.floor(this.#random.next() * below);
  }

  mutated(message: Buffer): Buffer {
    const kind = this.pick(20);
    if (kind === 0) return Buffer.from(message.subarray(0, this.pick(message.length)));
    if (kind === 1) return Buffer.concat([message, this.#random.bytes(1 + this.pick(40))]);
    if (kind === 2) return Buffer.concat([message.subarray(this.pick(message.length)), message]).subarray(0, 65_507);
    if (kind === 3) return Buffer.from(this.#random.bytes(this.pick(200)));
    const copy = Buffer.from(message);
    for (let changes = 1 + this.pick(4); changes > 0; changes--) {
      const at = this.pick(kind < 12 ? Math.min(80, copy.length) : copy.length);
      copy[at] = this.pick(256);
    }
    if (this.#key) this.#reseal(copy);
    return copy;
  }

  #reseal(datagram: Buffer): void {
    if (datagram.length < dataHeader.bytes || !isStreamDatagram(datagram, 0, datagram.length)) return;
    const seal = this.#sealOf(datagram);
    if (datagram[3] !== datagramKinds.data) return seal.sealControl(datagram);
    const last = ((datagram[dataHeader.count] as number) - 1) * slotBytes;
    const tagAt = last + dataHeader.tag;
    if (last < 0 || last + dataHeader.bytes > datagram.length) return;
    seal.runTag(datagram, tagAt, datagram.readUIntBE(dataHeader.sequence, 6)).copy(datagram, tagAt);
  }

  #sealOf(datagram: Buffer): StreamSeal {
    const session = datagram.subarray(4, 4 + sessionBytes);
    const key = session.toString('hex');
    const known = this.#seals.get(key);
    if (known) return known;
    const seal = new StreamSeal(this.#key, Buffer.from(session));
    if (this.#seals.size < 64) this.#seals.set(key, seal);
    return seal;
  }
}

/** Publishes among the mutated datagrams, and holds what is heard against it. */
export async function flood({ seed, count, by, proven }: FloodOptions): Promise<FloodReport> {
  const clock = new VirtualClock();
  const datagramKey = new Uint8Array(32).fill(seed);
  const group = `flood-${systemRandom.id()}`;
  const speaker = new FloodedNode(clock, 1, datagramKey, group, 0);
  await speaker.start();
  const listener = new FloodedNode(clock, 2, datagramKey, group, speaker.transport.port);
  await listener.start();
  const signals = trainingSignals(seed, 2_000);
  const places = new Map(signals.map((signal, place) => [JSON.stringify(signal), place]));
  const result = { published: 0, heard: 0, wrong: 0, invalid: 0 };
  let next = 0;
  listener.events.on(event, { admin: listener.admin }, ({ data }) => {
    if (!isEventData(event, data)) result.invalid += 1;
    const place = places.get(JSON.stringify(data)) ?? Number.NaN;
    // Signals repeat: the first of that kind that has not been heard.
    const position = next + ((place - (next % signals.length) + signals.length) % signals.length);
    if (!(position < result.published)) {
      result.wrong += 1;
      return;
    }
    result.heard += 1;
    next = position + 1;
  });
  const publication = speaker.streams.publication(event, { proven });
  const turn = async (): Promise<void> => {
    clock.advance(turnMs);
    await new Promise((resolve) => setImmediate(resolve));
  };
  while (publication.members < 1) await turn();

  const mutator = new Mutator(seededRandom(seed + 77), by === 'member' ? datagramKey : null);
  const inlets = [...listener.inlets, ...listener.inlets, ...speaker.inlets];
  const sentPackets: string[] = [];
  const sayPacket = (): void => {
    const payload = new MessageCodec().encode({ number: sentPackets.length });
    sentPackets.push(Buffer.from(payload).toString('latin1'));
    const header = speaker.writer.header({
      eventId: packetEventId,
      channel: 'training',
      priority: 'normal',
      topic: topicOf('x'),
    });
    void speaker.transport.send(speaker.writer.seal(header, payload));
  };
  const inject = (): void => {
    const inlet = inlets[mutator.pick(inlets.length)] as Inlet;
    const said = inlet.recorded[mutator.pick(inlet.recorded.length)];
    if (!said) return;
    const isStranger = mutator.pick(10) === 0;
    const address = isStranger ? `127.1.${mutator.pick(256)}.${mutator.pick(256)}` : said.from.address;
    inlet.handle(mutator.mutated(said.bytes), { ...said.from, address });
  };

  let grownFrom = 0;
  for (let done = 0; done < count; done += injectedPerTurn) {
    for (let burst = 0; burst < injectedPerTurn; burst++) inject();
    for (let index = done % 400 === 0 ? 4 : 1; index > 0; index--) {
      if (publication.publish(signals[result.published % signals.length] as TrainingSignal)) result.published += 1;
    }
    if (done % 1_000 === 0) sayPacket();
    await turn();
    if (grownFrom === 0 && done >= count * warmUpShare) grownFrom = bytesInUse();
  }
  const grownBytes = bytesInUse() - grownFrom;
  // What was said before the end of the flood may have to be repaired.
  for (let waited = 0; waited < 10_000 && next < result.published; waited++) await turn();
  const { deliveryFailures, handlerFailures } = listener.counters.snapshot();
  await Promise.all([speaker.stop(), listener.stop()]);
  return {
    ...result,
    packetsHeard: listener.packets.length,
    packetsSent: sentPackets.length,
    packetsWrong: wrongPackets(listener.packets, sentPackets),
    deliveryFailures,
    handlerFailures,
    grownBytes,
  };
}

/** Packets that nobody has sent, and those that came twice. */
function wrongPackets(heard: readonly string[], sent: readonly string[]): number {
  const left = new Set(sent);
  return heard.filter((packet) => !left.delete(packet)).length;
}

function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
