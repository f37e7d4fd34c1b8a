/**
 * Events on streams: the way of what must arrive at every node of a group, in order and paced. A hot event is written
 * in its fixed layout straight into the stream's memory, with numbers for the ids that repeat; every other event is a
 * sealed packet, as it would be in a datagram. What comes in is decoded in place and handed on once, with the node that
 * signed the stream as its source.
 */
import type { Clock } from '../protocol/Clock.js';
import type { DropReason } from '../protocol/dropReasons.js';
import { AcademyError, toErrorRecord } from '../protocol/errors.js';
import { type AcademyEventData, assertEventData } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { needsDefinitions } from '../protocol/layout/encodeResults.js';
import type { FixedLayout, LazyReader } from '../protocol/layout/FixedLayout.js';
import type { HotEventName } from '../protocol/layout/hotEvents.js';
import { IdDictionary } from '../protocol/layout/IdDictionary.js';
import { IdTable } from '../protocol/layout/IdTable.js';
import { hasDictionary, streamLayoutHash, streamLayoutOf, streamLayouts } from '../protocol/layout/streamLayouts.js';
import { limits } from '../protocol/limits.js';
import type { Channel, PacketHeader } from '../protocol/packet.js';
import { StreamedHeader, StreamOrigin } from '../protocol/StreamedHeader.js';
import {
  type ConsumeStream,
  copyFrame,
  type FrameEncoder,
  isStreaming,
  type OutgoingStream,
  type OutgoingStreamOptions,
  type OutgoingStreamStats,
  type StreamClass,
  type StreamConsumer,
  type StreamHandover,
  type StreamingTransport,
  type StreamSource,
  type WriteOutcome,
} from '../protocol/streams.js';
import type { PacketSource, TransportSendResult } from '../protocol/Transport.js';
import {
  type AcademySmartEventRouter,
  channelOfTransport,
  type SourceProof,
  type TransportName,
} from './AcademySmartEventRouter.js';
import type { TransportLookup } from './EventPublisher.js';
import type { MeshCounters } from './MeshCounters.js';
import type { RateLimitedLog } from './RateLimitedLog.js';

export interface EventStreamsParts {
  readonly nodeId: NodeId;
  readonly transports: TransportLookup;
  readonly router: AcademySmartEventRouter;
  readonly clock: Clock;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  /** Flow tag of the members that pace the streams of this node. @default all members do */
  readonly limitByTag?: string;
  /** The receive path, for packets that came in a stream. */
  readonly receivePacket: (bytes: Uint8Array, from: PacketSource) => void;
  /** Hands an event that was decoded here to this node's listeners. @returns how many took it */
  readonly deliver: (header: PacketHeader, data: AcademyEventData[HotEventName]) => number;
  /** Whether this thread has a listener for that event, in whatever room. */
  readonly hears: (eventId: number) => boolean;
  /** Opens the way of a stream's events to other threads. @param ids what is known of the stream's, now and later */
  readonly handOver: (source: StreamSource, channel: Channel, ids: IdTable | null) => StreamHandover | null;
}

/** Kinds of frames; a kind that is not known is dropped and counted. */
const frameKinds = { packet: 1, definitions: 2, event: 3 } as const;

/** How long one packet may wait for the slowest member; then the sender is told that it did not leave. */
const packetWaitMs = 5_000;

/** What may be written and what is asked of it, for one kind of event. */
export interface EventPublication<N extends HotEventName> {
  /**
   * False: a member is behind; nothing was sent, and `ready` tells when to try again.
   * @throws AcademyError ERR_ACADEMY_EVENT_INVALID, ERR_ACADEMY_PACKET_TOO_LARGE
   */
  publish(data: AcademyEventData[N]): boolean;
  /** Resolves when there is room again. */
  ready(): Promise<void>;
  /** Resolves when every member has all that was published so far. */
  flush(): Promise<void>;
  /** Nodes that hear it. */
  readonly members: number;
  readonly stats: OutgoingStreamStats;
}

export interface PublicationOptions {
  /** @default what the routing table says of the event: ordered or lossy */
  readonly streamClass?: StreamClass;
  /**
   * Whether each value is held against its schema before it is sent. Without it a value that does not fit is dropped by
   * whoever receives it. @default true
   */
  readonly checked?: boolean;
  /**
   * Whether receivers can tell that this node, and no other member, has sent it; costs a signature for up to eight
   * runs. Not for the class lossy. @default what the routing table says of the event
   */
  readonly proven?: boolean;
  /**
   * Only members with this flow tag pace the stream; the others lose what they are too slow for.
   * @default the node's own, `udp.limitByTag`; without it all members do
   */
  readonly limitBy?: { readonly tag: string };
}

export class EventStreams {
  readonly #parts: EventStreamsParts;
  readonly #outgoing = new Map<string, OutgoingEvents>();

  constructor(parts: EventStreamsParts) {
    this.#parts = parts;
  }

  /** Takes what comes in on the streams of a transport. */
  consumerOf(transport: string): ConsumeStream {
    return (source) => new IncomingEvents(this.#parts, source, transport as TransportName);
  }

  /** Whether that transport can carry streams. */
  carries(name: string): boolean {
    return this.#parts.transports.has(name) && isStreaming(this.#parts.transports.get(name));
  }

  /** One sealed packet, in order with all other packets of this node on that transport. Resolves, never rejects. */
  async sendPacket(name: string, packet: Uint8Array, source: SourceProof = 'member'): Promise<TransportSendResult> {
    try {
      return await this.#on(name, { streamClass: 'ordered', isProven: source === 'node' }).send(packet);
    } catch (fault) {
      const error = toErrorRecord(fault, 'ERR_ACADEMY_TRANSPORT_UNKNOWN');
      return { success: false, receipt: 'failed', bytes: 0, error };
    }
  }

  /** @throws AcademyError ERR_ACADEMY_NODE_STOPPED, ERR_ACADEMY_TRANSPORT_UNKNOWN */
  publication<N extends HotEventName>(event: N, options: PublicationOptions = {}): EventPublication<N> {
    const route = this.#parts.router.routeOf(event);
    const streamClass = options.streamClass ?? (route.class === 'ordered' ? 'ordered' : 'lossy');
    const { limitBy } = options;
    const isProven = options.proven ?? (streamClass !== 'lossy' && route.source === 'node');
    const wanted: StreamKind = { streamClass, isProven, ...(limitBy ? { limitBy } : {}) };
    const isChecked = options.checked ?? true;
    let open = this.#on(route.transport, wanted);
    let write = open.writerOf(event);
    // A stream that was closed with its transport is opened anew.
    const current = (): OutgoingStream => {
      if (open.stream.isClosed) {
        open = this.#on(route.transport, wanted);
        write = open.writerOf(event);
      }
      return open.stream;
    };
    return {
      publish: (data) => {
        if (isChecked) assertEventData(event, data);
        current();
        const outcome = write(data);
        return outcome === 'taken' || (outcome !== 'full' && refuse(event, outcome));
      },
      ready: () => current().ready(),
      flush: () => current().delivered(),
      get members() {
        return current().members;
      },
      get stats() {
        return current().stats();
      },
    };
  }

  #on(name: string, kind: StreamKind): OutgoingEvents {
    const tag = kind.limitBy?.tag ?? this.#parts.limitByTag;
    const key = [name, kind.streamClass, kind.isProven ? 'proven' : 'tagged', tag].join(' ');
    const open = this.#outgoing.get(key);
    if (open && !open.stream.isClosed) return open;
    const transport = this.#parts.transports.get(name);
    if (!isStreaming(transport)) {
      throw new AcademyError('ERR_ACADEMY_TRANSPORT_UNKNOWN', `${name} carries no streams`);
    }
    const pace = tag === undefined ? {} : { limitBy: { tag } };
    const opened = new OutgoingEvents(name, transport, { ...kind, ...pace }, this.#parts.clock);
    this.#outgoing.set(key, opened);
    return opened;
  }
}

/** Events of one kind of stream share one. */
type StreamKind = Pick<OutgoingStreamOptions, 'streamClass' | 'isProven' | 'limitBy'>;

function refuse(event: HotEventName, outcome: WriteOutcome): never {
  if (outcome === 'too-large') {
    throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', `this ${event} does not fit a datagram`, {
      remedy: 'emitToAcademyNetwork() sends it over the reliable transport',
    });
  }
  throw new AcademyError('ERR_ACADEMY_EVENT_INVALID', `this ${event} cannot be encoded`);
}

/** A packet that waits for room. */
interface WaitingPacket {
  readonly packet: Uint8Array;
  readonly dueMs: number;
  readonly settle: (result: TransportSendResult) => void;
}

/** What this node says on one stream. */
class OutgoingEvents {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #waiting: WaitingPacket[] = [];
  readonly stream: OutgoingStream;
  readonly #dictionary: IdDictionary | null;
  readonly #streamClass: StreamClass;
  /** A definition that counts as written and has not found room yet. */
  #unsent: Buffer | null = null;

  constructor(name: string, transport: StreamingTransport, kind: StreamKind, clock: Clock) {
    const { streamClass } = kind;
    this.#name = name;
    this.#clock = clock;
    this.#streamClass = streamClass;
    this.#dictionary = hasDictionary(streamClass) ? new IdDictionary() : null;
    this.stream = transport.openStream({
      ...kind,
      layoutHash: streamLayoutHash(streamClass),
      definitionKind: frameKinds.definitions,
    });
  }

  /** What writes events of that name: one function for each, as hot as its own event. */
  writerOf<N extends HotEventName>(name: N): (data: AcademyEventData[N]) => WriteOutcome {
    const { stream } = this;
    const dictionary = this.#dictionary;
    const layout = streamLayoutOf(name, this.#streamClass);
    const encode: FrameEncoder<AcademyEventData[N]> = (value, target, at, limit) =>
      layout.encode(value, target, at, limit, dictionary);
    return (data) => {
      for (;;) {
        if (this.#unsent && !this.#define(this.#unsent)) return 'full';
        const outcome = stream.write(frameKinds.event, encode, data);
        if (outcome !== needsDefinitions) return outcome;
        this.#unsent = this.#nextDefinitions();
      }
    };
  }

  /** Writes a packet, or lets it wait behind those that wait already. */
  send(packet: Uint8Array): Promise<TransportSendResult> {
    if (this.#waiting.length === 0) {
      const outcome = this.stream.write(frameKinds.packet, copyFrame, packet);
      if (outcome !== 'full') return Promise.resolve(this.#resultOf(outcome, packet));
    }
    if (this.#waiting.length >= limits.streamPacketsWaitingMax) return Promise.resolve(this.#heldUp());
    return new Promise((settle) => {
      this.#waiting.push({ packet, dueMs: this.#clock.monotonicMs() + packetWaitMs, settle });
      if (this.#waiting.length === 1) void this.#sendWaiting();
    });
  }

  async #sendWaiting(): Promise<void> {
    for (let head = this.#waiting[0]; head; head = this.#waiting[0]) {
      const outcome = this.stream.isClosed ? 'closed' : this.stream.write(frameKinds.packet, copyFrame, head.packet);
      if (outcome === 'full' && this.#clock.monotonicMs() < head.dueMs) {
        await this.#readyBefore(head.dueMs);
        continue;
      }
      this.#waiting.shift();
      head.settle(outcome === 'full' || outcome === 'closed' ? this.#heldUp() : this.#resultOf(outcome, head.packet));
    }
  }

  /** Until there is room, the stream is closed, or the time is over. */
  #readyBefore(dueMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, Math.max(1, dueMs - this.#clock.monotonicMs()));
      const done = (): void => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
      this.stream.ready().then(done, done);
    });
  }

  #resultOf(outcome: WriteOutcome, { length }: Uint8Array): TransportSendResult {
    if (outcome === 'taken') return { success: true, receipt: 'sent', bytes: length };
    const message = `${this.#name}: a packet of ${length} bytes fits no slot`;
    return { success: false, receipt: 'failed', bytes: 0, error: { code: 'ERR_ACADEMY_PACKET_TOO_LARGE', message } };
  }

  #heldUp(): TransportSendResult {
    const message = `${this.#name}: a member of the stream has been behind for ${packetWaitMs} ms`;
    return { success: false, receipt: 'failed', bytes: 0, error: { code: 'ERR_ACADEMY_DEADLINE', message } };
  }

  #define(definitions: Buffer): boolean {
    if (!this.stream.define(definitions)) return false;
    this.#unsent = null;
    return true;
  }

  #nextDefinitions(): Buffer | null {
    const dictionary = this.#dictionary;
    if (!dictionary) return null;
    const message = Buffer.alloc(this.stream.definitionBytesMax);
    const end = dictionary.writeDefinitions(message, 0, message.length);
    return end > 0 ? message.subarray(0, end) : null;
  }
}

/** An event's way from its bytes on one stream. */
interface HotEvent {
  readonly layout: FixedLayout<AcademyEventData[HotEventName]>;
  readonly reader: LazyReader<AcademyEventData[HotEventName]>;
  /** Why it is not heard on this stream. */
  readonly refused: DropReason | null;
}

/** What one node says on one stream, as this node hears it. */
class IncomingEvents implements StreamConsumer {
  readonly #parts: EventStreamsParts;
  readonly #from: PacketSource;
  readonly #origin: StreamOrigin;
  readonly #ids: IdTable | null;
  readonly #handover: StreamHandover | null;
  readonly #events: ReadonlyMap<number, HotEvent>;
  #lastEvent: HotEvent | undefined;

  constructor(parts: EventStreamsParts, source: StreamSource, transport: TransportName) {
    const { streamClass } = source;
    const channel = channelOfTransport[transport];
    this.#parts = parts;
    const { address, nodeId, isProven } = source;
    this.#from = { transport, source: `${address.host}:${address.port}`, ...(isProven ? { provenNode: nodeId } : {}) };
    this.#origin = new StreamOrigin({ nodeId, session: source.session, channel });
    this.#ids = hasDictionary(streamClass) ? new IdTable() : null;
    // Frames of another version's layouts are not read at all.
    const isReadable = source.layoutHash === streamLayoutHash(streamClass);
    this.#handover = isReadable ? parts.handOver(source, channel, this.#ids) : null;
    this.#events = new Map(
      Array.from(isReadable ? streamLayouts(streamClass) : [], ([eventId, { name, layout }]) => [
        eventId,
        { layout, reader: layout.lazy(), refused: refusalOf(name, channel, source, parts.router) },
      ]),
    );
  }

  onFrame(kind: number, bytes: Buffer, at: number, end: number, position: number): void {
    if (kind === frameKinds.event) this.#event(bytes, at, end, position);
    else if (kind === frameKinds.packet) this.#parts.receivePacket(bytes.subarray(at, end), this.#from);
    else if (kind === frameKinds.definitions) this.#define(bytes, at, end);
    else this.#drop('unknown-version');
  }

  onDefinition(bytes: Buffer): void {
    this.#define(bytes, 0, bytes.length);
  }

  onEnd(): void {
    this.#handover?.end();
  }

  #define(bytes: Buffer, at: number, end: number): void {
    if (!this.#ids) return;
    if (this.#ids.define(bytes, at, end)) this.#handover?.define(bytes.subarray(at, end));
    else this.#drop('undecodable');
  }

  #event(bytes: Buffer, at: number, end: number, position: number): void {
    const { counters } = this.#parts;
    counters.packetsReceived += 1;
    const event = this.#eventOf(eventIdAt(bytes, at, end));
    if (!event) return this.#drop(this.#events.size === 0 ? 'unknown-version' : 'unknown-event');
    if (event.refused) return this.#drop(event.refused);
    const taken = this.#parts.hears(event.layout.eventId)
      ? this.#decode(event, bytes, at, end, position)
      : this.#pass(event, bytes, at, end, position);
    if (taken > 0) counters.packetsDelivered += 1;
    else if (taken === 0) this.#drop('no-listener');
  }

  /** For the listeners of this thread, and for the others as well. @returns how many took it; -1 when it was dropped */
  #decode({ layout }: HotEvent, bytes: Buffer, at: number, end: number, position: number): number {
    const data = layout.decode(bytes, at, end, this.#ids);
    if (data === undefined) return this.#invalid();
    const header = new StreamedHeader(this.#origin, layout.eventId, position, data);
    const taken = this.#hand(header, data);
    return this.#handover ? taken + this.#passOn(this.#handover, header, bytes, at, end) : taken;
  }

  /** Looks at the event only as far as it takes to know that it is one, and whose. @returns as #decode */
  #pass({ layout, reader }: HotEvent, bytes: Buffer, at: number, end: number, position: number): number {
    const handover = this.#handover;
    if (!handover) return 0;
    if (!reader.at(bytes, at, end, this.#ids)) return this.#invalid();
    const header = new StreamedHeader(this.#origin, layout.eventId, position, reader.value);
    return this.#passOn(handover, header, bytes, at, end);
  }

  /** @returns number of threads that it goes to */
  #passOn(handover: StreamHandover, header: PacketHeader, bytes: Buffer, at: number, end: number): number {
    const { eventId, topic, sequence } = header;
    if (!handover.isWanted(eventId, topic)) return 0;
    try {
      return handover.event(eventId, topic, sequence, bytes.subarray(at, end));
    } catch (fault) {
      return this.#failed(fault);
    }
  }

  #invalid(): -1 {
    this.#drop('invalid-payload');
    return -1;
  }

  #hand(header: PacketHeader, data: AcademyEventData[HotEventName]): number {
    try {
      return this.#parts.deliver(header, data);
    } catch (fault) {
      return this.#failed(fault);
    }
  }

  /** What throws is our own delivery; it must not take the rest of the run with it. */
  #failed(fault: unknown): 1 {
    this.#parts.counters.deliveryFailures += 1;
    this.#parts.log.report('delivery-failure', 'error', 'an event could not be delivered on this node', {
      fault: fault instanceof Error ? fault.message : String(fault),
    });
    return 1;
  }

  /** A stream mostly carries one kind of event for long. */
  #eventOf(eventId: number): HotEvent | undefined {
    if (this.#lastEvent?.layout.eventId !== eventId) this.#lastEvent = this.#events.get(eventId);
    return this.#lastEvent;
  }

  #drop(reason: DropReason): void {
    this.#parts.counters.dropped(reason, this.#from.source);
    if (reason === 'no-listener') return;
    this.#parts.log.report(`drop ${reason}`, 'warn', `packets are dropped: ${reason}`, { source: this.#from.source });
  }
}

/** Why events of that name are not heard on a stream. */
function refusalOf(
  name: HotEventName,
  channel: Channel,
  { isProven }: StreamSource,
  router: AcademySmartEventRouter,
): DropReason | null {
  if (!router.accepts(name, channel)) return 'wrong-channel';
  return router.needsProof(name) && !isProven ? 'unproven-source' : null;
}

/** The event's number, which every layout begins with: array 16, then uint 16; 0 for anything else. */
function eventIdAt(bytes: Buffer, at: number, end: number): number {
  return end - at >= 6 && bytes[at] === 0xdc && bytes[at + 3] === 0xcd ? bytes.readUInt16BE(at + 4) : 0;
}
