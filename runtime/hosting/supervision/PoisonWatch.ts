/**
 * Counts how often one message has made its actor fall, so that a message which kills every life of its receiver is
 * set aside instead of killing the next one. Owned by a host; a message that was handled at last is forgotten.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { limits } from '../../protocol/limits.js';

export type PoisonVerdict =
  /** Try it once more; `isRepeat`: it has failed before. */
  | { readonly verdict: 'again'; readonly isRepeat: boolean }
  | { readonly verdict: 'set-aside'; readonly failures: number };

export class PoisonWatch {
  /** Failures by receiver and message; the longest unseen are forgotten first. */
  readonly #failures = new Map<string, number>();

  /**
   * @param receiver tells receivers from one another, e.g. by address
   * @param key what messageKey() makes of the message, or a sequence that names it for its receiver
   */
  failed(receiver: string, key: string, failuresMax: number): PoisonVerdict {
    const id = `${receiver} ${key}`;
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.delete(id);
    if (failures >= failuresMax) return { verdict: 'set-aside', failures };
    this.#failures.set(id, failures);
    if (this.#failures.size > limits.suspectMessagesMax) this.#forgetOldest();
    return { verdict: 'again', isRepeat: failures > 1 };
  }

  /** A message that was tried once more was handled. */
  handled(receiver: string, key: string): void {
    this.#failures.delete(`${receiver} ${key}`);
  }

  #forgetOldest(): void {
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }
}

/** The same for messages with the same type and data. What cannot be written down has its type alone. */
export function messageKey(type: string, data: unknown): string {
  const hash = createHash('sha256').update(type).update('\0');
  try {
    hash.update(serialize(data));
  } catch {
    // Functions and shared memory, which only actors of one thread can send each other.
  }
  return hash.digest('base64url');
}
