/**
 * Messages to names that this shard does not know yet: they wait, bounded in all, while the main thread is asked once
 * for each name who bears it.
 */
import { limits } from '../../protocol/limits.js';

export class AwaitedNames<Message> {
  readonly #byName = new Map<string, Message[]>();
  #count = 0;

  /** @returns `first` when nobody has asked for the name yet, `full` when the message cannot wait */
  hold(name: string, message: Message): 'first' | 'waits' | 'full' {
    if (this.#count >= limits.mailboxMessagesMax) return 'full';
    this.#count++;
    const waiting = this.#byName.get(name);
    if (waiting) {
      waiting.push(message);
      return 'waits';
    }
    this.#byName.set(name, [message]);
    return 'first';
  }

  /** What waits for the name, which does so no longer. */
  take(name: string): readonly Message[] {
    const waiting = this.#byName.get(name) ?? [];
    this.#byName.delete(name);
    this.#count -= waiting.length;
    return waiting;
  }
}
