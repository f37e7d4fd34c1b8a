/**
 * The receivers of one stream, as its publisher knows them, and how far they let it go: the limit is the smallest
 * position plus window of all. One that falls silent is evicted, so that it holds nobody up for ever; it may join again.
 */
import type { StreamAddress } from '../../../runtime/protocol/streams.js';

export interface StreamMember {
  readonly receiverId: string;
  readonly token: number;
  address: StreamAddress;
  /** The slot that it began with. */
  readonly start: number;
  /** The next slot that it wants; all before it has arrived. */
  position: number;
  windowSlots: number;
  lastHeardMs: number;
  /** Of its last status or request; earlier ones are recordings, or late. */
  count: number;
  /** False until it has shown that it knows its token: a recorded request to join holds nobody up. */
  isConfirmed: boolean;
  repairBudget: number;
  repairRefilledMs: number;
}

export class StreamMembers {
  readonly #byId = new Map<string, StreamMember>();
  readonly #membersMax: number;
  #limit = Number.POSITIVE_INFINITY;

  constructor(membersMax: number) {
    this.#membersMax = membersMax;
  }

  /** The first slot that may not be sent yet. */
  get limit(): number {
    return this.#limit;
  }

  get size(): number {
    let confirmed = 0;
    for (const member of this.#byId.values()) if (member.isConfirmed) confirmed += 1;
    return confirmed;
  }

  get isFull(): boolean {
    return this.#byId.size >= this.#membersMax;
  }

  /** The first slot that some member does not have yet; infinity without members. */
  get position(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const member of this.#byId.values()) if (member.isConfirmed) least = Math.min(least, member.position);
    return least;
  }

  all(): readonly StreamMember[] {
    return [...this.#byId.values()];
  }

  get(receiverId: string): StreamMember | undefined {
    return this.#byId.get(receiverId);
  }

  add(member: StreamMember): void {
    this.#byId.set(member.receiverId, member);
    this.#update();
  }

  remove(receiverId: string): void {
    this.#byId.delete(receiverId);
    this.#update();
  }

  /** A status of a member; its position never goes back. */
  reached(member: StreamMember, position: number, windowSlots: number, nowMs: number): void {
    member.isConfirmed = true;
    member.lastHeardMs = nowMs;
    member.position = Math.max(member.position, position);
    member.windowSlots = windowSlots;
    this.#update();
  }

  /** Members that have not been heard for that long. */
  silent(nowMs: number, silenceMs: number): readonly StreamMember[] {
    return this.all().filter(({ lastHeardMs }) => nowMs - lastHeardMs > silenceMs);
  }

  #update(): void {
    let limit = Number.POSITIVE_INFINITY;
    for (const { isConfirmed, position, windowSlots } of this.#byId.values()) {
      if (isConfirmed) limit = Math.min(limit, position + windowSlots);
    }
    this.#limit = limit;
  }
}
