/** Publishers and receivers of streams over one network in memory, under virtual time, from one seed. */
import { identityFromSeed, type NodeIdentity } from '../../runtime/protocol/identity.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import { copyFrame, type StreamEnd, type StreamSource } from '../../runtime/protocol/streams.js';
import { type LinkConditions, MemoryNetwork } from '../../transports/memory/MemoryNetwork.js';
import { MemoryStreamNetwork } from '../../transports/memory/MemoryStreamNetwork.js';
import { VirtualClock } from '../../transports/memory/VirtualClock.js';
import { StreamReceiver, type StreamReceiverOptions } from '../../transports/udp/stream/receiving/StreamReceiver.js';
import { StreamPublisher, type StreamPublisherOptions } from '../../transports/udp/stream/sending/StreamPublisher.js';

export const datagramKey = new Uint8Array(32).fill(9);
export const definitionKind = 2;
const group = 'training';

export interface WorldOptions {
  readonly seed: number;
  readonly conditions?: Partial<LinkConditions>;
  readonly runSlotsMax?: number;
}

export class StreamWorld {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly seed: number;
  readonly #runSlotsMax: number;
  #nodes = 0;
  #sources = 0;

  constructor({ seed, conditions = {}, runSlotsMax = 46 }: WorldOptions) {
    this.seed = seed;
    this.network = new MemoryNetwork({ clock: this.clock, random: seededRandom(seed), conditions });
    this.#runSlotsMax = runSlotsMax;
  }

  speaker(options: Partial<StreamPublisherOptions> = {}, identity = this.identity()): Speaker {
    const network = this.streamNetwork(identity);
    const publisher = new StreamPublisher({
      network,
      identity,
      datagramKey,
      clock: this.clock,
      random: this.random(),
      streamClass: 'ordered',
      layoutHash: 7,
      ringSlots: 256,
      ...options,
      definitionKind,
    });
    network.onDirectMessage((bytes, from) => publisher.receive(bytes, from));
    return new Speaker(this, identity, network, publisher);
  }

  listener(options: Partial<StreamReceiverOptions> = {}, receiveSlots = 128): Listener {
    const identity = this.identity();
    const network = this.streamNetwork(identity, receiveSlots);
    return new Listener(this, identity, network, options);
  }

  /** Moves on in small steps until it holds, or fails after that much virtual time. */
  until(what: string, holds: () => boolean, limitMs = 60_000): void {
    for (let waitedMs = 0; !holds(); waitedMs += 5) {
      if (waitedMs > limitMs) throw new Error(`seed ${this.seed}: after ${limitMs} ms still not: ${what}`);
      this.clock.advance(5);
    }
  }

  /** Chance of one participant, different from everyone else's. */
  random(): Random {
    this.#sources += 1;
    return seededRandom(this.seed * 1_009 + this.#sources);
  }

  identity(): NodeIdentity {
    this.#nodes += 1;
    return identityFromSeed(new Uint8Array(32).fill(this.#nodes));
  }

  streamNetwork({ nodeId }: NodeIdentity, receiveSlots = 128): MemoryStreamNetwork {
    return new MemoryStreamNetwork({
      network: this.network,
      nodeId,
      group,
      runSlotsMax: this.#runSlotsMax,
      receiveSlots,
    });
  }
}

export class Speaker {
  readonly identity: NodeIdentity;
  readonly network: MemoryStreamNetwork;
  readonly publisher: StreamPublisher;
  readonly #world: StreamWorld;
  /** Numbers of the frames that were taken. */
  said = 0;

  constructor(world: StreamWorld, identity: NodeIdentity, network: MemoryStreamNetwork, publisher: StreamPublisher) {
    this.#world = world;
    this.identity = identity;
    this.network = network;
    this.publisher = publisher;
  }

  /** @returns whether it was taken; its payload is its number and fill */
  say(bytes = 40): boolean {
    const payload = Buffer.alloc(Math.max(4, bytes), this.said & 0xff);
    payload.writeUInt32BE(this.said, 0);
    const outcome = this.publisher.write(1, copyFrame, payload);
    if (outcome === 'taken') this.said += 1;
    return outcome === 'taken';
  }

  /** Says that many, waiting where the members' limit wants it. */
  sayAll(count: number, bytes: (index: number) => number = () => 40): void {
    for (let index = 0; index < count; index++) {
      const size = bytes(index);
      if (!this.say(size)) this.#world.until('there is room', () => this.say(size));
    }
  }

  awaitMembers(count: number): void {
    this.#world.until(`${count} members`, () => this.publisher.members === count);
  }
}

export interface Heard {
  readonly source: StreamSource;
  readonly numbers: number[];
  readonly definitions: string[];
  /** Definitions that were known when the first frame came. */
  definedBefore: number;
  damaged: number;
  end: StreamEnd | null;
}

export class Listener {
  readonly identity: NodeIdentity;
  readonly network: MemoryStreamNetwork;
  readonly receiver: StreamReceiver;
  readonly heard: Heard[] = [];

  constructor(
    world: StreamWorld,
    identity: NodeIdentity,
    network: MemoryStreamNetwork,
    options: Partial<StreamReceiverOptions>,
  ) {
    this.identity = identity;
    this.network = network;
    this.receiver = new StreamReceiver({
      network,
      nodeId: identity.nodeId,
      datagramKey,
      clock: world.clock,
      random: world.random(),
      consume: (source) => this.#consume(source),
      ...options,
    });
    network.onGroupMessage((bytes, from) => this.receiver.receiveFromGroup(bytes, from));
    network.onDirectMessage((bytes, from) => this.receiver.receiveDirect(bytes, from));
  }

  /** What it has heard in all streams, in the order in which it came. */
  get numbers(): readonly number[] {
    return this.heard.flatMap(({ numbers }) => numbers);
  }

  /** Of the first stream. */
  get stats() {
    const [first] = this.receiver.streams();
    if (!first) throw new Error('no stream was admitted');
    return first.stats;
  }

  #consume(source: StreamSource) {
    const heard: Heard = { source, numbers: [], definitions: [], definedBefore: 0, damaged: 0, end: null };
    this.heard.push(heard);
    return {
      onFrame: (kind: number, bytes: Buffer, at: number, end: number) => {
        if (kind === definitionKind) {
          heard.definitions.push(bytes.toString('utf8', at, end));
          return;
        }
        if (heard.numbers.length === 0) heard.definedBefore = heard.definitions.length;
        const number = bytes.readUInt32BE(at);
        heard.numbers.push(number);
        for (let index = at + 4; index < end; index++) if (bytes[index] !== (number & 0xff)) heard.damaged += 1;
      },
      onDefinition: (bytes: Buffer) => heard.definitions.push(bytes.toString('utf8')),
      onEnd: (reason: StreamEnd) => {
        heard.end = reason;
      },
    };
  }
}

/** 0, 1, … count - 1. */
export function upTo(count: number, from = 0): readonly number[] {
  return Array.from({ length: count - from }, (_, index) => from + index);
}
