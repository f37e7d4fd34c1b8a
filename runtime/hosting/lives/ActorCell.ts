/**
 * One hosted actor: its address, its mailbox and the machine of its present life. Owned by the ActorHost. There may be
 * a million of them, so it holds only what an idle actor needs; what few have is in CellExtras, and what all actors of
 * a definition share in their ActorKind.
 */
import type { ActorAddress, ActorInfo, AskToken, DeliveredMessage, MailboxAlarmKind } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import { limits } from '../../protocol/limits.js';
import type { EffectOrigin } from '../../protocol/persistence.js';
import type { ActorSeat, Addressed } from '../frames.js';
import type { ActorTimer } from '../mailboxes/ActorTimers.js';
import type { Mailbox } from '../mailboxes/Mailbox.js';
import type { Arrival } from '../moving/Arrivals.js';
import type { Departure } from '../moving/Departures.js';
import type { PersistentActor } from '../persistence/PersistentActor.js';
import type { SeenEffects } from '../persistence/SeenEffects.js';
import type { MachineOwner, MachineRun } from '../tiers/MachineTier.js';
import type { ActorKind } from './ActorKind.js';
import type { Bond, Watcher } from './Bonds.js';

export type EarlyMessage = readonly [...Addressed, remote: boolean, origin: EffectOrigin | null];

/** Where a child without a name comes from. */
export interface ChildSeat {
  readonly parent: ActorCell | null;
  readonly options: unknown;
}

/** What only some actors have. */
export class CellExtras {
  restarts: number;
  /** Lives that have ended; what was asked or subscribed in one of them is told from what the present one asked. */
  incarnation = 0;
  lastError: ErrorRecord | null = null;
  /** 0 where it is not known. */
  lastErrorAtMs = 0;
  /** The error by which the machine has died outside of a message, until the host has dealt with it. */
  fault: { readonly error: unknown } | null = null;
  stopRequested = false;
  /** Questions that it was asked and has not answered. */
  owed: Map<number, AskToken> | null = null;
  /** What came before the module was loaded, and with it the mailbox's policy. */
  early: EarlyMessage[] | null = null;
  /** Those who watch it or are linked to it. */
  watchers: Map<number, Watcher> | null = null;
  /** Those whom it watches or is linked to. */
  watching: Map<number, Bond> | null = null;
  children: Set<ActorCell> | null = null;
  alarm: MailboxAlarmKind | null = null;
  /** Messages that are tried once more, before all others and one by one. */
  again: DeliveredMessage[] | null = null;
  /** The one of them that is being handled. */
  suspect: DeliveredMessage | null = null;
  /** XState's persisted snapshot from before the message that is or was being handled, where it is kept. */
  before: unknown = null;
  /** Its supervisor wants it held as soon as its module is loaded. */
  holdRequested = false;
  /** Messages of its that were set aside. */
  quarantined = 0;
  /** When it outlives its thread. */
  persistent: PersistentActor | null = null;
  /** When it comes from another shard: what comes for it until it has settled in. */
  arrival: Arrival | null = null;
  /** When it is about to leave for another shard. */
  departure: Departure | null = null;
  /** Committed effects of others that it has had, when it keeps no journal itself. */
  seen: SeenEffects | null = null;

  constructor(restarts: number) {
    this.restarts = restarts;
  }
}

export class ActorCell implements MachineOwner {
  /** Null until its module is loaded. */
  kind: ActorKind | null;
  /** Null while no machine runs, so that what is left of an earlier one cannot act. */
  run: MachineRun | null = null;
  /** Null for a child without parent and options. */
  readonly seat: ActorSeat | ChildSeat | null;
  readonly slot: number;
  readonly generation: number;
  /** `starting` until its module is loaded; `passive` while it is on disk only; `moving` while another shard takes it over; `gone` when the address is dead. */
  status: 'starting' | 'running' | 'restarting' | 'passive' | 'moving' | 'gone' = 'starting';
  /** Whether it stands in the host's list of actors that have something to do. */
  isReady = false;
  messagesHandled = 0;
  /** The only message that waits, as long as it is an ordinary one. */
  first: DeliveredMessage | null = null;
  /** There as long as more than one message waits, or another than an ordinary one. */
  mailbox: Mailbox<DeliveredMessage> | null = null;
  timers: ActorTimer | null = null;
  extras: CellExtras | null = null;
  #address: ActorAddress | null = null;

  constructor(kind: ActorKind | null, seat: ActorSeat | ChildSeat | null, slot: number, generation: number) {
    this.kind = kind;
    this.seat = seat;
    this.slot = slot;
    this.generation = generation;
  }

  /** One object for all messages that it sends. */
  get address(): ActorAddress {
    this.#address ??= this.freshAddress();
    return this.#address;
  }

  /** For whoever keeps it anyway. */
  freshAddress(): ActorAddress {
    if (this.named) return this.named.address;
    const { shard } = this.kind as ActorKind;
    return { shard, slot: this.slot, generation: this.generation };
  }

  /** Null for a child without a name. */
  get named(): ActorSeat | null {
    return this.seat !== null && 'address' in this.seat ? this.seat : null;
  }

  get parentCell(): ActorCell | null {
    return this.seat !== null && 'parent' in this.seat ? this.seat.parent : null;
  }

  /** Where the machine's `sendParent` goes. */
  get parent(): ActorAddress | undefined {
    return this.parentCell?.address;
  }

  /** What people call it. */
  get name(): string {
    return this.named?.name ?? `${this.parentCell?.name ?? ''}#${this.slot}.${this.generation}`;
  }

  get restarts(): number {
    return this.extras === null ? this.#restartsBefore : this.extras.restarts;
  }

  /** Those of its lives on threads that have died. */
  get #restartsBefore(): number {
    return this.named?.restarts ?? 0;
  }

  get incarnation(): number {
    return this.extras === null ? 0 : this.extras.incarnation;
  }

  get stopRequested(): boolean {
    return this.extras?.stopRequested === true;
  }

  /** Messages that wait. */
  get depth(): number {
    const again = this.extras?.again?.length ?? 0;
    if (this.mailbox !== null) return this.mailbox.depth + again;
    return this.first === null ? again : again + 1;
  }

  /** Made when first needed. */
  extra(): CellExtras {
    this.extras ??= new CellExtras(this.#restartsBefore);
    return this.extras;
  }

  /** An asker whose deadline has passed is no longer waiting, so the oldest may be forgotten. */
  owe(token: AskToken): void {
    const extras = this.extra();
    extras.owed ??= new Map();
    if (extras.owed.size === limits.requestsInFlightMax) {
      for (const oldest of extras.owed.keys()) {
        extras.owed.delete(oldest);
        break;
      }
    }
    extras.owed.set(token.id, token);
  }

  info(status: ActorInfo['status']): ActorInfo {
    const { kind, run, extras } = this;
    const reasons = kind?.tier.reasons ?? [];
    return {
      name: this.name,
      address: this.address,
      machine: (kind?.definition.machine as { id?: string } | undefined)?.id ?? this.named?.exportName ?? '',
      state: kind && run ? kind.tier.stateText(run) : '',
      status,
      restarts: this.restarts,
      mailboxDepth: this.depth + (extras?.early?.length ?? 0),
      messagesHandled: this.messagesHandled,
      ...(kind ? { tier: kind.tier.name } : {}),
      ...(reasons.length > 0 ? { tierReasons: reasons.map(({ feature, place }) => `${feature} at ${place}`) } : {}),
      ...(extras?.quarantined ? { quarantined: extras.quarantined } : {}),
      ...(extras?.alarm ? { alarm: extras.alarm } : {}),
      ...(extras?.lastError ? { lastError: extras.lastError } : {}),
      ...(extras?.lastErrorAtMs ? { lastErrorAtMs: extras.lastErrorAtMs } : {}),
    };
  }
}
