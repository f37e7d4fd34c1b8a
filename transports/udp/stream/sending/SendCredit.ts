/**
 * How far a publisher may write: up to the limit of the members that pace it, never over a slot that one of them may
 * still ask for, so much in one turn, and no more than the network takes. Who finds no room waits here until there is
 * enough of it to be worth waking for.
 */
import { AcademyError } from '../../../../runtime/protocol/errors.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamMembers } from './StreamMembers.js';
import type { TermRing } from './TermRing.js';

/** Runs handed to the network and not yet taken by the kernel. */
const runsInFlightMax = 32;
/**
 * Slots that may leave in one turn of the event loop, eight runs: who writes without end is held up for a turn, so that what members
 * ask for is heard, and the node does not stand still.
 */
const slotsPerTurnMax = 368;
/** A blocked writer is called when that share of the window is free again, so that it writes runs and not single slots. */
const readyShare = 1 / 8;

export interface SendCreditParts {
  readonly ring: TermRing;
  readonly members: StreamMembers;
  readonly network: StreamNetwork;
  /** Nobody paces it: who is slow loses. */
  readonly isLossy: boolean;
  readonly isProven: boolean;
}

export class SendCredit {
  readonly #ring: TermRing;
  readonly #members: StreamMembers;
  readonly #network: StreamNetwork;
  readonly #isLossy: boolean;
  /** A proof may need a slot of its own. */
  readonly #proofSlots: number;
  #waiting: (() => void)[] = [];
  #inFlight = 0;
  #slotsThisTurn = 0;
  #isBlocked = false;
  #isClosed = false;

  constructor({ ring, members, network, isLossy, isProven }: SendCreditParts) {
    this.#ring = ring;
    this.#members = members;
    this.#network = network;
    this.#isLossy = isLossy;
    this.#proofSlots = isProven ? 1 : 0;
  }

  /** Whether the kernel has taken all that was handed over. */
  get isTaken(): boolean {
    return this.#inFlight === 0;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @returns false when the writer has to wait; it is called then */
  takeSlot(): boolean {
    if (this.#hasRoom(0)) return true;
    this.#isBlocked = true;
    return false;
  }

  /** Resolves when there is room again; rejects when the stream is closed. */
  ready(): Promise<void> {
    if (this.#isClosed) return Promise.reject(streamClosed());
    if (this.#hasRoom(1)) return Promise.resolve();
    this.#isBlocked = true;
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => (this.#isClosed ? reject(streamClosed()) : resolve()));
    });
  }

  /** New data of this turn, not repairs. */
  slotsSent(count: number): void {
    if (this.#slotsThisTurn === 0) this.#network.atEndOfTurn(this.#onTurn);
    this.#slotsThisTurn += count;
  }

  handedOver(): void {
    this.#inFlight += 1;
  }

  taken(): void {
    this.#inFlight -= 1;
    this.roomChanged();
  }

  /** A member has moved on, or is gone. */
  roomChanged(): void {
    if (this.#isBlocked) this.#wake();
  }

  /** Who waits is told that it waits in vain. */
  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  readonly #onTurn = (): void => {
    this.#slotsThisTurn = 0;
    this.roomChanged();
  };

  /** @param share 1 to ask for as much as a waiting writer is woken for, 0 for a single slot */
  #hasRoom(share: 0 | 1): boolean {
    if (this.#inFlight >= runsInFlightMax) return false;
    if (this.#isLossy) return true;
    if (this.#slotsThisTurn >= slotsPerTurnMax) return false;
    const { limit } = this.#members;
    if (limit === Number.POSITIVE_INFINITY) return true;
    // Never a slot that some member may still ask for.
    const end = Math.min(limit, this.#members.position + this.#ring.slots);
    const free = end - this.#ring.sequence - this.#proofSlots;
    return free > share * Math.max(1, (limit - this.#members.position) * readyShare);
  }

  #wake(): void {
    if (!this.#hasRoom(1)) return;
    this.#isBlocked = false;
    this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

export function streamClosed(): AcademyError {
  return new AcademyError('ERR_ACADEMY_NODE_STOPPED', 'the stream is closed');
}
