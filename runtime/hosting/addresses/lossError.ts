/** What whoever has asked is told when the question reached nobody. */
import { type DeadLetter, type DeadLetterReason, isActorAddress } from '../../protocol/actors.js';
import type { AcademyErrorCode, ErrorRecord } from '../../protocol/errors.js';

interface Loss {
  readonly code: AcademyErrorCode;
  readonly remedy: string;
}

const findIt = 'look with "academy tree" whether it runs and under which name, and spawn it if it does not';
const drainIt =
  'send less at a time, wait for answers, or give the actor another mailbox: `mailbox: { capacity, policy }`';

const losses: Record<DeadLetterReason, Loss> = {
  'stale-address': {
    code: 'ERR_ACADEMY_ACTOR_STOPPED',
    remedy: 'the actor of that address is gone: speak to it by its name, which a new one may have',
  },
  'unknown-name': { code: 'ERR_ACADEMY_ACTOR_STOPPED', remedy: findIt },
  'mailbox-full': { code: 'ERR_ACADEMY_MAILBOX_FULL', remedy: drainIt },
  'dropped-oldest': { code: 'ERR_ACADEMY_MAILBOX_FULL', remedy: drainIt },
  stopped: { code: 'ERR_ACADEMY_ACTOR_STOPPED', remedy: 'it has stopped: spawn it again, or speak to another one' },
  crashed: {
    code: 'ERR_ACADEMY_ASK_FAILED',
    remedy: 'it crashed while the message waited: see why with "academy inspect", and ask again',
  },
  'shard-down': {
    code: 'ERR_ACADEMY_ACTOR_STOPPED',
    remedy: 'its worker thread was given up: node.log says why; spawn the actor again, which then lives on another one',
  },
  'not-remote': {
    code: 'ERR_ACADEMY_COMMAND_DENIED',
    remedy: 'name the type in `remoteMessages` of the actor, if other nodes may send it',
  },
  undecodable: {
    code: 'ERR_ACADEMY_BAD_ARGUMENT',
    remedy: 'send plain data: no functions, symbols or class instances with private fields',
  },
  quarantined: {
    code: 'ERR_ACADEMY_ASK_FAILED',
    remedy: 'the actor fell by this message again and again: see the cause with "academy quarantine"',
  },
  invalid: {
    code: 'ERR_ACADEMY_MESSAGE_INVALID',
    remedy: 'send what the definition of the actor declares under `messages`',
  },
};

/** What is known beside the reason, by whoever has refused the message. */
export interface LossDetail {
  /** Name of the actor that it was for. */
  readonly name?: string | undefined;
  readonly why: string;
  /** Another one than the reason's own. */
  readonly remedy?: string;
}

export function lossError({ to, reason, messageType }: DeadLetter, detail?: LossDetail): ErrorRecord {
  const { code, remedy } = losses[reason];
  const place = isActorAddress(to) ? `the actor at ${to.shard}/${to.slot}/${to.generation}` : `"${to.name}"`;
  const target = detail?.name ? `"${detail.name}"` : place;
  const why = detail ? `${reason}: ${detail.why}` : reason;
  return {
    code,
    message: `"${messageType}" did not reach ${target}: ${why}`,
    remedy: detail?.remedy ?? remedy,
  };
}
