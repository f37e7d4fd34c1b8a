/**
 * The streams of one node in one group: those that it publishes, and all that it hears. A transport owns one while it
 * runs, and hands it what the network brings.
 */
import type { Clock } from '../../../runtime/protocol/Clock.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import type { NodeIdentity } from '../../../runtime/protocol/identity.js';
import { limits } from '../../../runtime/protocol/limits.js';
import type { Random } from '../../../runtime/protocol/Random.js';
import type {
  ConsumeStream,
  OutgoingStream,
  OutgoingStreamOptions,
  OutgoingStreamStats,
  StreamAddress,
  StreamClass,
  StreamSource,
} from '../../../runtime/protocol/streams.js';
import type { ReceivedStreamStats } from './receiving/receivedCounters.js';
import { StreamReceiver, type StreamReceiverStats } from './receiving/StreamReceiver.js';
import type { StreamNetwork } from './StreamNetwork.js';
import { StreamPublisher } from './sending/StreamPublisher.js';
import { isStreamDatagram } from './streamDatagrams.js';

/** What streams need besides a network; without it a transport carries packets only. */
export interface StreamKeys {
  readonly identity: NodeIdentity;
  /** Null in an open academy. */
  readonly datagramKey: Uint8Array | null;
  readonly random: Random;
  /** Memory of one outgoing stream, for sending and for repair. @default 23 MB */
  readonly ringBytes?: number;
  /** What this node says of itself to publishers that are paced by some of their members. @default none */
  readonly flowTag?: string;
  /** Injected loss, for tests and benchmarks: whether the next slot that comes is to be taken for lost. */
  readonly isLost?: () => boolean;
}

export interface GroupStreamsStats {
  readonly receiver: StreamReceiverStats;
  /** What this node publishes. */
  readonly sent: readonly (OutgoingStreamStats & { readonly streamClass: StreamClass; readonly members: number })[];
  /** What was heard, by source. */
  readonly received: readonly { readonly source: StreamSource; readonly stats: ReceivedStreamStats }[];
}

export class GroupStreams {
  readonly #network: StreamNetwork;
  readonly #keys: StreamKeys;
  readonly #clock: Clock;
  readonly #outgoing = new Set<StreamPublisher>();
  readonly #receiver: StreamReceiver;

  constructor(network: StreamNetwork, keys: StreamKeys, clock: Clock, consume: ConsumeStream) {
    const { identity, datagramKey, random, isLost, flowTag } = keys;
    this.#network = network;
    this.#keys = keys;
    this.#clock = clock;
    const { nodeId } = identity;
    this.#receiver = new StreamReceiver({
      network,
      nodeId,
      datagramKey,
      clock,
      random,
      consume,
      ...(isLost ? { isLost } : {}),
      ...(flowTag === undefined ? {} : { flowTag }),
    });
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT when this node has as many streams as it may */
  open(options: OutgoingStreamOptions): OutgoingStream {
    for (const stream of this.#outgoing) if (stream.isClosed) this.#outgoing.delete(stream);
    if (this.#outgoing.size >= limits.streamsPerGroupMax) {
      throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `a node has ${limits.streamsPerGroupMax} streams in a group`);
    }
    const { identity, datagramKey, random, ringBytes } = this.#keys;
    const ring = ringBytes === undefined ? {} : { ringSlots: slotsOf(ringBytes) };
    const stream = new StreamPublisher({
      ...options,
      ...ring,
      network: this.#network,
      identity,
      datagramKey,
      clock: this.#clock,
      random,
    });
    this.#outgoing.add(stream);
    return stream;
  }

  /** @returns where something else than datagrams of streams begins */
  receiveFromGroup(bytes: Buffer, from: StreamAddress, start = 0): number {
    return this.#receiver.receiveFromGroup(bytes, from, start);
  }

  receiveDirect(datagram: Buffer, from: StreamAddress): void {
    if (!isStreamDatagram(datagram, 0, datagram.length)) return;
    for (const stream of this.#outgoing) if (stream.receive(datagram, from)) return;
    this.#receiver.receiveDirect(datagram, from);
  }

  stats(): GroupStreamsStats {
    const sent = [...this.#outgoing].map((stream) => {
      const { streamClass, members } = stream;
      return { streamClass, members, ...stream.stats() };
    });
    return { receiver: this.#receiver.stats(), sent, received: this.#receiver.streams() };
  }

  /** Tells the members, and the publishers, that this node is no longer there. */
  stop(): void {
    for (const stream of this.#outgoing) stream.close();
    this.#outgoing.clear();
    this.#receiver.stop();
  }
}

/** The power of two of slots that fit. */
function slotsOf(ringBytes: number): number {
  return 2 ** Math.floor(Math.log2(ringBytes / limits.datagramBytesMax));
}
