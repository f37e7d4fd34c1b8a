/**
 * The chains of a room's authors as this node has them: appends for the participants of this node, takes in entries
 * of others in their order, and knows what is missing. It checks everything that a peer could forge and stores nothing.
 */
import type { DropReason } from '../../runtime/protocol/dropReasons.js';
import type { NodeIdentity } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import {
  type ChainHead,
  emptyChain,
  entryHash,
  follows,
  isAuthentic,
  nodeOfAuthor,
  type RoomLogEntry,
  sealEntry,
  tickHybridTime,
} from '../../runtime/protocol/roomLog.js';
import type { HybridTime } from '../../runtime/protocol/schemas/chat.js';

export interface Ingested {
  /** Entries that now follow without a gap, in order: to be stored and delivered. */
  readonly ready: readonly RoomLogEntry[];
  /** Whether predecessors are missing, so that the node that sent it should be asked for them. */
  readonly gap: boolean;
  readonly drop?: DropReason;
}

/** Chains at rest: plain data. */
export interface RoomChainSnapshot {
  readonly heads: Readonly<Record<string, ChainHead>>;
  /** Entries whose predecessors are missing, as they came. */
  readonly pending: readonly RoomLogEntry[];
  readonly time: HybridTime;
}

const nothing: Ingested = { ready: [], gap: false };

export class RoomChain {
  readonly #roomId: string;
  readonly #identity: NodeIdentity;
  readonly #heads: Map<string, ChainHead>;
  readonly #pending = new Map<string, Map<number, RoomLogEntry>>();
  #pendingCount = 0;
  #time: HybridTime = { ms: 0, counter: 0 };

  constructor(
    roomId: string,
    identity: NodeIdentity,
    heads: Readonly<Record<string, ChainHead>>,
    newest: HybridTime | null,
  ) {
    this.#roomId = roomId;
    this.#identity = identity;
    this.#heads = new Map(Object.entries(heads));
    if (newest) this.#time = newest;
  }

  static restore({ heads, pending, time }: RoomChainSnapshot, roomId: string, identity: NodeIdentity): RoomChain {
    const chain = new RoomChain(roomId, identity, heads, time);
    for (const entry of pending) chain.#keepForLater(entry.seal.author, entry);
    return chain;
  }

  snapshot(): RoomChainSnapshot {
    return {
      heads: Object.fromEntries(this.#heads),
      pending: [...this.#pending.values()].flatMap((waiting) => [...waiting.values()]),
      time: this.#time,
    };
  }

  /** The next entry of a participant of this node. */
  append(
    participantId: string,
    atMs: number,
    kind: RoomLogEntry['kind'],
    body: Readonly<Record<string, unknown>>,
  ): RoomLogEntry {
    this.#time = tickHybridTime(atMs, this.#time);
    const author = `${participantId}@${this.#identity.nodeId}`;
    const head = this.#heads.get(author) ?? emptyChain;
    const entry = sealEntry(this.#identity, participantId, head, this.#time, { roomId: this.#roomId, kind, body });
    this.#advance(entry);
    return entry;
  }

  /**
   * Takes in an entry of another node.
   * @param sourceNode the node that multicast it, which must be the author's; null for a repair, which anyone may serve
   */
  ingest(entry: RoomLogEntry, sourceNode: string | null, atMs: number): Ingested {
    const { author, hybridTime } = entry.seal;
    const authorsNode = nodeOfAuthor(author);
    if (entry.roomId !== this.#roomId) return { ...nothing, drop: 'unknown-room' };
    if (sourceNode !== null && authorsNode !== sourceNode) return { ...nothing, drop: 'forged-source' };
    if (hybridTime.ms > atMs + limits.clockSkewMsMax) return { ...nothing, drop: 'clock-skew' };
    const head = this.#heads.get(author) ?? emptyChain;
    const place = follows(head, entry);
    if (place === 'known') return nothing;
    if (place === 'bad-chain') return { ...nothing, drop: 'bad-chain' };
    if (!isAuthentic(entry)) return { ...nothing, drop: 'bad-signature' };
    if (place === 'gap') return { ready: [], gap: this.#keepForLater(author, entry) };
    if (!this.#heads.has(author) && this.#heads.size >= limits.roomAuthorsMax)
      return { ...nothing, drop: 'over-budget' };
    const ready = [entry];
    this.#hear(entry, atMs);
    for (let next = this.#takePending(author); next; next = this.#takePending(author)) {
      ready.push(next);
      this.#hear(next, atMs);
    }
    return { ready, gap: this.#pending.has(author) };
  }

  /** Author to the highest sequence without a gap. */
  versions(): Record<string, number> {
    return Object.fromEntries([...this.#heads].map(([author, head]) => [author, head.sequence]));
  }

  /** Whether a peer with these versions has something that this node lacks. */
  lacks(theirs: Readonly<Record<string, number>>): boolean {
    return Object.entries(theirs).some(([author, sequence]) => (this.#heads.get(author)?.sequence ?? 0) < sequence);
  }

  /** Whether this node has something that a peer with these versions lacks. */
  isAheadOf(theirs: Readonly<Record<string, number>>): boolean {
    return [...this.#heads].some(([author, head]) => (theirs[author] ?? 0) < head.sequence);
  }

  get pendingEntries(): number {
    return this.#pendingCount;
  }

  #hear(entry: RoomLogEntry, atMs: number): void {
    this.#time = tickHybridTime(atMs, this.#time, entry.seal.hybridTime);
    this.#advance(entry);
  }

  #advance(entry: RoomLogEntry): void {
    this.#heads.set(entry.seal.author, { sequence: entry.seal.sequence, hash: entryHash(entry) });
  }

  #keepForLater(author: string, entry: RoomLogEntry): true {
    const waiting = this.#pending.get(author) ?? new Map<number, RoomLogEntry>();
    if (!waiting.has(entry.seal.sequence) && this.#pendingCount < limits.roomPendingEntriesMax) {
      waiting.set(entry.seal.sequence, entry);
      this.#pending.set(author, waiting);
      this.#pendingCount++;
    }
    return true;
  }

  #takePending(author: string): RoomLogEntry | undefined {
    const waiting = this.#pending.get(author);
    const head = this.#heads.get(author);
    if (!waiting || !head) return undefined;
    for (const [sequence, entry] of waiting) {
      if (sequence > head.sequence + 1) continue;
      waiting.delete(sequence);
      this.#pendingCount--;
      if (waiting.size === 0) this.#pending.delete(author);
      if (follows(head, entry) === true) return entry;
    }
    return undefined;
  }
}
