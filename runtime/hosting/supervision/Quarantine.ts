/** Messages that were set aside because their actor fell by them again and again: kept to be looked at, with the cause. */
import { inspect } from 'node:util';
import type { ActorAddress, DeliveredMessage } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { QuarantinedMessage } from '../../protocol/supervision.js';

export class Quarantine {
  readonly #kept: QuarantinedMessage[] = [];

  /** @returns what is kept of it; beyond limits.quarantinedMessagesMax the oldest makes room */
  setAside(
    receiver: { readonly name: string; readonly address: ActorAddress },
    message: DeliveredMessage,
    failures: number,
    error: ErrorRecord,
    atMs: number,
  ): QuarantinedMessage {
    const { name, address } = receiver;
    const kept: QuarantinedMessage = {
      name,
      to: address,
      from: message.from,
      messageType: message.type,
      data: dataText(message.data),
      failures,
      error,
      atMs,
    };
    if (this.#kept.length === limits.quarantinedMessagesMax) this.#kept.shift();
    this.#kept.push(kept);
    return kept;
  }

  /** Oldest first. */
  list(): readonly QuarantinedMessage[] {
    return [...this.#kept];
  }
}

/** Data may hold what no other thread can be given, so it is kept as text. */
function dataText(data: unknown): string {
  const text = inspect(data, {
    depth: 4,
    maxArrayLength: 20,
    maxStringLength: 500,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return text.slice(0, limits.quarantineTextCharactersMax);
}
