/**
 * The queue in front of one actor. It is bounded, because XState's own is not: a slow actor costs its senders messages
 * and never the node its memory. Two kinds of messages count against no bound and are dropped by no policy: those that
 * keep their place in the order (an actor's answer, the order to stop), and urgent ones in a lane of their own, which
 * are taken first (what the host itself or the mesh has to say, about which no sender's order says anything).
 */
import type { MailboxPolicy } from '../../protocol/actors.js';
import { RingQueue } from './RingQueue.js';

export type MailboxLane = 'urgent' | 'kept' | 'ordinary';

/** What all mailboxes of one definition share. */
export interface MailboxRules<T> {
  readonly capacity: number;
  readonly policy: MailboxPolicy;
  /** Under the policy `conflate`; undefined for a message that is not to be conflated. */
  readonly keyOf: ((message: T) => string | undefined) | null;
}

export class Mailbox<T> {
  rules: MailboxRules<T>;
  readonly #queue = new RingQueue<T>();
  /** Those in the queue that must not be dropped. Most mailboxes never have one. */
  #kept: Set<T> | null = null;
  #urgent: RingQueue<T> | null = null;
  /** Under `conflate`: the key of each message in the queue, and where in the queue's whole history a key stands. */
  #keys: RingQueue<string | undefined> | null = null;
  #places: Map<string, number> | null = null;
  #shifted = 0;

  constructor(rules: MailboxRules<T>) {
    this.rules = rules;
  }

  /** Messages that wait, of all kinds. */
  get depth(): number {
    return this.#queue.size + (this.#urgent === null ? 0 : this.#urgent.size);
  }

  /** Messages for which it has memory. */
  get room(): number {
    return this.#queue.room + (this.#urgent?.room ?? 0);
  }

  /**
   * @returns the message for which there was no room: this one under the policies `reject` and `conflate`, the oldest
   * ordinary one under `drop-oldest`; the one whose place it took under `conflate`; and undefined when all fit
   */
  push(message: T): T | undefined {
    const { capacity, policy } = this.rules;
    if (policy === 'conflate') return this.#conflate(message);
    const kept = this.#kept === null ? 0 : this.#kept.size;
    if (this.#queue.size - kept < capacity) {
      this.#queue.push(message);
      return undefined;
    }
    if (policy === 'reject') return message;
    let oldest = 0;
    if (kept > 0) while (this.#kept?.has(this.#queue.at(oldest) as T)) oldest++;
    const dropped = this.#queue.removeAt(oldest);
    this.#queue.push(message);
    return dropped;
  }

  /** In its place in the order, but never dropped. The same object must not be in the queue already. */
  pushKept(message: T): void {
    this.#kept ??= new Set();
    this.#kept.add(message);
    this.#queue.push(message);
    this.#keys?.push(undefined);
  }

  /** Before all that is not urgent. */
  pushUrgent(message: T): void {
    this.#urgent ??= new RingQueue();
    this.#urgent.push(message);
  }

  /** @returns undefined when it is empty */
  shift(): T | undefined {
    if (this.#urgent !== null && this.#urgent.size > 0) return this.#urgent.shift();
    const message = this.#queue.shift();
    if (message === undefined) return undefined;
    if (this.#kept !== null && this.#kept.size > 0) this.#kept.delete(message);
    if (this.#keys !== null) {
      const key = this.#keys.shift();
      if (key !== undefined) this.#places?.delete(key);
      this.#shifted++;
    }
    return message;
  }

  /** All that wait, in the order in which they would be taken. */
  *[Symbol.iterator](): Generator<T> {
    for (const queue of [this.#urgent, this.#queue]) {
      for (let at = 0; queue && at < queue.size; at++) yield queue.at(at) as T;
    }
  }

  /** How the next message has come in, so that it can be put into another mailbox in the same way. */
  get nextLane(): MailboxLane {
    if (this.#urgent !== null && this.#urgent.size > 0) return 'urgent';
    const next = this.#queue.at(0);
    return next !== undefined && this.#kept?.has(next) ? 'kept' : 'ordinary';
  }

  /** What shift() would return. */
  peek(): T | undefined {
    return (this.#urgent === null ? undefined : this.#urgent.at(0)) ?? this.#queue.at(0);
  }

  /** The next of each lane: one of them has waited longest. */
  get heads(): T[] {
    return [this.#urgent?.at(0), this.#queue.at(0)].filter((message) => message !== undefined);
  }

  #conflate(message: T): T | undefined {
    this.#keys ??= this.#noKeys();
    this.#places ??= new Map();
    const key = this.rules.keyOf?.(message);
    const place = key === undefined ? undefined : this.#places.get(key);
    if (place !== undefined) {
      const replaced = this.#queue.at(place - this.#shifted);
      this.#queue.replaceAt(place - this.#shifted, message);
      return replaced;
    }
    if (this.#queue.size - (this.#kept?.size ?? 0) >= this.rules.capacity) return message;
    if (key !== undefined) this.#places.set(key, this.#shifted + this.#queue.size);
    this.#queue.push(message);
    this.#keys.push(key);
    return undefined;
  }

  /** For what is kept and came before the first message that could be conflated. */
  #noKeys(): RingQueue<string | undefined> {
    const keys = new RingQueue<string | undefined>();
    for (let waiting = this.#queue.size; waiting > 0; waiting--) keys.push(undefined);
    return keys;
  }
}
