/**
 * Who carries the messages of one host into its mailboxes. Without one they go straight in; a test hands in its own,
 * to see them, hold them back, double them or lose them.
 */
import type { AskToken } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';

export interface Letter {
  /** Name of the sender; null when it is no actor of this host. */
  readonly from: string | null;
  readonly to: string;
  readonly type: string;
  readonly data: unknown;
  /** Present when an answer is awaited. */
  readonly ask: AskToken | null;
}

export interface MessageCourier {
  /** @param deliver puts it into the mailbox: now or later, once, several times or never */
  carry(letter: Letter, deliver: () => void): void;
  /** An answer has been given to a question that was carried. */
  answered(ask: AskToken, result: unknown, error: ErrorRecord | null): void;
}
