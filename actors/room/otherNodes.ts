/** The same room on other nodes: what they say is taken in, who sits there is a lease, and what is missing is asked for. */
import type { EventMessage } from '../../runtime/protocol/EventMessage.js';
import { ACADEMY_CHAT_EVENTS } from '../../runtime/protocol/events.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import { entryOfMessage, nodeOfAuthor, type RoomLogEntry } from '../../runtime/protocol/roomLog.js';
import type { ChatMessage } from '../../runtime/protocol/schemas/chat.js';
import type { RoomNotices, SettledAs } from '../messages.js';
import { type Desk, notifyMembers } from './RoomDesk.js';
import { store } from './speaking.js';

const repairDeadlineMs = 5_000;
/** How long a node is not asked for what is missing whose entries are dated too far ahead, and how often that is told. */
const skewPauseMs = 10_000;
const skewToldEveryMs = 60_000;

const digestSoonMs = 25;
/** Least time between two digests of one room. */
const digestPauseMs = 400;

export const leaseEveryMsDefault = 1_500;

/** A lease outlives two renewals that are lost. */
const leasesPerRenewal = 3.5;

export function hear(desk: Desk, event: EventMessage, atMs: number): void {
  const { room } = desk;
  const { roomId } = room.record;
  switch (event.name) {
    case ACADEMY_CHAT_EVENTS.MESSAGE:
      return ingest(desk, [entryOfMessage(event.data as ChatMessage)], event.sourceNode, atMs);
    case ACADEMY_CHAT_EVENTS.TRAINING_SIGNAL: {
      if (room.record.consent === 'local' && event.sourceNode !== desk.context.identity.nodeId) return;
      const signal = event.data as RoomNotices['room.signal']['signal'];
      return notifyMembers(desk, 'room.signal', { roomId, signal, fromNode: event.sourceNode });
    }
    case ACADEMY_CHAT_EVENTS.PERSONA_EVOLUTION: {
      const evolution = event.data as RoomNotices['room.evolution']['evolution'];
      return notifyMembers(desk, 'room.evolution', { roomId, evolution });
    }
    case ACADEMY_CHAT_EVENTS.TYPING: {
      const notice = event.data as RoomNotices['room.typing']['typing'];
      return notifyMembers(desk, 'room.typing', { roomId, typing: notice });
    }
    case ACADEMY_CHAT_EVENTS.PRESENCE: {
      const presence = event.data as RoomNotices['room.presence']['presence'];
      return notifyMembers(desk, 'room.presence', { roomId, presence });
    }
    case ACADEMY_CHAT_EVENTS.ROOM_JOIN: {
      const { participant } = event.data as EventMessage<'academy.chat.room.join'>['data'];
      const isNew = room.members.hearJoin(event.sourceNode, participant, atMs + leaseMs(desk));
      if (isNew) notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId: event.sourceNode });
      return;
    }
    case ACADEMY_CHAT_EVENTS.ROOM_LEAVE: {
      const { participantId, reason } = event.data as EventMessage<'academy.chat.room.leave'>['data'];
      if (!room.members.hearLeave(event.sourceNode, participantId)) return;
      return notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId: event.sourceNode, reason });
    }
    case ACADEMY_CHAT_EVENTS.USER_LIST:
      return hearDigest(desk, event as EventMessage<'academy.chat.user.list'>, atMs);
  }
}

function ingest(desk: Desk, entries: readonly RoomLogEntry[], sourceNode: NodeId | null, atMs: number): void {
  const ready: RoomLogEntry[] = [];
  let gap = false;
  for (const entry of entries) {
    const ingested = desk.room.chain.ingest(entry, sourceNode, atMs);
    if (ingested.drop) desk.room.countDrop(ingested.drop);
    if (ingested.drop === 'clock-skew') tellOfSkew(desk, entry, atMs);
    ready.push(...ingested.ready);
    gap ||= ingested.gap;
  }
  if (ready.length > 0) store(desk, { entries: ready, own: false });
  if (gap && sourceNode) repair(desk, sourceNode);
}

/** What is refused for its time alone is taken in later; until then people should know what they could do about it. */
function tellOfSkew({ room, emit }: Desk, { seal }: RoomLogEntry, atMs: number): void {
  const { author, hybridTime } = seal;
  // Nothing of that node will be taken for a while, so that it need not be asked at every digest.
  room.repairPauses.set(nodeOfAuthor(author), atMs + skewPauseMs);
  if (Math.abs(atMs - room.skewToldAtMs) < skewToldEveryMs) return;
  room.skewToldAtMs = atMs;
  emit({
    type: 'log',
    level: 'warn',
    text: `messages of ${author} are refused: they are dated more than ${limits.clockSkewMsMax / 60_000} minutes ahead`,
    fields: {
      theirClock: new Date(hybridTime.ms).toISOString(),
      ownClock: new Date(atMs).toISOString(),
      remedy: 'set the clock that is wrong; what was refused is fetched when this node’s clock has caught up with it',
    },
  });
}

function hearDigest(desk: Desk, event: EventMessage<'academy.chat.user.list'>, atMs: number): void {
  const { room } = desk;
  const { roomId, participants, leaseMs: theirLeaseMs, versions } = event.data;
  const nodeId = event.sourceNode;
  const isNewNode = !room.members.remoteNodes.includes(nodeId);
  const change = room.members.renew(nodeId, participants, atMs + theirLeaseMs);
  for (const participant of change.joined) {
    notifyMembers(desk, 'room.member-joined', { roomId, participant, nodeId });
  }
  for (const participantId of change.left) {
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'left' });
  }
  if (room.chain.lacks(versions)) repair(desk, nodeId);
  // A node that is new here, or behind, learns at once whom and what it can ask for.
  if (isNewNode || room.chain.isAheadOf(versions)) planDigest(desk);
}

/** Discovery knows sooner than a lease ends. */
export function nodeGone(desk: Desk, nodeId: string): void {
  const { roomId } = desk.room.record;
  for (const participantId of desk.room.members.renew(nodeId, [], 0).left) {
    notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'node-gone' });
  }
}

export function expireLeases(desk: Desk, nowMs: number): void {
  const { roomId } = desk.room.record;
  for (const { nodeId, participantIds } of desk.room.members.expire(nowMs)) {
    for (const participantId of participantIds) {
      notifyMembers(desk, 'room.member-left', { roomId, participantId, nodeId, reason: 'lease-expired' });
    }
  }
}

function repair(desk: Desk, nodeId: NodeId): void {
  const { room, context } = desk;
  const isPaused = context.input.nowMs() < (room.repairPauses.get(nodeId) ?? Number.NEGATIVE_INFINITY);
  if (isPaused || room.repairing.has(nodeId)) return;
  room.repairPauses.delete(nodeId);
  room.repairing.add(nodeId);
  desk.emit({
    type: 'execute',
    endpoint: `/remote/${nodeId}/commands/room-entries`,
    payload: { roomId: room.record.roomId, versions: room.chain.versions(), limit: limits.repairEntriesMax },
    deadlineMs: repairDeadlineMs,
    settles: 'room.repaired',
    tag: nodeId,
  });
}

export function repaired(desk: Desk, settled: SettledAs<{ entries: readonly RoomLogEntry[]; more: boolean }>): void {
  const nodeId = settled.tag as NodeId;
  desk.room.repairing.delete(nodeId);
  // A failed repair is tried again when the next digest shows that something is still missing.
  if (!settled.result) return;
  ingest(desk, settled.result.entries, null, desk.context.input.nowMs());
  if (settled.result.more) repair(desk, nodeId);
}

/** Soon, so that others learn at once who came; but a crowd that comes together is told of together. */
export function planDigest(desk: Desk): void {
  const { room, context } = desk;
  if (room.digestPlanned) return;
  room.digestPlanned = true;
  const sinceLastMs = context.input.nowMs() - room.lastDigestAtMs;
  desk.later({ type: 'room.digest' }, Math.max(digestSoonMs, digestPauseMs - sinceLastMs));
}

export function publishDigest(desk: Desk): void {
  const { room, context } = desk;
  room.lastDigestAtMs = context.input.nowMs();
  const seats = room.members.localSeats();
  desk.emit({
    type: 'publish',
    event: ACADEMY_CHAT_EVENTS.USER_LIST,
    data: {
      roomId: room.record.roomId,
      academyId: context.input.academyId,
      nodeId: context.identity.nodeId,
      participants: seats.slice(0, limits.listItemsMax).map((seat) => seat.participant),
      total: seats.length,
      leaseMs: leaseMs(desk),
      versions: room.chain.versions(),
      timestamp: context.input.nowMs(),
    },
  });
}

function leaseMs(desk: Desk): number {
  return Math.round((desk.context.input.options.leaseEveryMs ?? leaseEveryMsDefault) * leasesPerRenewal);
}
