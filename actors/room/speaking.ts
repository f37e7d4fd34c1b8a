/** Saying something: a turn is asked for, perhaps waited for, and what is said is stored before anyone hears it. */
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import { messageOfEntry, nodeOfAuthor } from '../../runtime/protocol/roomLog.js';
import type { ChatMessage, MessageBody } from '../../runtime/protocol/schemas/chat.js';
import type {
  AcademyChatResult,
  SendMessageParams,
  SendMessageResult,
} from '../../runtime/protocol/schemas/commands.js';
import type { RoomNotices, Seat, SettledAs } from '../messages.js';
import {
  askRoomLog,
  type Desk,
  type Forwarded,
  notAMember,
  notifyMembers,
  refuse,
  type StoredTag,
} from './RoomDesk.js';
import type { TurnRequest } from './turnTaking.js';

export function requestTurn(desk: Desk, forwarded: Forwarded<SendMessageParams>, atMs: number): void {
  const { params, ask } = forwarded;
  const seat = desk.room.members.seat(params.participantId);
  if (!seat) return refuse(desk, ask, notAMember(params.roomId, params.participantId));
  const decision = desk.room.turns.request(turnRequest(desk, params));
  if (decision.turn === 'withdraw') return withdraw(desk, forwarded, atMs, decision.reason);
  if (decision.turn === 'speak') return speak(desk, forwarded, seat, atMs);
  desk.later({ type: 'room.release', held: forwarded }, decision.holdMs);
}

export function release(desk: Desk, held: Forwarded<SendMessageParams>, atMs: number): void {
  const seat = desk.room.members.seat(held.params.participantId);
  if (!seat) return refuse(desk, held.ask, notAMember(held.params.roomId, held.params.participantId));
  const decision = desk.room.turns.release(turnRequest(desk, held.params));
  if (decision.turn === 'withdraw') return withdraw(desk, held, atMs, decision.reason);
  speak(desk, held, seat, atMs);
}

function turnRequest(desk: Desk, params: SendMessageParams): TurnRequest {
  const answered = params.replyTo === undefined ? undefined : desk.room.recent.get(params.replyTo);
  return {
    participantId: params.participantId,
    ai: params.metadata.aiGenerated,
    replyTo: params.replyTo,
    confidence: params.metadata.confidence,
    mentioned: answered?.mentions?.includes(params.participantId) ?? false,
    askedElsewhere: answered !== undefined && nodeOfAuthor(answered.entry.author) !== desk.context.identity.nodeId,
  };
}

function speak(desk: Desk, { params, ask }: Forwarded<SendMessageParams>, seat: Seat, atMs: number): void {
  const { room, context } = desk;
  const { participant } = seat;
  const mentions = params.mentions ?? room.members.mentionedIn(params.text);
  const body: MessageBody = {
    messageId: context.random.id(),
    roomId: room.record.roomId,
    academyId: context.input.academyId,
    participantId: participant.id,
    participantType: participant.type,
    ...(participant.type === 'persona' ? { personaId: participant.id } : {}),
    username: participant.name,
    text: params.text,
    messageType: params.messageType,
    ...(params.replyTo === undefined ? {} : { replyTo: params.replyTo }),
    ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
    ...(mentions.length === 0 ? {} : { mentions: [...mentions] }),
    trainingMode: params.trainingMode ?? (room.record.consent === 'local' ? 'passive' : 'active'),
    sessionId: params.sessionId ?? context.sessionId,
    timestamp: atMs,
    aiGenerated: params.metadata.aiGenerated,
    ...(params.metadata.aiGenerated ? { confidence: params.metadata.confidence } : {}),
    ...(params.answerId === undefined ? {} : { answerId: params.answerId }),
    ...(params.performanceTracking === undefined ? {} : { performanceTracking: params.performanceTracking }),
  };
  const entry = room.chain.append(participant.id, atMs, 'message', body);
  const message = messageOfEntry(entry);
  // Noted before it is stored, so that two answers within one write do not both stand.
  if (message) room.remember(message);
  store(desk, { entries: [entry], own: true, ...(ask ? { ask } : {}) });
}

function withdraw(desk: Desk, { params, ask }: Forwarded<SendMessageParams>, atMs: number, reason: string): void {
  if (!ask) return;
  const result: SendMessageResult = {
    messageId: 'none',
    author: `${params.participantId}@${desk.context.identity.nodeId}`,
    sequence: 0,
    timestamp: atMs,
    receipt: 'withdrawn',
    reason,
  };
  desk.emit({ type: 'reply', ask, result });
}

export function store(desk: Desk, tag: StoredTag): void {
  desk.emit(askRoomLog('log.append', { entries: tag.entries }, 'room.stored', tag));
}

export function stored(desk: Desk, settled: SettledAs<null>): void {
  const { entries, ask, own } = settled.tag as StoredTag;
  if (settled.error) {
    // The chain in memory is ahead of the store now: start again from what is stored.
    if (ask) desk.emit({ type: 'reply', ask, error: settled.error });
    desk.emit({ type: 'fail', error: settled.error });
    return;
  }
  for (const entry of entries) {
    const message = messageOfEntry(entry);
    if (!message) continue;
    if (!own) desk.room.remember(message);
    notifyMembers(desk, 'room.message', withAnswered(desk, message));
    if (own) desk.emit({ type: 'publish', event: ACADEMY_CHAT_EVENTS.MESSAGE, data: message });
    if (!ask) continue;
    const { messageId, timestamp, sessionId, performanceTracking } = message;
    const { author, sequence } = entry.seal;
    const sent: SendMessageResult = { messageId, author, sequence, timestamp, receipt: 'stored' };
    // Who sends measured scores is told what was stored of them, and under which session.
    const result: SendMessageResult | AcademyChatResult = performanceTracking
      ? { ...sent, sessionId, performanceTracking }
      : sent;
    desk.emit({ type: 'reply', ask, result });
  }
}

function withAnswered(desk: Desk, message: ChatMessage): RoomNotices['room.message'] {
  const replyTo = message.replyTo === undefined ? undefined : desk.room.recent.get(message.replyTo);
  return { roomId: message.roomId, message, ...(replyTo ? { replyTo } : {}) };
}
