/**
 * What the parts of a room share: its words, what it keeps, and the desk from which they act on the world.
 */
import {
  type ActorEffect,
  type ActorInput,
  type AskToken,
  type DeliveredEvent,
  type DeliveredMessage,
  failure,
  type ResumedMessage,
} from '../../runtime/protocol/actors.js';
import type { NodeIdentity } from '../../runtime/protocol/identity.js';
import type { SeededRandom } from '../../runtime/protocol/Random.js';
import type { RoomLogEntry } from '../../runtime/protocol/roomLog.js';
import type {
  FeedbackParams,
  GetHistoryParams,
  JoinRoomParams,
  LeaveRoomParams,
  SendMessageParams,
} from '../../runtime/protocol/schemas/commands.js';
import { actorNames, type RoomLogQuestions, type RoomNotices, type RoomOpening, type SettledAs } from '../messages.js';
import type { RoomState } from './RoomState.js';
import type { TurnPolicy } from './turnTaking.js';

export interface ChatRoomOptions {
  readonly roomId: string;
  /** The node's private key: a room signs what its members say. */
  readonly nodeKeySeed: Uint8Array;
  readonly turnPolicy?: Partial<TurnPolicy>;
  /** Milliseconds between two leases of the member list. @default 1500 */
  readonly leaseEveryMs?: number;
}

export interface RoomContext {
  readonly input: ActorInput<ChatRoomOptions>;
  readonly identity: NodeIdentity;
  readonly random: SeededRandom;
  readonly sessionId: string;
  /** Undefined until the log has been read. */
  readonly room: RoomState | undefined;
  /** What arrived before that. */
  readonly early: readonly RoomEvent[];
}

/** A command that the chat daemon has validated, with the token of who asked it. */
export interface Forwarded<P> {
  readonly params: P;
  readonly ask: AskToken | undefined;
}

/** What a settled write was for. */
export interface StoredTag {
  readonly entries: readonly RoomLogEntry[];
  /** Set when a member of this node said it. */
  readonly ask?: AskToken;
  readonly own: boolean;
}

export type RoomEvent =
  | DeliveredMessage<'room.opened', SettledAs<RoomOpening>>
  | DeliveredMessage<'room.send', Forwarded<SendMessageParams>>
  | { readonly type: 'room.release'; readonly held: Forwarded<SendMessageParams> }
  | DeliveredMessage<'room.stored', SettledAs<null>>
  | DeliveredMessage<'room.join', Forwarded<JoinRoomParams>>
  | DeliveredMessage<'room.leave', Forwarded<LeaveRoomParams>>
  | DeliveredMessage<'room.joined-read', SettledAs<RoomLogQuestions['log.history']['answer']>>
  | DeliveredMessage<'room.history', Forwarded<GetHistoryParams>>
  | DeliveredMessage<'room.history-read', SettledAs<RoomLogQuestions['log.history']['answer']>>
  | DeliveredMessage<'room.feedback', Forwarded<FeedbackParams>>
  | DeliveredMessage<'room.judged-read', SettledAs<RoomLogEntry | null>>
  | DeliveredMessage<'room.typing', { participantId: string; expiresInMs: number }>
  | DeliveredMessage<'room.here', { participantId: string }>
  | DeliveredMessage<'room.node-gone', { nodeId: string }>
  | DeliveredMessage<'room.inspect', null>
  | DeliveredMessage<'room.repaired', SettledAs<{ entries: readonly RoomLogEntry[]; more: boolean }>>
  | { readonly type: 'room.digest' }
  | ResumedMessage
  | DeliveredEvent;

/** Everything a handler may do: act on the world, and wake itself later. */
export interface Desk {
  readonly context: RoomContext;
  readonly room: RoomState;
  readonly emit: (effect: ActorEffect) => void;
  readonly later: (event: RoomEvent, delayMs: number) => void;
}

const storeDeadlineMs = 10_000;

export function notifyMembers<K extends keyof RoomNotices>(
  desk: Desk,
  type: K,
  data: RoomNotices[K],
  except?: string,
): void {
  const seats = desk.room.members.localSeats().filter((seat) => seat.participant.id !== except);
  if (seats.length === 0) return;
  desk.room.deliveries += seats.length;
  desk.emit({ type: 'tellMany', to: seats.map((seat) => ({ name: seat.actor })), message: { type, data } });
}

export function refuse(desk: Desk, ask: AskToken | undefined, error: ReturnType<typeof failure>): void {
  if (ask) desk.emit({ type: 'reply', ask, error });
}

export function notAMember(roomId: string, participantId: string): ReturnType<typeof failure> {
  return failure(
    'ERR_ACADEMY_NOT_A_MEMBER',
    `${participantId} is not a member of room ${roomId}`,
    'join the room first',
  );
}

export function askRoomLog<Q extends keyof RoomLogQuestions>(
  question: Q,
  data: RoomLogQuestions[Q]['ask'],
  settles: string,
  tag?: unknown,
): ActorEffect {
  return {
    type: 'ask',
    to: { name: actorNames.roomLog },
    message: { type: question, data },
    deadlineMs: storeDeadlineMs,
    settles,
    tag,
  };
}
