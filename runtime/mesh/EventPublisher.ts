/**
 * The way of an event out of this node: to its own listeners first, then sealed once and handed to the transport that
 * the routing table names. What the network does wrong never loses the local delivery and never throws; the receipt
 * says what is known, and no more.
 */
import { type AcademyErrorCode, toErrorRecord } from '../protocol/errors.js';
import type { AcademyEventName } from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { type PacketHeader, type Priority, packetHeaderBytes, packetId } from '../protocol/packet.js';
import { type EventReceipt, type ReceiptWord, receiptWords } from '../protocol/receipts.js';
import type { Transport, TransportSendResult } from '../protocol/Transport.js';
import {
  type AcademySmartEventRouter,
  localOnlyEvents,
  type SelectedRoute,
  type SourceProof,
} from './AcademySmartEventRouter.js';
import type { MeshCounters } from './MeshCounters.js';
import type { PacketWriter } from './PacketWriter.js';
import type { RateLimitedLog } from './RateLimitedLog.js';

/** The transports of a node by name; the transport factory is one. */
export interface TransportLookup {
  /** @throws AcademyError ERR_ACADEMY_TRANSPORT_UNKNOWN */
  get(name: string): Transport;
  has(name: string): boolean;
}

/** Whom an event can reach beyond the multicast groups. */
export interface PeerDirectory {
  /** All other nodes known. */
  all(): readonly NodeId[];
  /** Those of them from which no multicast is heard: they get a copy over the reliable transport. */
  beyondMulticast(): readonly NodeId[];
}

/** An event whose payload is encoded already, as the hosting of actors and the event system hand it over. */
export interface EncodedEvent {
  readonly name: AcademyEventName;
  readonly eventId: number;
  readonly topic: number;
  readonly payload: Uint8Array;
  readonly priority: Priority;
  /** Only these nodes get it, over the reliable transport. */
  readonly nodes?: readonly NodeId[] | undefined;
  /** False: it does not leave this node. */
  readonly network: boolean;
  /** False: this node's listeners do not hear it, only those it is sent to. @default true */
  readonly local?: boolean | undefined;
  readonly traceId?: string | undefined;
}

/** Carries packets in order, where a transport can; the mesh's streams do. */
export interface OrderedPath {
  carries(transport: string): boolean;
  /** @param source `node`: by a stream that proves this node as its source */
  sendPacket(transport: string, packet: Uint8Array, source: SourceProof): Promise<TransportSendResult>;
}

export interface PublisherParts {
  readonly nodeId: NodeId;
  readonly router: AcademySmartEventRouter;
  readonly writer: PacketWriter;
  readonly transports: TransportLookup;
  /** For events that must arrive in order; without it they go as single packets. */
  readonly ordered?: OrderedPath;
  readonly peers: PeerDirectory;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  /** Hands an event to this node's shards and listeners; the payload may be kept by nobody. */
  readonly deliverLocal: (header: PacketHeader, payload: Uint8Array) => void;
}

/** How an event is about to leave, once the table, the target and what is there have had their say. */
interface Departure {
  readonly route: SelectedRoute;
  /** Null: the group. */
  readonly nodes: readonly NodeId[] | null;
}

const reliableTransport = 'tcp-reliable';

export class EventPublisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Local listeners have run, and the packet is with the transport, before this returns. Never rejects. */
  async publish(event: EncodedEvent): Promise<EventReceipt> {
    const { writer, counters } = this.#parts;
    counters.eventsPublished += 1;
    const leaves = event.network && !localOnlyEvents.has(event.name);
    const departure = leaves ? this.#departure(event) : null;
    const header = writer.header({ ...event, channel: departure?.route.channel ?? 'reliable' });
    if (event.local !== false) this.#deliverLocally(event, header);
    if (!departure) {
      counters.eventsKeptLocal += 1;
      return keptLocal(header, event);
    }
    const { detour } = departure.route;
    if (detour) counters.detoured(detour);
    return this.#send(event, header, departure);
  }

  #deliverLocally(event: EncodedEvent, header: PacketHeader): void {
    try {
      this.#parts.deliverLocal(header, event.payload);
    } catch (fault) {
      this.#parts.counters.deliveryFailures += 1;
      this.#parts.log.report('local-delivery', 'error', `${event.name} could not be delivered on this node`, {
        fault: messageOf(fault),
      });
    }
  }

  #departure(event: EncodedEvent): Departure {
    const { router, transports, peers, nodeId } = this.#parts;
    const { name, priority, nodes } = event;
    const route = router.select({ name, priority, bytes: packetHeaderBytes + event.payload.length });
    if (nodes) {
      const others = [...new Set(nodes)].filter((node) => node !== nodeId);
      return { route: reliably(route, 'addressed-to-nodes'), nodes: others };
    }
    if (route.channel === 'reliable') return { route, nodes: peers.all() };
    if (!transports.has(route.transport)) {
      return { route: reliably(route, 'transport-not-running'), nodes: peers.all() };
    }
    return { route, nodes: null };
  }

  async #send(event: EncodedEvent, header: PacketHeader, departure: Departure): Promise<EventReceipt> {
    let packet: Uint8Array;
    try {
      packet = this.#parts.writer.seal(header, event.payload);
    } catch (fault) {
      this.#failed(event, messageOf(fault));
      return keptLocal(header, event, 'packet-too-large');
    }
    const { route, nodes } = departure;
    if (nodes) return this.#sendReliably(event, header, packet, nodes, route.detour);
    return this.#sendToGroup(event, header, packet, route);
  }

  /** The same sealed packet to the group and to those whom it does not reach: who gets both drops one as replayed. */
  async #sendToGroup(
    event: EncodedEvent,
    header: PacketHeader,
    packet: Uint8Array,
    route: SelectedRoute,
  ): Promise<EventReceipt> {
    const { peers } = this.#parts;
    const beyond = peers.beyondMulticast();
    const sending = this.#hand(event, route.transport, packet, undefined, route);
    // Nobody waits for the copies: a peer that does not answer would hold up everyone's receipts. #hand counts faults.
    if (beyond.length > 0) void this.#hand(event, reliableTransport, packet, beyond);
    const result = await sending;
    if (!result.success) {
      const rest = peers.all().filter((node) => !beyond.includes(node));
      this.#parts.counters.detoured('multicast-failed');
      return this.#sendReliably(event, header, packet, rest, 'multicast-failed');
    }
    return {
      eventId: packetId(header),
      word: result.receipt === 'queued' ? 'queued' : 'sent',
      transport: route.transport,
      bytes: packet.length,
      ...(route.detour ? { detour: route.detour } : {}),
    };
  }

  async #sendReliably(
    event: EncodedEvent,
    header: PacketHeader,
    packet: Uint8Array,
    nodes: readonly NodeId[],
    detour: string | undefined,
  ): Promise<EventReceipt> {
    if (nodes.length === 0) {
      this.#parts.counters.eventsWithoutPeers += 1;
      return { ...keptLocal(header, event, detour), nodes: 0 };
    }
    const result = await this.#hand(event, reliableTransport, packet, nodes);
    if (!result.success) return keptLocal(header, event, 'send-failed');
    const word = result.receipt === 'failed' ? 'queued' : result.receipt;
    return {
      eventId: packetId(header),
      word,
      transport: reliableTransport,
      bytes: packet.length,
      ...(isKnownByReceivers(word) ? { nodes: nodes.length } : {}),
      ...(detour ? { detour } : {}),
    };
  }

  /** A transport resolves by contract; one that does not is treated like one that failed. */
  async #hand(
    event: EncodedEvent,
    transport: string,
    packet: Uint8Array,
    nodes?: readonly NodeId[],
    route?: SelectedRoute,
  ): Promise<TransportSendResult> {
    const { transports, ordered } = this.#parts;
    let result: TransportSendResult;
    try {
      result =
        route?.class === 'ordered' && ordered?.carries(transport)
          ? await ordered.sendPacket(transport, packet, route.source)
          : await transports.get(transport).send(packet, nodes);
    } catch (fault) {
      const fallback: AcademyErrorCode = 'ERR_ACADEMY_TRANSPORT_UNKNOWN';
      result = { success: false, receipt: 'failed', bytes: 0, error: toErrorRecord(fault, fallback) };
    }
    if (!result.success) this.#failed(event, result.error?.message ?? `${transport} did not take it`);
    return result;
  }

  #failed(event: EncodedEvent, fault: string): void {
    this.#parts.counters.sendFailures += 1;
    this.#parts.log.report(`send ${event.name}`, 'warn', `${event.name} did not leave this node`, { fault });
  }
}

function reliably(route: SelectedRoute, detour: string): SelectedRoute {
  if (route.channel === 'reliable') return route;
  return { transport: reliableTransport, channel: 'reliable', class: 'ordered', source: 'node', detour };
}

/** With the local listeners, and nowhere else. */
function keptLocal(header: PacketHeader, event: EncodedEvent, detour?: string): EventReceipt {
  return {
    eventId: packetId(header),
    word: 'queued',
    transport: 'local',
    bytes: event.payload.length,
    ...(detour ? { detour } : {}),
  };
}

function isKnownByReceivers(word: ReceiptWord): boolean {
  return receiptWords.indexOf(word) >= receiptWords.indexOf('received');
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
