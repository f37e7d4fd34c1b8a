/**
 * Who is in a room: the seats of this node, kept by joins and leaves, and those of other nodes, kept by leases that
 * end by themselves when their node falls silent.
 */
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import type { Seat } from '../messages.js';

interface RemoteSeats {
  readonly participants: ReadonlyMap<string, ChatParticipant>;
  readonly leaseUntilMs: number;
}

/** The members at rest: plain data. */
export interface RoomMembersSnapshot {
  readonly seats: readonly Seat[];
  readonly remote: readonly (readonly [
    nodeId: string,
    participants: readonly ChatParticipant[],
    leaseUntilMs: number,
  ])[];
}

export interface RemoteChange {
  readonly joined: readonly ChatParticipant[];
  readonly left: readonly string[];
}

export class RoomMembers {
  readonly #seats = new Map<string, Seat>();
  readonly #remote = new Map<string, RemoteSeats>();

  constructor(seats: readonly Seat[]) {
    for (const seat of seats) this.#seats.set(seat.participant.id, seat);
  }

  static restore({ seats, remote }: RoomMembersSnapshot): RoomMembers {
    const members = new RoomMembers(seats);
    for (const [nodeId, participants, leaseUntilMs] of remote) members.renew(nodeId, participants, leaseUntilMs);
    return members;
  }

  snapshot(): RoomMembersSnapshot {
    return {
      seats: this.localSeats(),
      remote: [...this.#remote].map(([nodeId, { participants, leaseUntilMs }]) => [
        nodeId,
        [...participants.values()],
        leaseUntilMs,
      ]),
    };
  }

  seat(participantId: string): Seat | undefined {
    return this.#seats.get(participantId);
  }

  get localCount(): number {
    return this.#seats.size;
  }

  get remoteNodes(): readonly string[] {
    return [...this.#remote.keys()];
  }

  /** @returns false if the participant sits there already, on the same actor */
  join(seat: Seat): boolean {
    const before = this.#seats.get(seat.participant.id);
    this.#seats.set(seat.participant.id, seat);
    return before?.actor !== seat.actor;
  }

  leave(participantId: string): boolean {
    return this.#seats.delete(participantId);
  }

  /** What another node says of its members: all of them, until the lease ends. */
  renew(nodeId: string, participants: readonly ChatParticipant[], leaseUntilMs: number): RemoteChange {
    const before = this.#remote.get(nodeId)?.participants ?? new Map<string, ChatParticipant>();
    const now = new Map(participants.map((participant) => [participant.id, participant]));
    if (now.size === 0) this.#remote.delete(nodeId);
    else this.#remote.set(nodeId, { participants: now, leaseUntilMs });
    return {
      joined: participants.filter((participant) => !before.has(participant.id)),
      left: [...before.keys()].filter((id) => !now.has(id)),
    };
  }

  /** Ends leases that were not renewed. @returns the nodes and whom they take along */
  expire(nowMs: number): readonly { nodeId: string; participantIds: readonly string[] }[] {
    const gone = [...this.#remote].filter(([, seats]) => seats.leaseUntilMs <= nowMs);
    return gone.map(([nodeId, seats]) => {
      this.#remote.delete(nodeId);
      return { nodeId, participantIds: [...seats.participants.keys()] };
    });
  }

  /** Adds or takes away a single remote member between two leases. */
  hearJoin(nodeId: string, participant: ChatParticipant, leaseUntilMs: number): boolean {
    const before = this.#remote.get(nodeId)?.participants ?? new Map<string, ChatParticipant>();
    if (before.has(participant.id)) return false;
    this.#remote.set(nodeId, { participants: new Map(before).set(participant.id, participant), leaseUntilMs });
    return true;
  }

  hearLeave(nodeId: string, participantId: string): boolean {
    const seats = this.#remote.get(nodeId);
    if (!seats?.participants.has(participantId)) return false;
    const rest = new Map(seats.participants);
    rest.delete(participantId);
    if (rest.size === 0) this.#remote.delete(nodeId);
    else this.#remote.set(nodeId, { ...seats, participants: rest });
    return true;
  }

  /** Members of this node, for leases and notices. */
  localSeats(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  /** Everyone, this node's first. */
  everyone(): readonly ChatParticipant[] {
    const remote = [...this.#remote.values()].flatMap((seats) => [...seats.participants.values()]);
    return [...[...this.#seats.values()].map((seat) => seat.participant), ...remote];
  }

  /** Ids of members whom a text calls by `@id` or `@name`. */
  mentionedIn(text: string): readonly string[] {
    const called = new Set([...text.matchAll(/@([\p{L}\p{N}_-]{1,128})/gu)].map((match) => match[1]?.toLowerCase()));
    if (called.size === 0) return [];
    return this.everyone()
      .filter(({ id, name }) => called.has(id.toLowerCase()) || called.has(name.toLowerCase()))
      .map((participant) => participant.id);
  }
}
