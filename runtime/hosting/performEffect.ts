/** Carries out what a machine has emitted. Events that are no effects are the machine's own and pass unheeded. */
import type { ActorEffect, ActorReference } from '../protocol/actors.js';
import { AcademyError, fromErrorRecord } from '../protocol/errors.js';
import { assertEventData, requireEvent } from '../protocol/events.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import { topicOf } from '../protocol/packet.js';
import type { ActorCell } from './ActorCell.js';
import type { AskSettler } from './AskTable.js';
import type { EventInterest } from './EventInterest.js';
import type { EncodedEvent, NoticeFrame } from './frames.js';
import { isDeliverable } from './isDeliverable.js';
import type { Switchboard } from './Switchboard.js';

/** What effects work on. */
export interface EffectWorld {
  readonly switchboard: Switchboard;
  readonly interest: EventInterest<ActorCell>;
  readonly codec: MessageCodec;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Hands an answer to the life of the actor that asked, as the message `type`. */
  settler(cell: ActorCell, type: string, tag: unknown, from: ActorReference | null): AskSettler;
}

/** @throws whatever is wrong with the effect: a fault of the machine that emitted it, by which it crashes */
export function performEffect(world: EffectWorld, cell: ActorCell, effect: ActorEffect): void {
  switch (effect.type) {
    case 'tell':
      world.switchboard.tell(effect.to, effect.message.type, effect.message.data, cell.address);
      break;
    case 'tellMany':
      world.switchboard.tellMany(effect.to, effect.message.type, effect.message.data, cell.address);
      break;
    case 'ask': {
      const settle = world.settler(cell, settlingType(effect.settles), effect.tag, effect.to);
      world.switchboard.ask(effect.to, effect.message, effect.deadlineMs, cell.address, cell.address, settle);
      break;
    }
    case 'reply':
      cell.owed.delete(effect.ask);
      world.switchboard.reply(effect.ask, effect.result, effect.error ?? null);
      break;
    case 'execute': {
      const settle = world.settler(cell, settlingType(effect.settles), effect.tag, null);
      const id = world.switchboard.asks.open(effect.deadlineMs, effect.endpoint, settle);
      world.toMain(['execute', id, effect.endpoint, effect.payload, effect.deadlineMs]);
      break;
    }
    case 'publish':
      world.toMain(['publish', encodeEvent(world.codec, cell, effect)]);
      break;
    case 'subscribe': {
      const { id } = requireEvent(effect.event);
      const { roomId, remoteOnly = false } = effect;
      const topic = roomId === null ? 0 : topicOf(roomId);
      world.interest.add(id, topic, { subscriber: cell, roomId, remoteOnly, incarnation: cell.incarnation });
      break;
    }
    case 'unsubscribe': {
      const { id } = requireEvent(effect.event);
      world.interest.remove(id, effect.roomId === null ? 0 : topicOf(effect.roomId), cell, effect.roomId);
      break;
    }
    case 'spawn':
      world.toMain(['spawn-for', cell.seat.name, effect.spec]);
      break;
    case 'stop':
      world.toMain(['stop-for', effect.target]);
      break;
    case 'log':
      world.toMain(['log', effect.level, cell.seat.name, effect.text, effect.fields]);
      break;
    case 'fail':
      throw fromErrorRecord(effect.error, 'ERR_ACADEMY_ACTOR_STOPPED');
  }
}

function settlingType(type: string): string {
  if (isDeliverable(type)) return type;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${type}" cannot be the type of a message`);
}

function encodeEvent(
  codec: MessageCodec,
  cell: ActorCell,
  effect: Extract<ActorEffect, { type: 'publish' }>,
): EncodedEvent {
  const definition = requireEvent(effect.event);
  const data = assertEventData(effect.event, effect.data);
  const roomId = definition.roomScoped ? (data as { readonly roomId?: string }).roomId : undefined;
  return {
    name: effect.event,
    eventId: definition.id,
    topic: roomId === undefined ? 0 : topicOf(roomId),
    payload: codec.encode(data),
    priority: effect.priority ?? 'normal',
    ...(effect.nodes ? { nodes: effect.nodes } : {}),
    network: effect.network ?? true,
    ...(effect.traceId ? { traceId: effect.traceId } : {}),
    from: cell.address,
  };
}
