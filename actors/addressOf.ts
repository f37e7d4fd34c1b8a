/** Whom a message speaks to. One rule for all AIs, so that none of them answers what is not its to answer. */
import type { ChatMessage } from '../runtime/protocol/schemas/chat.js';

interface Reader {
  readonly id: string;
  readonly name: string;
}

/**
 * `called`: by name, so an answer is expected. `anyone`: a person asks the room. `none`: the reader's own words, a
 * notice, another AI's, or something that is for somebody else.
 */
export type Address = 'called' | 'anyone' | 'none';

export function addressOf(message: ChatMessage, reader: Reader): Address {
  if (message.participantId === reader.id || message.messageType === 'notice') return 'none';
  if (isMentioned(message, reader)) return 'called';
  return message.aiGenerated || (message.mentions ?? []).length > 0 ? 'none' : 'anyone';
}

/** Whether the message calls the reader, by id in its mentions or as `@name` in its text. */
export function isMentioned(message: ChatMessage, reader: Reader): boolean {
  if (message.participantId === reader.id) return false;
  if (message.mentions?.includes(reader.id)) return true;
  return callsOf(reader).some((call) => indexOfCall(message.text, call) >= 0);
}

/** A text without the calls of the reader's name, which say nothing of what is asked. */
export function withoutCalls(text: string, reader: Reader): string {
  let rest = text;
  for (const call of callsOf(reader)) {
    for (let at = indexOfCall(rest, call); at >= 0; at = indexOfCall(rest, call)) {
      rest = `${rest.slice(0, at)} ${rest.slice(at + call.length)}`;
    }
  }
  return rest.trim();
}

/** The longer first, so that of a full name not the surname is left. */
function callsOf({ id, name }: Reader): readonly string[] {
  return [`@${id}`, `@${name}`].sort((left, right) => right.length - left.length);
}

/** In any case, but `@ada` does not call `@adam`. */
function indexOfCall(text: string, call: string): number {
  const [lowerText, lowerCall] = [text.toLowerCase(), call.toLowerCase()];
  for (let at = lowerText.indexOf(lowerCall); at >= 0; at = lowerText.indexOf(lowerCall, at + 1)) {
    if (!/[\p{L}\p{N}_-]/u.test(lowerText.charAt(at + lowerCall.length))) return at;
  }
  return -1;
}
