/**
 * The header that a hot event on a stream would have had as a packet. What all events of a stream share is kept once, and
 * what is seldom asked for is made when it is.
 */
import { LRUCache } from 'lru-cache';
import type { NodeId } from './identity.js';
import { type Channel, type PacketHeader, type Priority, packetId, topicOf } from './packet.js';

/** Rooms of one stream whose topic is remembered: a topic costs as much as decoding does. */
const topicsMax = 1_024;

/** To write a number in hexadecimal digits costs as much as decoding an event does. */
const lastDigits = Array.from({ length: 4_096 }, (_, number) => number.toString(16).padStart(3, '0'));
const tracesPerPrefix = lastDigits.length;

/** Where a stream comes from; it can be cloned. */
export interface StreamOriginInfo {
  readonly nodeId: NodeId;
  /** 16 hexadecimal characters. */
  readonly session: string;
  readonly channel: Channel;
}

/** What all headers of one stream have in common. */
export class StreamOrigin {
  readonly nodeId: NodeId;
  readonly channel: Channel;
  readonly session: number;
  readonly #sessionText: string;
  /** Of the packet ids of all its events. */
  readonly #idPrefix: string;
  /** Of the trace ids of 4,096 events in a row. */
  #tracePrefix = '';
  #tracedFrom = -1;
  readonly #topics = new LRUCache<string, number>({ max: topicsMax });

  constructor({ nodeId, session, channel }: StreamOriginInfo) {
    this.nodeId = nodeId;
    this.channel = channel;
    this.session = Number.parseInt(session.slice(0, 8), 16);
    this.#sessionText = session;
    this.#idPrefix = packetId({ sourceNode: nodeId, session: this.session, channel, sequence: '' });
  }

  topicOf(roomId: string): number {
    const known = this.#topics.get(roomId);
    if (known !== undefined) return known;
    const topic = topicOf(roomId);
    this.#topics.set(roomId, topic);
    return topic;
  }

  /** Session and position: the same on every node that hears it. */
  traceIdOf(position: number): string {
    const from = Math.floor(position / tracesPerPrefix);
    if (from !== this.#tracedFrom) {
      this.#tracedFrom = from;
      this.#tracePrefix = this.#sessionText + from.toString(16).padStart(13, '0');
    }
    return this.#tracePrefix + (lastDigits[position - from * tracesPerPrefix] as string);
  }

  /** As packetId() makes it. */
  idOf(position: number): string {
    return this.#idPrefix + position;
  }
}

/** What of an event its header says. */
export interface StreamedData {
  readonly timestamp: number;
  readonly roomId: string;
}

export class StreamedHeader implements PacketHeader {
  readonly eventId: number;
  readonly sequence: number;
  readonly #origin: StreamOrigin;
  readonly #data: StreamedData;

  constructor(origin: StreamOrigin, eventId: number, position: number, data: StreamedData) {
    this.eventId = eventId;
    this.sequence = position;
    this.#origin = origin;
    this.#data = data;
  }

  get priority(): Priority {
    return 'normal';
  }

  get hops(): number {
    return 0;
  }

  get session(): number {
    return this.#origin.session;
  }

  get sourceNode(): NodeId {
    return this.#origin.nodeId;
  }

  get channel(): Channel {
    return this.#origin.channel;
  }

  get timestampMs(): number {
    return this.#data.timestamp;
  }

  /** As packetId() makes it. */
  get id(): string {
    return this.#origin.idOf(this.sequence);
  }

  get traceId(): string {
    return this.#origin.traceIdOf(this.sequence);
  }

  get topic(): number {
    return this.#origin.topicOf(this.#data.roomId);
  }
}
