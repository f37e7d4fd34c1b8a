/**
 * The ways from this shard to the others. What is for a shard that is down waits here, bounded, until there is a way
 * again; what a shard has not read yet is bounded as well. Who sends is told when a frame cannot go.
 */
import type { MessagePort } from 'node:worker_threads';
import type { DeadLetterReason } from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import type { AskTable } from '../addresses/AskTable.js';
import { messagesIn, type OrderFrame, type PeerFrame } from '../frames.js';
import { isHostWord } from '../lives/hostWords.js';
import type { ShardLedger } from './ShardLedger.js';
import type { ShardLink } from './ShardLink.js';

export class ShardLinks {
  readonly #shard: number;
  readonly #ledger: ShardLedger;
  readonly #asks: AskTable;
  readonly #links: (ShardLink | null)[];
  /** Frames for shards that are down. */
  readonly #held: PeerFrame[][];
  readonly #gone: boolean[];
  #pending: ShardLink[] = [];

  /** @param asks told where each question went */
  constructor(shard: number, ledger: ShardLedger, asks: AskTable) {
    this.#shard = shard;
    this.#ledger = ledger;
    this.#asks = asks;
    this.#links = new Array(ledger.shards).fill(null);
    this.#held = Array.from({ length: ledger.shards }, () => []);
    this.#gone = new Array(ledger.shards).fill(false);
  }

  isConnected(shard: number): boolean {
    return this.#links[shard] != null;
  }

  /** Sends an order of the main thread, if there is a way. */
  order(shard: number, frame: OrderFrame | PeerFrame, moves?: readonly MessagePort[]): void {
    this.#links[shard]?.post(frame, moves);
  }

  /** @returns why the frame is lost; null when it is on its way, waits, or comes again by itself */
  post(shard: number, frame: PeerFrame): DeadLetterReason | null {
    const link = this.#links[shard];
    if (!link) return this.#hold(shard, frame);
    const messages = messagesIn(frame);
    if (messages > 0) {
      const ledger = this.#ledger;
      const isBounded = frame[0] !== 'carry' && !isHostWord(frame[3]);
      if (isBounded && ledger.inFlight(this.#shard, shard) >= limits.linkMessagesMax) return 'mailbox-full';
      ledger.addPosted(this.#shard, shard, messages);
      if ((frame[0] === 'message' || frame[0] === 'committed') && frame[6]) this.#asks.aim(frame[6].id, shard);
    }
    link.post(frame);
    return null;
  }

  /** A way to a shard, for the first time or again. @returns what was held for it, which goes first */
  connect(shard: number, link: ShardLink): readonly PeerFrame[] {
    this.#links[shard]?.close();
    this.#ledger.resetPosted(this.#shard, shard);
    this.#ledger.resetArrived(shard, this.#shard);
    this.#links[shard] = link;
    return this.#takeHeld(shard);
  }

  /** A shard is down: what it has sent still counts. */
  disconnect(shard: number): void {
    this.#links[shard]?.drain();
    this.#links[shard]?.close();
    this.#links[shard] = null;
  }

  /** A shard that is down will not be back. @returns what was held for it */
  giveUp(shard: number): readonly PeerFrame[] {
    this.#gone[shard] = true;
    return this.#takeHeld(shard);
  }

  /** A link has frames to be flushed. */
  pending(link: ShardLink): void {
    this.#pending.push(link);
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const links = this.#pending;
    this.#pending = [];
    for (const link of links) link.flush();
  }

  close(): void {
    for (const link of this.#links) link?.close();
    this.#links.fill(null);
    this.#pending = [];
  }

  #hold(shard: number, frame: PeerFrame): DeadLetterReason | null {
    const held = this.#held[shard];
    if (!held) return 'stale-address';
    // It is sent again when the shard is back.
    if (frame[0] === 'committed' && !this.#gone[shard]) return null;
    if (this.#gone[shard] || held.length >= limits.mailboxMessagesMax) return 'shard-down';
    held.push(frame);
    return null;
  }

  #takeHeld(shard: number): readonly PeerFrame[] {
    const held = this.#held[shard] as PeerFrame[];
    this.#held[shard] = [];
    return held;
  }
}
