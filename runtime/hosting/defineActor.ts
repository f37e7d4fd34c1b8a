/**
 * The door for authors of plain machines.
 *
 * ```ts
 * export const counter = defineActor({ machine: counterMachine, restart: { kind: 'permanent' } });
 * ```
 */
import type { AnyActorLogic } from 'xstate';
import type { ActorDefinition, MailboxOptions, RestartOptions } from '../protocol/actors.js';
import { AcademyError } from '../protocol/errors.js';
import { isDeliverable } from './isDeliverable.js';
import { isActorDefinition } from './loadActorModule.js';

export interface DefineActorOptions {
  /** An XState machine, or other actor logic of XState; its input is an ActorInput. */
  readonly machine: AnyActorLogic;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  /** Message types that actors of other nodes may send. @default none */
  readonly remoteMessages?: readonly string[];
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the option */
export function defineActor(options: DefineActorOptions): ActorDefinition {
  const definition: ActorDefinition = { kind: 'academy-actor', ...options };
  if (!isActorDefinition(definition)) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'machine: it must be an XState machine', {
      remedy: 'make it with setup(…).createMachine(…)',
    });
  }
  assertActorOptions(options);
  for (const type of options.remoteMessages ?? []) {
    if (!isDeliverable(type)) refuse('remoteMessages', `"${type}" cannot be the type of a message`);
  }
  return definition;
}

/**
 * Checks what an author or a caller of spawn() hands in.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the option
 */
export function assertActorOptions(options: {
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
}): void {
  const { capacity, policy } = options.mailbox ?? {};
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 1)) {
    refuse('mailbox.capacity', 'it must be a whole number from 1');
  }
  if (policy !== undefined && policy !== 'reject' && policy !== 'drop-oldest') {
    refuse('mailbox.policy', "it must be 'reject' or 'drop-oldest'");
  }
  const { kind, ...numbers } = options.restart ?? {};
  if (kind !== undefined && !['permanent', 'transient', 'temporary'].includes(kind)) {
    refuse('restart.kind', "it must be 'permanent', 'transient' or 'temporary'");
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number.isFinite(value) && (value as number) >= 0)) refuse(`restart.${name}`, 'it must be a number from 0');
  }
}

function refuse(option: string, why: string): never {
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${option}: ${why}`);
}
