/**
 * The figures of all shards in one block of shared memory. Each figure has one writer, and the main thread reads
 * them without asking: so the counters of a thread that hangs are seen, those of a thread that died are kept, and
 * what was lost with it can be said exactly. It also bounds what is in flight between two shards.
 *
 * ```
 * shard s:  counters | posted to shard 0..n-1 | arrived from shard 0..n-1
 * ```
 */
import type { DeadLetterReason } from '../../protocol/actors.js';
import { deadLetterReasons } from '../addresses/DeadLetters.js';

export const counterNames = [
  'messagesHandled',
  'eventsDelivered',
  'restarts',
  'failures',
  'mailboxAccepted',
  'mailboxRemoved',
  /** Actors without a name that live now. */
  'children',
  'messagesConflated',
  'mailboxAlarms',
  /** Messages that were sent on to where their actor has moved. */
  'messagesForwarded',
  /** Messages that actors with snapshots have handled, and those that were lost because no snapshot has them. */
  'snapshotHandled',
  'snapshotLost',
  'heartbeats',
  'threadId',
  'dropsUndecodable',
  'dropsInvalidPayload',
  'dropsMailboxFull',
  ...deadLetterReasons.map((reason) => `deadLetters.${reason}` as const),
] as const;
export type CounterName =
  | Exclude<(typeof counterNames)[number], `deadLetters.${string}`>
  | `deadLetters.${DeadLetterReason}`;

/** These start again with each life of a shard; the others only rise. */
const lifeCounters = ['mailboxAccepted', 'mailboxRemoved', 'children', 'heartbeats', 'threadId'] as const;
const lifeCounterNames: ReadonlySet<string> = new Set(lifeCounters);

const places = new Map<string, number>(counterNames.map((name, place) => [name, place]));

/** Where a counter lies; looked up once, so that counting is one addition. */
export function counterPlace(name: CounterName): number {
  return places.get(name) as number;
}

export class ShardLedger {
  readonly memory: SharedArrayBuffer;
  readonly shards: number;
  readonly #cells: Float64Array;
  readonly #stride: number;

  /** @param memory of another thread's ledger for the same number of shards; without it a new one is made */
  constructor(shards: number, memory?: SharedArrayBuffer) {
    this.shards = shards;
    this.#stride = counterNames.length + 2 * shards;
    this.memory = memory ?? new SharedArrayBuffer(shards * this.#stride * Float64Array.BYTES_PER_ELEMENT);
    this.#cells = new Float64Array(this.memory);
  }

  add(shard: number, place: number, amount = 1): void {
    const index = shard * this.#stride + place;
    this.#cells[index] = (this.#cells[index] as number) + amount;
  }

  get(shard: number, place: number): number {
    return this.#cells[shard * this.#stride + place] as number;
  }

  /** Written by the sender. */
  addPosted(from: number, to: number, messages: number): void {
    this.add(from, counterNames.length + to, messages);
  }

  /** Written by the receiver. */
  addArrived(from: number, to: number, messages: number): void {
    this.add(to, counterNames.length + this.shards + from, messages);
  }

  posted(from: number, to: number): number {
    return this.get(from, counterNames.length + to);
  }

  arrived(from: number, to: number): number {
    return this.get(to, counterNames.length + this.shards + from);
  }

  /** Messages on their way from one shard to another. */
  inFlight(from: number, to: number): number {
    return this.posted(from, to) - this.arrived(from, to);
  }

  /** The sender's and the receiver's part of a link that is made anew. */
  resetPosted(from: number, to: number): void {
    this.#cells[from * this.#stride + counterNames.length + to] = 0;
  }

  resetArrived(from: number, to: number): void {
    this.#cells[to * this.#stride + counterNames.length + this.shards + from] = 0;
  }

  /** Messages in the mailboxes of a shard. */
  waiting(shard: number): number {
    return this.get(shard, counterPlace('mailboxAccepted')) - this.get(shard, counterPlace('mailboxRemoved'));
  }

  /** The thread of a shard is dead and nobody writes for it: its mailboxes are empty and it has posted nothing. */
  resetLife(shard: number): void {
    for (const name of lifeCounters) this.#cells[shard * this.#stride + counterPlace(name)] = 0;
    for (let other = 0; other < this.shards; other++) {
      this.resetPosted(shard, other);
      this.resetArrived(other, shard);
    }
  }

  /** Over all shards. */
  total(name: CounterName): number {
    const place = counterPlace(name);
    return this.#sum((shard) => this.get(shard, place));
  }

  /** Sums over all shards by name. */
  totals(): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const [place, name] of counterNames.entries()) {
      if (lifeCounterNames.has(name)) continue;
      totals[name] = this.#sum((shard) => this.get(shard, place));
    }
    totals.children = this.total('children');
    totals.messagesWaiting = this.#sum((shard) => this.waiting(shard));
    return totals;
  }

  #sum(figure: (shard: number) => number): number {
    let sum = 0;
    for (let shard = 0; shard < this.shards; shard++) sum += figure(shard);
    return sum;
  }
}
