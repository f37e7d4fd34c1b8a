/**
 * The door for authors of plain machines.
 *
 * ```ts
 * export const counter = defineActor({ machine: counterMachine, restart: { kind: 'permanent' } });
 * ```
 */
import type { AnyActorLogic } from 'xstate';
import type { ActorDefinition, BatchOptions, MailboxOptions, RestartOptions } from '../protocol/actors.js';
import type { ContextOf, ContractOf, DataOf, MessageType, OptionsOf } from '../protocol/contract.js';
import { AcademyError } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import { compileMessageSchema, type StandardSchema } from '../protocol/messageSchema.js';
import {
  type ContextCodec,
  type PersistDefinition,
  type PersistKind,
  type PersistSpec,
  persistKinds,
} from '../protocol/persistence.js';
import type { Directives, PoisonOptions } from '../protocol/supervision.js';
import type { TSchema } from '../protocol/typebox.js';
import { isDeliverable } from './mailboxes/isDeliverable.js';
import { isActorDefinition } from './modules/loadActorModule.js';
import { assertDirectives } from './supervision/directiveFor.js';

type MessageSchemas<C> = { readonly [T in MessageType<C>]?: TSchema | StandardSchema<DataOf<C, T>> };

/** `P`: what its contextCodec packs. */
export interface DefineActorOptions<L extends AnyActorLogic = AnyActorLogic, P = unknown>
  extends PersistDefinition<ContextOf<L>, P, OptionsOf<ContractOf<L>>> {
  /** An XState machine, or other actor logic of XState; its input is an ActorInput. Its types become the contract. */
  readonly machine: L;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  /** Message types that actors of other nodes may send. @default none */
  readonly remoteMessages?: readonly string[];
  /** Joins messages of one type that wait in a row into one event. @default none are joined */
  readonly batch?: BatchOptions;
  /** A linked actor's crash is a message `academy.exit`. @default false: it is a crash of this one, too */
  readonly traps?: boolean;
  /** What is done about an error of the machine: by its code, its name, `*`, or a function. @default start again */
  readonly onError?: Directives;
  /** Whether a message by which it falls is tried once more, and how often before it is set aside. @default it is lost */
  readonly poison?: Partial<PoisonOptions>;
  /** Schemas of the data by message type; what does not fit is refused, and whoever asked is told which field. */
  readonly messages?: MessageSchemas<ContractOf<L>>;
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the option */
export function defineActor<L extends AnyActorLogic, P = unknown>(
  options: DefineActorOptions<L, P>,
): ActorDefinition<ContractOf<L>> {
  const definition = { kind: 'academy-actor', ...options } as ActorDefinition<ContractOf<L>>;
  if (!isActorDefinition(definition)) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'machine: it must be an XState machine', {
      remedy: 'make it with setup(…).createMachine(…)',
    });
  }
  assertActorOptions(options);
  for (const type of options.remoteMessages ?? []) {
    if (!isDeliverable(type)) refuse('remoteMessages', `"${type}" cannot be the type of a message`);
  }
  assertBatch(options.batch);
  assertDirectives(options.onError);
  assertPoison(options.poison);
  for (const [type, schema] of Object.entries(definition.messages ?? {})) compileMessageSchema(type, schema);
  assertVersion(options);
  assertCodec(options.contextCodec);
  return definition;
}

/**
 * Checks what an author or a caller of spawn() hands in.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT that names the option
 */
export function assertActorOptions(options: {
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  readonly persist?: PersistKind;
  readonly passivateAfterMs?: number;
}): void {
  assertPersistence(options);
  const { capacity, policy, conflateBy, alarmDepth, alarmAgeMs } = options.mailbox ?? {};
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 1)) {
    refuse('mailbox.capacity', 'it must be a whole number from 1');
  }
  if (policy !== undefined && !['reject', 'drop-oldest', 'conflate'].includes(policy)) {
    refuse('mailbox.policy', "it must be 'reject', 'drop-oldest' or 'conflate'");
  }
  if ((policy === 'conflate') !== (conflateBy !== undefined)) {
    refuse('mailbox.conflateBy', "the policy 'conflate' needs it, and no other has a use for it");
  }
  if (conflateBy !== undefined && typeof conflateBy !== 'function' && !/^[^.]+(\.[^.]+)*$/.test(conflateBy)) {
    refuse('mailbox.conflateBy', 'it must be a path such as "room.id", or a function');
  }
  if (alarmDepth !== undefined && !(Number.isSafeInteger(alarmDepth) && alarmDepth >= 2)) {
    refuse('mailbox.alarmDepth', 'it must be a whole number from 2');
  }
  if (alarmAgeMs !== undefined && !(alarmAgeMs > 0)) refuse('mailbox.alarmAgeMs', 'it must be a number above 0');
  const { kind, ...numbers } = options.restart ?? {};
  if (kind !== undefined && !['permanent', 'transient', 'temporary'].includes(kind)) {
    refuse('restart.kind', "it must be 'permanent', 'transient' or 'temporary'");
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (!(Number.isFinite(value) && (value as number) >= 0)) refuse(`restart.${name}`, 'it must be a number from 0');
  }
}

function assertBatch(batch: BatchOptions | undefined): void {
  if (batch === undefined) return;
  const { type, as, max } = batch;
  if (!isDeliverable(type)) refuse('batch.type', `"${type}" cannot be the type of a message`);
  if (!isDeliverable(as)) refuse('batch.as', `"${as}" cannot be the type of a message`);
  if (max !== undefined && !(Number.isSafeInteger(max) && max >= 1)) {
    refuse('batch.max', 'it must be a whole number from 1');
  }
}

function assertPoison({ failuresMax }: Partial<PoisonOptions> = {}): void {
  const most = limits.poisonFailuresMax;
  if (failuresMax === undefined || (Number.isSafeInteger(failuresMax) && failuresMax >= 1 && failuresMax <= most))
    return;
  refuse('poison.failuresMax', `it must be a whole number from 1 to ${most}`);
}

function assertPersistence({ persist, passivateAfterMs }: PersistSpec): void {
  if (persist !== undefined && !persistKinds.includes(persist)) {
    refuse('persist', "it must be 'none', 'snapshot' or 'journal'");
  }
  if (passivateAfterMs !== undefined && !(passivateAfterMs >= 0)) {
    refuse('passivateAfterMs', 'it must be a number from 0');
  }
}

function assertVersion({ snapshotVersion, migrate }: PersistDefinition): void {
  if (snapshotVersion !== undefined && !(Number.isSafeInteger(snapshotVersion) && snapshotVersion >= 1)) {
    refuse('snapshotVersion', 'it must be a whole number from 1');
  }
  if (migrate !== undefined && typeof migrate !== 'function') refuse('migrate', 'it must be a function');
}

function assertCodec(codec: ContextCodec | undefined): void {
  if (codec === undefined || (typeof codec?.pack === 'function' && typeof codec.unpack === 'function')) return;
  refuse('contextCodec', 'it must have the two functions pack(context) and unpack(packed, input)');
}

function refuse(option: string, why: string): never {
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${option}: ${why}`, {
    remedy: `correct "${option}" where the actor is defined or spawned, or leave it out`,
  });
}
