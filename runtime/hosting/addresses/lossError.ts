/** What whoever has asked is told when the question reached nobody. */
import { type DeadLetter, type DeadLetterReason, isActorAddress } from '../../protocol/actors.js';
import type { AcademyErrorCode, ErrorRecord } from '../../protocol/errors.js';

const errorCodes: Record<DeadLetterReason, AcademyErrorCode> = {
  'stale-address': 'ERR_ACADEMY_ACTOR_STOPPED',
  'unknown-name': 'ERR_ACADEMY_ACTOR_STOPPED',
  'mailbox-full': 'ERR_ACADEMY_MAILBOX_FULL',
  'dropped-oldest': 'ERR_ACADEMY_MAILBOX_FULL',
  stopped: 'ERR_ACADEMY_ACTOR_STOPPED',
  crashed: 'ERR_ACADEMY_ASK_FAILED',
  'shard-down': 'ERR_ACADEMY_ACTOR_STOPPED',
  'not-remote': 'ERR_ACADEMY_COMMAND_DENIED',
  undecodable: 'ERR_ACADEMY_BAD_ARGUMENT',
  quarantined: 'ERR_ACADEMY_ASK_FAILED',
  invalid: 'ERR_ACADEMY_MESSAGE_INVALID',
};

export function lossError({ to, reason, messageType }: DeadLetter): ErrorRecord {
  const target = isActorAddress(to) ? `the actor at ${to.shard}/${to.slot}/${to.generation}` : `"${to.name}"`;
  return { code: errorCodes[reason], message: `"${messageType}" did not reach ${target}: ${reason}` };
}
