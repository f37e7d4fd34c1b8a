/** Brings an event of the mesh to a shard's subscribers: decoded and checked once, however many they are. */
import type { DeliveredMessage } from '../../protocol/actors.js';
import { type EventMessage, eventMessage } from '../../protocol/EventMessage.js';
import { type EventDefinition, eventById, isEventData, requireEvent } from '../../protocol/events.js';
import type { NodeId } from '../../protocol/identity.js';
import type { MessageCodec } from '../../protocol/MessageCodec.js';
import type { PacketHeader } from '../../protocol/packet.js';
import type { ActorCell } from '../lives/ActorCell.js';
import { type CounterName, counterPlace, type ShardLedger } from '../shards/ShardLedger.js';
import type { EventInterest, Subscription } from './EventInterest.js';
import { StreamedEvents } from './StreamedEvents.js';

export interface EventDeliveryOptions {
  readonly shard: number;
  readonly nodeId: NodeId;
  readonly ledger: ShardLedger;
  readonly codec: MessageCodec;
  readonly interest: EventInterest<ActorCell>;
  /** @returns whether all messages fit into the mailbox */
  readonly put: (cell: ActorCell, message: DeliveredMessage) => boolean;
}

const deliveredPlace = counterPlace('eventsDelivered');

export class EventDelivery {
  /** Those whose events come as they were on the wire. */
  readonly streams = new StreamedEvents();
  readonly #options: EventDeliveryOptions;

  constructor(options: EventDeliveryOptions) {
    this.#options = options;
  }

  /** @param payload must not change afterwards: decoded byte fields are views into it */
  deliver(header: PacketHeader, payload: Uint8Array): void {
    const { interest, codec } = this.#options;
    const listeners = interest.listeners(header.eventId, header.topic);
    const definition = eventById(header.eventId);
    if (!listeners || !definition) return;
    const data = codec.decode(payload);
    if (data === undefined) return this.#drop('dropsUndecodable');
    if (!isEventData(definition.name, data)) return this.#drop('dropsInvalidPayload');
    this.#tell(listeners, definition, header, eventMessage(definition.name, data, header));
  }

  /** A hot event of a stream, decoded where it lies. */
  deliverStreamed(stream: number, eventId: number, position: number, bytes: Buffer, start: number, end: number): void {
    const event = this.streams.read(stream, eventId, position, bytes, start, end);
    if (!event) return this.#drop('dropsUndecodable');
    const { name, header, data } = event;
    const listeners = this.#options.interest.listeners(eventId, header.topic);
    if (listeners) this.#tell(listeners, requireEvent(name), header, eventMessage(name, data, header, header.id));
  }

  #tell(
    listeners: readonly Subscription<ActorCell>[],
    definition: EventDefinition,
    header: PacketHeader,
    event: EventMessage,
  ): void {
    const { nodeId, ledger, shard, put } = this.#options;
    const isOwn = header.sourceNode === nodeId;
    const roomId = definition.roomScoped ? ((event.data as { roomId?: string }).roomId ?? null) : null;
    for (const subscription of listeners) {
      if (subscription.roomId !== roomId || (isOwn && subscription.remoteOnly)) continue;
      ledger.add(shard, deliveredPlace);
      const message = { type: 'academy.event', data: event, from: null, atMs: 0 };
      if (!put(subscription.subscriber, message)) this.#drop('dropsMailboxFull');
    }
  }

  #drop(reason: CounterName): void {
    this.#options.ledger.add(this.#options.shard, counterPlace(reason));
  }
}
