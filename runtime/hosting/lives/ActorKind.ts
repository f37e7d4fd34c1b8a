/**
 * What all actors of one definition share on one host: the tier that runs their machines, and the rules by which they
 * are restarted and addressed. So an actor itself is small.
 */
import type {
  ActorDefinition,
  ActorMessage,
  BatchOptions,
  DeliveredMessage,
  MailboxOptions,
  RestartOptions,
} from '../../protocol/actors.js';
import { limits } from '../../protocol/limits.js';
import { compileMessageSchema, type MessageCheck, type MessageSchema } from '../../protocol/messageSchema.js';
import { assertRunnable } from '../assertRunnable.js';
import type { SeatSupervision } from '../frames.js';
import type { MailboxRules } from '../mailboxes/Mailbox.js';
import { goesOn } from '../supervision/directiveFor.js';
import type { MachineTier } from '../tiers/MachineTier.js';

/** Of a mailbox's capacity; what fills the last quarter may be a flood. */
const alarmShare = 3 / 4;
/** Below this depth a mailbox is no queue worth an alarm. */
const alarmDepthMin = 2;

export interface ActorMailboxRules extends MailboxRules<DeliveredMessage> {
  readonly alarmDepth: number;
  readonly alarmAgeMs: number;
}

export interface ActorKind {
  readonly definition: ActorDefinition;
  readonly shard: number;
  readonly tier: MachineTier;
  readonly restart: RestartOptions;
  readonly mailbox: ActorMailboxRules;
  /** Message types that actors of other nodes may send. */
  readonly remoteTypes: ReadonlySet<string>;
  readonly batch: Required<BatchOptions> | null;
  /** Messages that wait for an actor while it is down. */
  readonly stash: number;
  /** Null: a message by which an actor falls is lost. */
  readonly poisonMax: number | null;
  /** Whether the state before each message is kept, to go on with it after an error. */
  readonly keepsState: boolean;
  /** What the data of messages must be like, by type; null where the definition says nothing. */
  readonly checks: ReadonlyMap<string, MessageCheck> | null;
}

interface SeatOptions {
  readonly mailbox?: Partial<MailboxOptions>;
  readonly restart?: Partial<RestartOptions>;
  readonly supervised?: SeatSupervision;
}

/** Times that a message may fail before it is set aside. */
const defaultFailuresMax = 3;

export class ActorKinds {
  readonly #shard: number;
  readonly #restart: RestartOptions;
  readonly #tierOf: (definition: ActorDefinition) => MachineTier;
  readonly #kinds = new WeakMap<ActorDefinition, ActorKind>();

  /** @param restart for definitions that say nothing else */
  constructor(shard: number, restart: RestartOptions, tierOf: (definition: ActorDefinition) => MachineTier) {
    this.#shard = shard;
    this.#restart = restart;
    this.#tierOf = tierOf;
  }

  /** @throws AcademyError ERR_ACADEMY_MACHINE_UNSUPPORTED, ERR_ACADEMY_BAD_ARGUMENT for a schema that is none */
  of(definition: ActorDefinition): ActorKind {
    const known = this.#kinds.get(definition);
    if (known) return known;
    const restart = { ...this.#restart, ...definition.restart };
    assertRunnable(definition.machine);
    const { batch, messages } = definition;
    const kind: ActorKind = {
      definition,
      shard: this.#shard,
      tier: this.#tierOf(definition),
      restart,
      stash: restart.stash ?? Number.POSITIVE_INFINITY,
      mailbox: mailboxRules(definition.mailbox),
      remoteTypes: new Set(definition.remoteMessages),
      batch: batch ? { max: limits.turnMessagesMax, ...batch } : null,
      poisonMax: definition.poison?.redeliver ? (definition.poison.failuresMax ?? defaultFailuresMax) : null,
      keepsState: goesOn(definition.onError),
      checks: messages ? checksOf(messages) : null,
    };
    this.#kinds.set(definition, kind);
    return kind;
  }

  /** For one actor whose seat says something of its own, which goes before its definition. */
  ofSeat(definition: ActorDefinition, seat: SeatOptions): ActorKind {
    const kind = this.of(definition);
    const directives = seat.supervised?.directives;
    if (!seat.mailbox && !seat.restart && !directives) return kind;
    const restart = { ...kind.restart, ...seat.restart };
    return {
      ...kind,
      stash: restart.stash ?? Number.POSITIVE_INFINITY,
      keepsState: kind.keepsState || goesOn(directives),
      restart,
      mailbox: mailboxRules({ ...definition.mailbox, ...seat.mailbox }),
    };
  }
}

function checksOf(messages: Readonly<Record<string, MessageSchema>>): ReadonlyMap<string, MessageCheck> {
  return new Map(Object.entries(messages).map(([type, schema]) => [type, compileMessageSchema(type, schema)]));
}

export function mailboxRules(options: Partial<MailboxOptions> = {}): ActorMailboxRules {
  const { capacity = limits.mailboxMessagesMax, policy = 'reject', conflateBy } = options;
  const keyOf = typeof conflateBy === 'string' ? keyByPath(conflateBy) : conflateBy;
  return {
    capacity,
    policy,
    keyOf: keyOf ? (message) => (message.ask ? undefined : keyOf(message)) : null,
    alarmDepth: Math.max(alarmDepthMin, options.alarmDepth ?? Math.ceil(capacity * alarmShare)),
    alarmAgeMs: options.alarmAgeMs ?? limits.mailboxAgeAlarmMs,
  };
}

/** Messages of different types are never conflated by a path, whatever stands there. */
function keyByPath(path: string): (message: ActorMessage) => string | undefined {
  const fields = path.split('.');
  return ({ type, data }) => {
    let found: unknown = data;
    for (const field of fields) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, field)) return undefined;
      found = (found as Record<string, unknown>)[field];
    }
    return typeof found === 'object' ? undefined : `${type} ${String(found)}`;
  };
}
