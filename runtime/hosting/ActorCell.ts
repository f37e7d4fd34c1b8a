/** One hosted actor: its address, its mailbox and the machine of its present life. Owned by the ActorHost. */
import type { AnyActorRef } from 'xstate';
import type {
  ActorAddress,
  ActorDefinition,
  ActorInfo,
  AskToken,
  DeliveredMessage,
  RestartOptions,
} from '../protocol/actors.js';
import type { ErrorRecord } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import type { ActorSeat, PeerFrame } from './frames.js';
import { defaultMailbox, Mailbox } from './Mailbox.js';

type EarlyMessage = Extract<PeerFrame, readonly ['message', ...unknown[]]>;

export class ActorCell {
  readonly seat: ActorSeat;
  readonly address: ActorAddress;
  /** `starting` until its module is loaded; `gone` when the address is dead. */
  status: 'starting' | 'running' | 'restarting' | 'gone' = 'starting';
  definition: ActorDefinition | null = null;
  restart: RestartOptions;
  mailbox: Mailbox<DeliveredMessage>;
  /** Null while no machine runs, so that what is left of an earlier one cannot act. */
  machine: AnyActorRef | null = null;
  /** Lives that have ended; what was asked or subscribed in one of them is told from what the present one asked. */
  incarnation = 0;
  restarts: number;
  messagesHandled = 0;
  lastError: ErrorRecord | null = null;
  /** The message that the machine is dealing with. */
  handling: DeliveredMessage | null = null;
  /** The error by which the machine has died, until the host has dealt with it. */
  fault: { readonly error: unknown } | null = null;
  /** The machine is in a final state. */
  done = false;
  stopRequested = false;
  /** Whether it stands in the host's list of actors that have something to do. */
  isReady = false;
  /** Questions that it was asked and has not answered. */
  readonly owed = new Set<AskToken>();
  /** What came before the module was loaded, and with it the mailbox's policy. */
  early: EarlyMessage[] = [];
  #remoteTypes: ReadonlySet<string> = new Set();
  #heard: ReadonlySet<string> = new Set();

  constructor(seat: ActorSeat, restart: RestartOptions) {
    this.seat = seat;
    this.address = seat.address;
    this.restarts = seat.restarts;
    this.restart = restart;
    this.mailbox = new Mailbox({ ...defaultMailbox, ...seat.mailbox });
  }

  /** The seat's options go before those of the definition, and both before `restartDefaults`. */
  define(definition: ActorDefinition, restartDefaults: RestartOptions): void {
    this.definition = definition;
    this.restart = { ...restartDefaults, ...definition.restart, ...this.seat.restart };
    this.mailbox = new Mailbox({ ...defaultMailbox, ...definition.mailbox, ...this.seat.mailbox });
    this.#remoteTypes = new Set(definition.remoteMessages);
    const { events } = definition.machine as { events?: readonly string[] };
    this.#heard = new Set(events);
  }

  takesFromRemote(type: string): boolean {
    return this.#remoteTypes.has(type);
  }

  /** Whether the machine names this event in its states; a wildcard does not count. */
  hears(type: string): boolean {
    return this.#heard.has(type);
  }

  /** An asker whose deadline has passed is no longer waiting, so the oldest may be forgotten. */
  owe(token: AskToken): void {
    if (this.owed.size === limits.requestsInFlightMax) {
      for (const oldest of this.owed) {
        this.owed.delete(oldest);
        break;
      }
    }
    this.owed.add(token);
  }

  info(status: ActorInfo['status']): ActorInfo {
    return {
      name: this.seat.name,
      address: this.address,
      machine: (this.definition?.machine as { id?: string } | undefined)?.id ?? this.seat.exportName,
      state: this.machine ? stateText(this.machine.getSnapshot()) : '',
      status,
      restarts: this.restarts,
      mailboxDepth: this.mailbox.depth + this.early.length,
      messagesHandled: this.messagesHandled,
      ...(this.lastError ? { lastError: this.lastError } : {}),
    };
  }
}

/** The state's name, as JSON where states are nested; logic that is no state chart has only a status. */
function stateText(snapshot: { status: string; value?: unknown }): string {
  if (snapshot.value === undefined) return snapshot.status;
  return typeof snapshot.value === 'string' ? snapshot.value : JSON.stringify(snapshot.value);
}
