/** What one node asks of another over the reliable transport, and how it answers, as MessagePack; bounded and checked. */

import type { ErrorRecord } from '../protocol/errors.js';
import type { MessageCodec } from '../protocol/MessageCodec.js';
import { Fields, Id, Phrase } from '../protocol/schemas/shapes.js';
import Type, { Compile, type Static } from '../protocol/typebox.js';

const DeadlineMs = Type.Integer({ minimum: 1, maximum: 3_600_000 });
const Message = Fields({ type: Phrase, data: Type.Optional(Type.Unknown()) });

const addressed = {
  /** The same in every retry, so that the work is done once. */
  key: Id,
  /** Milliseconds that the caller still waits. */
  deadlineMs: DeadlineMs,
};

const CommandRequest = Fields({
  kind: Type.Literal('command'),
  ...addressed,
  name: Id,
  payload: Type.Optional(Type.Unknown()),
});
const ActorRequest = Fields({
  /** `tell` is answered when the message is in the actor's hands or lost; `ask` when the actor has answered. */
  kind: Type.Enum(['tell', 'ask']),
  ...addressed,
  actor: Phrase,
  message: Message,
});

const RemoteRequest = Type.Union([CommandRequest, ActorRequest]);
export type RemoteRequest = Static<typeof RemoteRequest>;

export type RemoteAnswer = { readonly result: unknown } | { readonly error: ErrorRecord };

const requests = Compile(RemoteRequest);

/** @returns undefined for bytes that are no request */
export function decodeRequest(codec: MessageCodec, bytes: Uint8Array): RemoteRequest | undefined {
  const value = codec.decode(bytes);
  return requests.Check(value) ? value : undefined;
}

/** @returns undefined for bytes that are no answer */
export function decodeAnswer(codec: MessageCodec, bytes: Uint8Array): RemoteAnswer | undefined {
  const value = codec.decode(bytes);
  if (typeof value !== 'object' || value === null) return undefined;
  return 'result' in value || 'error' in value ? (value as RemoteAnswer) : undefined;
}
