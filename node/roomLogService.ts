/**
 * The service `room-log`: the store's side of rooms. It runs where the store is, on the main thread, so that a room
 * that crashes with its worker loses nothing that was receipted.
 */
import type { RoomLogQuestions, RoomOpening, RoomRecord, Seat } from '../actors/messages.js';
import type { ServiceHandlers } from '../actors/serviceActor.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import { limits } from '../runtime/protocol/limits.js';
import type { RoomLogStore } from '../runtime/storage/RoomLogStore.js';

export interface RoomLogServiceOptions {
  readonly store: RoomLogStore;
  /** Starts the room's actor, if it does not run yet. */
  readonly startRoom: (room: RoomRecord) => Promise<void>;
}

type Ask<Q extends keyof RoomLogQuestions> = RoomLogQuestions[Q]['ask'];

/** Messages that a room gets to know again when it starts. */
const recentOnOpen = limits.roomRecentMessagesMax;

export function roomLogService({ store, startRoom }: RoomLogServiceOptions): ServiceHandlers {
  // Seats outlive a crash of the room's worker, not of the node: who joined then joins again.
  const seats = new Map<string, Map<string, Seat>>();

  return {
    'log.open': ({ roomId }: Ask<'log.open'>): RoomOpening => ({
      room: requireRoom(store, roomId),
      heads: store.heads(roomId),
      recent: store.recent(roomId, recentOnOpen),
      seats: [...(seats.get(roomId)?.values() ?? [])],
    }),
    'log.append': ({ entries }: Ask<'log.append'>) => store.append(entries),
    'log.history': ({ roomId, before, limit }: Ask<'log.history'>) =>
      store.history(roomId, { limit, ...(before === undefined ? {} : { before }) }),
    'log.message': ({ roomId, messageId }: Ask<'log.message'>) => store.byMessageId(roomId, messageId) ?? null,
    'log.after': ({ roomId, versions, limit }: Ask<'log.after'>) => {
      requireRoom(store, roomId);
      return store.after(roomId, versions, limit);
    },
    'rooms.list': () => store.rooms(),
    'rooms.open': async (room: RoomRecord, atMs: number) => {
      const known = store.room(room.roomId);
      const isAsKept = known?.consent === room.consent && known.topic === room.topic;
      if (!isAsKept) await store.putRoom({ ...room, createdAtMs: known?.createdAtMs ?? atMs });
      await startRoom(room);
    },
    'seats.put': ({ roomId, seat }: Ask<'seats.put'>) => {
      const taken = seats.get(roomId) ?? new Map<string, Seat>();
      seats.set(roomId, taken.set(seat.participant.id, seat));
    },
    'seats.remove': ({ roomId, participantId }: Ask<'seats.remove'>) => {
      seats.get(roomId)?.delete(participantId);
    },
  } satisfies ServiceHandlers;
}

function requireRoom(store: RoomLogStore, roomId: string): RoomRecord {
  const room = store.room(roomId);
  if (room) return room;
  throw new AcademyError('ERR_ACADEMY_ROOM_UNKNOWN', `there is no room "${roomId}" on this node`, {
    remedy: 'see "academy rooms"; joining a room opens it',
  });
}
