/** Makes entries as a node would: sealed, chained, with times of one's own choice. */
import { identityFromSeed, type NodeIdentity } from '../../../runtime/protocol/identity.js';
import {
  type ChainHead,
  emptyChain,
  entryHash,
  type RoomLogEntry,
  sealEntry,
} from '../../../runtime/protocol/roomLog.js';
import type { HybridTime } from '../../../runtime/protocol/schemas/chat.js';

export function identityNumber(number: number): NodeIdentity {
  return identityFromSeed(new Uint8Array(32).fill(number + 1));
}

/** One author's chain in one room. */
export class ChainWriter {
  readonly entries: RoomLogEntry[] = [];
  readonly #identity: NodeIdentity;
  readonly #participantId: string;
  readonly #roomId: string;
  #head: ChainHead = emptyChain;

  constructor(roomId: string, participantId = 'ann', identity = identityNumber(0)) {
    this.#roomId = roomId;
    this.#participantId = participantId;
    this.#identity = identity;
  }

  get author(): string {
    return `${this.#participantId}@${this.#identity.nodeId}`;
  }

  say(text: string, time: HybridTime, messageId = `m-${this.#participantId}-${this.#head.sequence + 1}`): RoomLogEntry {
    const body = { messageId, text, roomId: this.#roomId };
    const entry = sealEntry(this.#identity, this.#participantId, this.#head, time, {
      roomId: this.#roomId,
      kind: 'message',
      body,
    });
    this.#head = { sequence: entry.seal.sequence, hash: entryHash(entry) };
    this.entries.push(entry);
    return entry;
  }

  /** `count` entries, one a millisecond from `startMs` on. */
  sayMany(count: number, startMs = 1_000): RoomLogEntry[] {
    return Array.from({ length: count }, (_, index) =>
      this.say(`${this.#participantId} says ${index}`, { ms: startMs + index, counter: 0 }),
    );
  }
}

/** What tells entries apart in a failed comparison without printing hashes. */
export function names(entries: readonly RoomLogEntry[]): string[] {
  return entries.map(({ seal }) => `${seal.hybridTime.ms}.${seal.hybridTime.counter} ${seal.author} ${seal.sequence}`);
}
