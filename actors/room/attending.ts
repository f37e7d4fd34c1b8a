/** Coming and going: the seats of this node, who is welcomed, and what members are told of each other. */
import { type AskToken, failure } from '../../runtime/protocol/actors.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { limits } from '../../runtime/protocol/limits.js';
import type { JoinRoomParams, JoinRoomResult, LeaveRoomParams } from '../../runtime/protocol/schemas/commands.js';
import type { RoomLogQuestions, RoomNotices, Seat, SettledAs } from '../messages.js';
import { planDigest } from './otherNodes.js';
import { askRoomLog, type Desk, type Forwarded, notifyMembers, refuse } from './RoomDesk.js';

/** Messages that a new member is told of. */
const welcomeMessages = 50;

export function join(desk: Desk, { params, ask }: Forwarded<JoinRoomParams>, atMs: number): void {
  const { room, context } = desk;
  const { participant, seat: actor, roomId } = params;
  if (room.members.localCount >= limits.roomMembersMax) {
    return refuse(
      desk,
      ask,
      failure('ERR_ACADEMY_MAILBOX_FULL', `room ${roomId} has ${limits.roomMembersMax} members`),
    );
  }
  const seat: Seat = { participant, actor };
  if (room.members.join(seat)) {
    desk.emit(askRoomLog('seats.put', { roomId, seat }, 'room.seat-kept'));
    const nodeId = context.identity.nodeId;
    notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId }, participant.id);
    desk.emit({
      type: 'publish',
      event: ACADEMY_CHAT_EVENTS.ROOM_JOIN,
      data: { roomId, academyId: context.input.academyId, participant, nodeId, timestamp: atMs },
    });
    planDigest(desk);
  }
  welcome(desk, seat);
  // The place before what the welcome told of is known to the log only.
  if (ask) desk.emit(askRoomLog('log.history', { roomId, limit: welcomeMessages }, 'room.joined-read', ask));
}

export function answerJoin(desk: Desk, settled: SettledAs<RoomLogQuestions['log.history']['answer']>): void {
  const ask = settled.tag as AskToken;
  if (!settled.result)
    return refuse(desk, ask, settled.error ?? failure('ERR_ACADEMY_STORE', 'the room log is silent'));
  const { record, members } = desk.room;
  const everyone = members.everyone();
  const nodes = members.remoteNodes.length + 1;
  const reach = record.consent === 'local' ? 'on this node' : 'within the academy';
  const result: JoinRoomResult = {
    roomId: record.roomId,
    members: everyone.slice(0, limits.listItemsMax),
    cursor: settled.result.cursor,
    consent: record.consent,
    hearers: `${everyone.length} participants on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}; feedback stays ${reach}`,
  };
  desk.emit({ type: 'reply', ask, result });
}

export function leave(desk: Desk, { params, ask }: Forwarded<LeaveRoomParams>, atMs: number): void {
  const { room, context } = desk;
  const { roomId, participantId } = params;
  const seat = room.members.seat(participantId);
  if (seat?.participant.type === 'system') {
    return refuse(desk, ask, failure('ERR_ACADEMY_ADMIN_REQUIRED', 'the system participant stays in its rooms'));
  }
  if (room.members.leave(participantId)) {
    const nodeId = context.identity.nodeId;
    desk.emit(askRoomLog('seats.remove', { roomId, participantId }, 'room.seat-kept'));
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'left' });
    desk.emit({
      type: 'publish',
      event: ACADEMY_CHAT_EVENTS.ROOM_LEAVE,
      data: { roomId, academyId: context.input.academyId, participantId, nodeId, reason: 'left', timestamp: atMs },
    });
    planDigest(desk);
  }
  if (ask) desk.emit({ type: 'reply', ask, result: null });
}

/** A member's actor was started again and lost what it knew of the room. */
export function here(desk: Desk, participantId: string): void {
  const seat = desk.room.members.seat(participantId);
  if (seat) welcome(desk, seat);
}

export function welcome(desk: Desk, seat: Seat): void {
  const { record, members, recent } = desk.room;
  const data: RoomNotices['room.joined'] = {
    roomId: record.roomId,
    members: members.everyone().slice(0, limits.listItemsMax),
    consent: record.consent,
    recent: [...recent.values()].slice(-welcomeMessages),
  };
  desk.emit({ type: 'tell', to: { name: seat.actor }, message: { type: 'room.joined', data } });
}

export function typing(desk: Desk, data: { participantId: string; expiresInMs: number }, atMs: number): void {
  const seat = desk.room.members.seat(data.participantId);
  if (!seat) return;
  const notice = {
    participantId: seat.participant.id,
    username: seat.participant.name,
    roomId: desk.room.record.roomId,
    academyId: desk.context.input.academyId,
    expiresInMs: data.expiresInMs,
    timestamp: atMs,
  };
  notifyMembers(desk, 'room.typing', { roomId: notice.roomId, typing: notice }, seat.participant.id);
  desk.emit({ type: 'publish', event: ACADEMY_CHAT_EVENTS.TYPING, data: notice });
}
