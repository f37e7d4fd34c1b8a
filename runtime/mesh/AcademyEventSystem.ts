/**
 * The program's door to the events of the mesh, on the main thread. One hears a room by naming it; nobody hears all
 * rooms without the owner's capability. Local listeners run before anything leaves the node, a listener that throws
 * keeps nothing from the others, and what nobody here listens to is not even decoded.
 *
 * ```ts
 * node.events.on('academy.chat.message', { room: 'typescript-help' }, ({ data }) => show(data.username, data.text));
 * const receipt = await node.events.emitToAcademyNetwork('academy.training.signal', signal);
 * ```
 */
import { EventEmitter } from 'eventemitter3';
import { LRUCache } from 'lru-cache';
import { type EventMessage, eventMessage } from '../protocol/EventMessage.js';
import { parseEndpoint } from '../protocol/endpoints.js';
import { AcademyError } from '../protocol/errors.js';
import {
  ACADEMY_EVENTS,
  type AcademyEventData,
  type AcademyEventName,
  academyEventNames,
  assertEventData,
  type EventDefinition,
  eventById,
  isEventData,
  type RoomScopedEventName,
  requireEvent,
} from '../protocol/events.js';
import type { NodeId } from '../protocol/identity.js';
import { limits } from '../protocol/limits.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import { type PacketHeader, type Priority, topicOf } from '../protocol/packet.js';
import type { EventReceipt } from '../protocol/receipts.js';
import { nodeOfAuthor } from '../protocol/roomLog.js';
import type { TrainingSignal } from '../protocol/schemas/training.js';
import { AdminCapability } from './AdminCapability.js';
import type { EncodedEvent } from './EventPublisher.js';
import type { MeshCounters } from './MeshCounters.js';
import type { RateLimitedLog } from './RateLimitedLog.js';

/** Which occurrences of a room-scoped event one hears. */
export type EventScope = { readonly room: string } | { readonly admin: AdminCapability };
export type UnscopedEventName = Exclude<AcademyEventName, RoomScopedEventName>;
/** What it returns or throws is nobody's; a throw or a rejection is reported. */
export type EventHandler<N extends AcademyEventName> = (event: EventMessage<N>) => unknown;
/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

export interface EmitOptions {
  /** @default 'normal' */
  readonly priority?: Priority;
  /** 32 hexadecimal characters. @default drawn */
  readonly traceId?: string;
}

export interface NetworkEmitOptions extends EmitOptions {
  /** Ids or aliases; only these get it, over the reliable transport. @default every node */
  readonly nodes?: readonly string[];
  /** False: this node's own listeners do not hear it. @default true */
  readonly local?: boolean;
}

export interface EventSystemParts {
  readonly nodeId: NodeId;
  readonly codec: MessageCodec;
  readonly publisher: { publish(event: EncodedEvent): Promise<EventReceipt> };
  /** The one that opens all rooms of this node. */
  readonly admin: AdminCapability;
  readonly counters: MeshCounters;
  readonly log: RateLimitedLog;
  /** @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN */
  readonly resolveNode: (idOrAlias: string) => NodeId;
}

export class AcademyEventSystem {
  readonly #parts: EventSystemParts;
  readonly #emitter = new EventEmitter<string, EventMessage>();
  /** Subscriptions by event and topic, so that an unwanted packet costs two look-ups. */
  readonly #wanted = new Map<number, number>();
  /** Subscriptions by event alone. */
  readonly #heard = new Map<number, number>();
  /** Signals that this node has published: each leaves it once, whatever its listeners do with it (C36). */
  readonly #published = new LRUCache<string, true>({ max: limits.idempotencyKeysMax });

  constructor(parts: EventSystemParts) {
    this.#parts = parts;
  }

  /**
   * Hears an event: of one room, or, for an event that belongs to no room, all of it.
   * @throws AcademyError ERR_ACADEMY_ADMIN_REQUIRED for a room-scoped event without a room, ERR_ACADEMY_EVENT_UNKNOWN
   */
  on<N extends RoomScopedEventName>(name: N, scope: EventScope, handler: EventHandler<N>): Unsubscribe;
  on<N extends UnscopedEventName>(name: N, handler: EventHandler<N>): Unsubscribe;
  on(
    name: AcademyEventName,
    scope: EventScope | EventHandler<AcademyEventName>,
    handler?: EventHandler<AcademyEventName>,
  ): Unsubscribe {
    const definition = requireEvent(name);
    if (typeof scope === 'function') return this.#listen(definition, this.#withoutRoom(definition), scope);
    if (!handler) throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `on("${name}") has no handler`);
    return this.#listen(definition, this.#roomOf(definition, scope), handler);
  }

  /**
   * Hears the events of a room by path: `/chat/room/{room}/events/{type}`, where only the type may be `*`.
   * @throws AcademyError ERR_ACADEMY_ENDPOINT_INVALID
   */
  onPath(path: string, handler: EventHandler<RoomScopedEventName>): Unsubscribe {
    const endpoint = parseEndpoint(path);
    if (endpoint.kind !== 'room-events') {
      throw new AcademyError('ERR_ACADEMY_ENDPOINT_INVALID', `${path} names no events of a room`, {
        remedy: 'write /chat/room/{room}/events/{type}, or * as the type',
      });
    }
    const { roomId, event } = endpoint;
    const names = event === '*' ? academyEventNames : [event];
    const ended = names
      .map(requireEvent)
      .filter(({ roomScoped }) => roomScoped)
      .map((definition) => this.#listen(definition, roomId, handler as EventHandler<AcademyEventName>));
    if (ended.length === 0) {
      throw new AcademyError('ERR_ACADEMY_ENDPOINT_INVALID', `${path}: ${event} belongs to no room`);
    }
    return () => {
      for (const end of ended) end();
    };
  }

  /**
   * Tells this node's actors and listeners, and nobody else; they have run, or have it in their mailbox, when this
   * returns its promise.
   * @throws AcademyError ERR_ACADEMY_EVENT_INVALID with the path of what does not fit, ERR_ACADEMY_EVENT_UNKNOWN
   */
  async emit<N extends AcademyEventName>(
    name: N,
    data: AcademyEventData[N],
    options: EmitOptions = {},
  ): Promise<EventReceipt> {
    return this.#parts.publisher.publish({ ...this.#encoded(name, data, options), network: false });
  }

  /**
   * Tells this node first, then the mesh. A training signal obeys what it says of itself: `propagateToNetwork: false`
   * stays here, `targetNodes` are the only ones that get it, and only the node of its judge publishes it, once.
   * @throws AcademyError ERR_ACADEMY_EVENT_INVALID, ERR_ACADEMY_EVENT_UNKNOWN, ERR_ACADEMY_NODE_UNKNOWN; what the
   * network does wrong is in the receipt
   */
  async emitToAcademyNetwork<N extends AcademyEventName>(
    name: N,
    data: AcademyEventData[N],
    options: NetworkEmitOptions = {},
  ): Promise<EventReceipt> {
    const encoded = this.#encoded(name, data, options);
    const signal = name === ACADEMY_EVENTS.TRAINING_SIGNAL ? (data as TrainingSignal) : undefined;
    const refusal = signal && this.#refusalOf(signal);
    if (refusal) return { eventId: '', word: 'queued', transport: 'local', bytes: 0, detour: refusal };
    const targets = signal?.targetNodes ?? options.nodes;
    return this.#parts.publisher.publish({
      ...encoded,
      network: signal?.propagateToNetwork ?? true,
      nodes: targets?.map(this.#parts.resolveNode),
      local: options.local,
    });
  }

  /**
   * Takes a packet that was published here or has passed the receive path, if anybody listens.
   * @returns how many listeners have run
   */
  deliver(header: PacketHeader, payload: Uint8Array): number {
    if (!this.#isWanted(header)) return 0;
    const definition = eventById(header.eventId);
    if (!definition) return 0;
    const data = this.#parts.codec.decode(payload);
    if (data === undefined) return this.#drop('undecodable', header);
    if (!isEventData(definition.name, data)) return this.#drop('invalid-payload', header);
    return this.#hand(definition, header, data);
  }

  /** As `deliver`, with data that was decoded and validated on the way. */
  deliverDecoded(header: PacketHeader, data: AcademyEventData[AcademyEventName]): number {
    const definition = this.#isWanted(header) ? eventById(header.eventId) : undefined;
    return definition ? this.#hand(definition, header, data) : 0;
  }

  /** Whether anybody here listens to that event, in whatever room. */
  hears(eventId: number): boolean {
    return this.#heard.has(eventId);
  }

  /** Ends all subscriptions. */
  close(): void {
    this.#emitter.removeAllListeners();
    this.#wanted.clear();
    this.#heard.clear();
  }

  #hand(definition: EventDefinition, header: PacketHeader, data: AcademyEventData[AcademyEventName]): number {
    const message = eventMessage(definition.name, data, header);
    const room = roomIdOf(definition, data);
    if (room !== undefined && topicOf(room) !== header.topic) return this.#drop('invalid-payload', header);
    const everywhere = keyOf(definition.name, null);
    const here = room === undefined ? everywhere : keyOf(definition.name, room);
    const listeners = this.#emitter.listenerCount(here);
    this.#emitter.emit(here, message);
    if (here === everywhere) return listeners;
    const administrators = this.#emitter.listenerCount(everywhere);
    this.#emitter.emit(everywhere, message);
    return listeners + administrators;
  }

  #withoutRoom(definition: EventDefinition): null {
    if (!definition.roomScoped) return null;
    throw new AcademyError('ERR_ACADEMY_ADMIN_REQUIRED', `${definition.name} is said in rooms: name one`, {
      remedy: `on("${definition.name}", { room: "…" }, handler)`,
    });
  }

  #roomOf(definition: EventDefinition, scope: EventScope): string | null {
    if ('admin' in scope) {
      if (AdminCapability.is(scope.admin) && scope.admin === this.#parts.admin) return null;
      throw new AcademyError('ERR_ACADEMY_ADMIN_REQUIRED', 'this is not the capability of the node that runs here');
    }
    const { room } = scope;
    if (definition.roomScoped && room.length > 0 && room.length <= limits.idCharactersMax) return room;
    const fault = definition.roomScoped ? 'has a bad room' : 'belongs to no room';
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${definition.name} ${fault}`);
  }

  /** @param room null: every occurrence of the event */
  #listen(definition: EventDefinition, room: string | null, handler: EventHandler<AcademyEventName>): Unsubscribe {
    const key = keyOf(definition.name, room);
    const interest = interestOf(definition.id, room === null ? 0 : topicOf(room));
    const guarded = (event: EventMessage): void => this.#run(handler, event);
    this.#emitter.on(key, guarded);
    countUp(this.#wanted, interest);
    countUp(this.#heard, definition.id);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#emitter.off(key, guarded);
      countDown(this.#wanted, interest);
      countDown(this.#heard, definition.id);
    };
  }

  #run(handler: EventHandler<AcademyEventName>, event: EventMessage): void {
    try {
      const result = handler(event);
      if (result instanceof Promise) result.catch((fault: unknown) => this.#reportHandler(event, fault));
    } catch (fault) {
      this.#reportHandler(event, fault);
    }
  }

  #reportHandler(event: EventMessage, fault: unknown): void {
    this.#parts.counters.handlerFailures += 1;
    this.#parts.log.report(`handler ${event.name}`, 'error', `a listener of ${event.name} failed`, {
      fault: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
      event: event.id,
    });
  }

  #encoded(name: AcademyEventName, data: unknown, options: EmitOptions): Omit<EncodedEvent, 'network'> {
    const definition = requireEvent(name);
    const checked = assertEventData(name, data);
    const room = roomIdOf(definition, checked);
    return {
      name,
      eventId: definition.id,
      topic: room === undefined ? 0 : topicOf(room),
      payload: this.#parts.codec.encode(checked),
      priority: options.priority ?? 'normal',
      traceId: options.traceId,
    };
  }

  /** A listener that passes on every strong signal it hears, as the plan's example does, would never end. */
  #refusalOf(signal: TrainingSignal): string | undefined {
    if (signal.judge.includes('@') && nodeOfAuthor(signal.judge) !== this.#parts.nodeId) return 'not-the-origin';
    const id = JSON.stringify([signal.judge, signal.messageId, signal.signal.source, signal.timestamp]);
    if (this.#published.has(id)) return 'already-published';
    this.#published.set(id, true);
    return undefined;
  }

  #isWanted(header: PacketHeader): boolean {
    return (
      this.#wanted.has(interestOf(header.eventId, 0)) ||
      (header.topic !== 0 && this.#wanted.has(interestOf(header.eventId, header.topic)))
    );
  }

  #drop(reason: 'undecodable' | 'invalid-payload', header: PacketHeader): 0 {
    this.#parts.counters.dropped(reason, header.sourceNode);
    this.#parts.log.report(`drop ${reason}`, 'warn', `packets are dropped: ${reason}`, { source: header.sourceNode });
    return 0;
  }
}

function roomIdOf(definition: EventDefinition, data: unknown): string | undefined {
  return definition.roomScoped ? (data as { readonly roomId: string }).roomId : undefined;
}

/** The emitter's own key: a room is an address, never part of an event's name. */
function keyOf(name: AcademyEventName, room: string | null): string {
  return room === null ? name : `${name} ${room}`;
}

function countUp(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What nobody counts any more is not there. */
function countDown(counts: Map<number, number>, key: number): void {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/** Event id and topic as one number, 16 and 32 bits; topic 0 stands for all. */
function interestOf(eventId: number, topic: number): number {
  return eventId * 2 ** 32 + topic;
}
