/** Carries out what a machine has emitted. Events that are no effects are the machine's own and pass unheeded. */
import {
  type ActorAddress,
  type ActorDefinition,
  type ActorEffect,
  type ActorReference,
  isActorAddress,
  type SpawnChildEffect,
} from '../../protocol/actors.js';
import { AcademyError, fromErrorRecord, toErrorRecord } from '../../protocol/errors.js';
import { assertEventData, requireEvent } from '../../protocol/events.js';
import type { MessageCodec } from '../../protocol/MessageCodec.js';
import { topicOf } from '../../protocol/packet.js';
import { childSlots } from '../addresses/ActorTable.js';
import type { AskSettler } from '../addresses/AskTable.js';
import type { Switchboard } from '../addresses/Switchboard.js';
import type { EventInterest } from '../events/EventInterest.js';
import type { EncodedEvent, NoticeFrame } from '../frames.js';
import { isDeliverable } from '../mailboxes/isDeliverable.js';
import type { ActorCell } from './ActorCell.js';
import type { Bonds } from './Bonds.js';
import { hostWords } from './hostWords.js';

/** What effects work on. */
export interface EffectWorld {
  readonly switchboard: Switchboard;
  readonly interest: EventInterest<ActorCell>;
  readonly codec: MessageCodec;
  readonly bonds: Bonds;
  readonly toMain: (frame: NoticeFrame) => void;
  /** Hands an answer to the life of the actor that asked, as the message `type`. */
  settler(cell: ActorCell, type: string, tag: unknown, from: ActorReference | null): AskSettler;
  /** @throws AcademyError ERR_ACADEMY_ACTOR_MODULE when the child crashes as it starts */
  spawnChild(parent: ActorCell, definition: ActorDefinition, options: unknown): ActorAddress;
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
      cell.extras?.owed?.delete(effect.ask.id);
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
      world.toMain(['spawn-for', cell.name, effect.spec]);
      break;
    case 'spawn-child':
      spawnChild(world, cell, effect);
      break;
    case 'stop':
      if (isActorAddress(effect.target) && effect.target.slot >= childSlots) {
        world.switchboard.tell(effect.target, hostWords.stop, null, cell.address);
      } else {
        world.toMain(['stop-for', effect.target]);
      }
      break;
    case 'monitor':
      world.bonds.monitor(cell, effect.target, effect.tag);
      break;
    case 'demonitor':
      world.bonds.demonitor(cell, effect.target);
      break;
    case 'link':
      world.bonds.link(cell, effect.target);
      break;
    case 'unlink':
      world.bonds.unlink(cell, effect.target);
      break;
    case 'log':
      world.toMain(['log', effect.level, cell.name, effect.text, effect.fields]);
      break;
    case 'fail':
      throw fromErrorRecord(effect.error, 'ERR_ACADEMY_ACTOR_STOPPED');
  }
}

/** A child that does not start is no fault of its parent, which is told if it wants to know. */
function spawnChild(world: EffectWorld, cell: ActorCell, effect: SpawnChildEffect): void {
  const { definition, options, settles, tag } = effect;
  const settle = settles === undefined ? null : world.settler(cell, settlingType(settles), tag, null);
  try {
    const address = world.spawnChild(cell, definition, options);
    settle?.(address, null);
  } catch (thrown) {
    const error = toErrorRecord(thrown, 'ERR_ACADEMY_ACTOR_MODULE');
    if (settle) settle(undefined, error);
    else world.toMain(['log', 'error', cell.name, `cannot spawn a child: ${error.message}`, undefined]);
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
