/**
 * The queue in front of one actor. It is bounded, because XState's own is not: a slow actor costs its senders messages
 * and never the node its memory. Control messages (answers that the actor waits for, the order to stop) keep their
 * place in the order but count against no bound, and no policy drops them.
 */
import type { MailboxOptions, MailboxPolicy } from '../protocol/actors.js';
import { limits } from '../protocol/limits.js';
import { RingQueue } from './RingQueue.js';

export const defaultMailbox: MailboxOptions = { capacity: limits.mailboxMessagesMax, policy: 'reject' };

export class Mailbox<T> {
  readonly capacity: number;
  readonly policy: MailboxPolicy;
  readonly #queue = new RingQueue<T>();
  /** Those in the queue that must not be dropped. Most mailboxes never have one. */
  #control: Set<T> | null = null;

  constructor(options: MailboxOptions) {
    this.capacity = options.capacity;
    this.policy = options.policy;
  }

  /** Messages that wait, control messages included. */
  get depth(): number {
    return this.#queue.size;
  }

  /**
   * @returns the message for which there was no room: this one under the policy `reject`, the oldest ordinary one
   * under `drop-oldest`, and undefined when all fit
   */
  push(message: T): T | undefined {
    const control = this.#control?.size ?? 0;
    if (this.#queue.size - control < this.capacity) {
      this.#queue.push(message);
      return undefined;
    }
    if (this.policy === 'reject') return message;
    let oldest = 0;
    if (control > 0) while (this.#control?.has(this.#queue.at(oldest) as T)) oldest++;
    const dropped = this.#queue.removeAt(oldest);
    this.#queue.push(message);
    return dropped;
  }

  /** The same object must not be in the queue already. */
  pushControl(message: T): void {
    this.#control ??= new Set();
    this.#control.add(message);
    this.#queue.push(message);
  }

  /** @returns undefined when it is empty */
  shift(): T | undefined {
    const message = this.#queue.shift();
    if (this.#control !== null && this.#control.size > 0 && message !== undefined) this.#control.delete(message);
    return message;
  }
}
