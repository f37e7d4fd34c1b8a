/**
 * The receivers of one stream, as its publisher knows them, and how far they let it go: the limit is the smallest
 * position plus window of all, or of those with the tag that paces the stream. One that falls silent is evicted, so that it holds nobody up for ever; it may join again.
 */
import type { StreamAddress } from '../../../../runtime/protocol/streams.js';

export interface StreamMember {
  readonly receiverId: string;
  readonly token: number;
  /** What it has said of itself; '' for nothing. */
  readonly flowTag: string;
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
  readonly #paceTag: string | undefined;
  #limit = Number.POSITIVE_INFINITY;

  /** @param paceTag of the members that pace the stream; by default all do */
  constructor(membersMax: number, paceTag?: string) {
    this.#membersMax = membersMax;
    this.#paceTag = paceTag;
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

  /** The first slot that some member that paces the stream does not have yet; infinity without such members. */
  get position(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const member of this.#byId.values()) if (this.#paces(member)) least = Math.min(least, member.position);
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
    for (const member of this.#byId.values()) {
      if (this.#paces(member)) limit = Math.min(limit, member.position + member.windowSlots);
    }
    this.#limit = limit;
  }

  #paces({ isConfirmed, flowTag }: StreamMember): boolean {
    return isConfirmed && (this.#paceTag === undefined || flowTag === this.#paceTag);
  }
}
