/**
 * Makes runs of the slots that are closed, proves and tags them, and hands them to the group. A run leaves when it is
 * full, else at the end of the turn, or with what else comes within a moment.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamSeal } from '../StreamSeal.js';
import { dataHeader, runProof } from '../streamDatagrams.js';
import type { OutgoingCounters } from './outgoingCounters.js';
import type { RunProver } from './RunProver.js';
import type { SendCredit } from './SendCredit.js';
import type { StreamAnnouncer } from './StreamAnnouncer.js';
import type { TermRing } from './TermRing.js';

/**
 * Sends are at least so far apart, unless a run is full: each costs its receivers a message of 64 KB to collect again,
 * and their pauses for that were the slowest hundredth of all latencies.
 */
const gatherMs = 0.1;
/** Slots of a run that is proven, whatever the network sends at once: a signature costs more than sending them. */
export const provenRunSlots = 46;
/**
 * As `gatherMs`, where each send costs every receiver the check of a signature, 0.1 ms.
 */
const provenGatherMs = 1;

export interface RunSenderParts {
  readonly ring: TermRing;
  readonly seal: StreamSeal;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly credit: SendCredit;
  readonly announcer: StreamAnnouncer;
  readonly counters: OutgoingCounters;
  /** Null where a tag is enough. */
  readonly prover: RunProver | null;
  readonly isLossy: boolean;
}

export class RunSender {
  readonly #ring: TermRing;
  readonly #seal: StreamSeal;
  readonly #network: StreamNetwork;
  readonly #clock: Clock;
  readonly #credit: SendCredit;
  readonly #announcer: StreamAnnouncer;
  readonly #counters: OutgoingCounters;
  readonly #prover: RunProver | null;
  readonly #isLossy: boolean;
  /** Where the run begins that is being filled. */
  #runStart = 0;
  #flushPlanned = false;
  #flushedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RunSenderParts) {
    this.#ring = parts.ring;
    this.#seal = parts.seal;
    this.#network = parts.network;
    this.#clock = parts.clock;
    this.#credit = parts.credit;
    this.#announcer = parts.announcer;
    this.#counters = parts.counters;
    this.#prover = parts.prover;
    this.#isLossy = parts.isLossy;
  }

  /** What is not repaired must be checked by itself. */
  get runSlotsMax(): number {
    if (this.#prover) return provenRunSlots;
    return this.#isLossy ? 1 : this.#network.runSlotsMax;
  }

  /** The last of a proven run keeps room for the proof. */
  openSlot(): void {
    const ring = this.#ring;
    ring.openSlot(this.#prover && this.#isLastOfRun(ring.sequence) ? runProof.bytesMax : 0);
  }

  closeSlot(): void {
    const ring = this.#ring;
    const isLast = this.#isLastOfRun(ring.sequence);
    ring.closeSlot();
    if (isLast) this.#endRun();
  }

  /** Something was written: it leaves at the end of this turn, if its run is not full before. */
  planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#network.atEndOfTurn(this.#onFlush);
  }

  /** Sends what is written and not sent yet. */
  flush(): void {
    if (this.#ring.isOpen && !this.#ring.isEmpty) this.closeSlot();
    this.#endRun();
    if (this.#prover) this.#sendProven(this.#prover);
  }

  /** Hands slots to the group: a new run, or slots that members have asked for again. */
  send(pieces: readonly Buffer[]): void {
    this.#credit.handedOver();
    this.#network.sendToGroup(pieces, this.#ring.slotBytes, this.#onSent);
  }

  readonly #onSent = (fault: Error | null): void => {
    if (fault) this.#counters.sendErrors += 1;
    this.#credit.taken();
  };

  /** At once after a pause; in a busy time what comes within a moment leaves together. */
  readonly #onFlush = (): void => {
    if (this.#credit.isClosed) return;
    const waitedMs = this.#clock.monotonicMs() - this.#flushedAtMs;
    if (this.#prover && waitedMs < provenGatherMs) {
      this.#clock.setTimeout(this.#onFlush, provenGatherMs);
      return;
    }
    if (waitedMs < gatherMs) {
      this.#network.atEndOfTurn(this.#onFlush);
      return;
    }
    this.#flushPlanned = false;
    this.flush();
  };

  #isLastOfRun(sequence: number): boolean {
    return sequence + 1 - this.#runStart >= this.runSlotsMax || (sequence + 1) % this.#ring.slots === 0;
  }

  /** The closed slots that are in no run yet are one: sent at once, or with others under one signature. */
  #endRun(): void {
    const ring = this.#ring;
    const first = this.#runStart;
    if (ring.sequence === first) return;
    if (this.#prover && ring.unusedBytes(ring.sequence - 1) < runProof.bytesMax) this.#closeProofSlot();
    const count = ring.sequence - first;
    this.#runStart = ring.sequence;
    if (!this.#prover) return this.#sendRun(first, count, ring.makeRun(first, count));
    this.#prover.add(first, count);
    if (this.#prover.isFull) this.#sendProven(this.#prover);
  }

  /** Frames have left no room for the proof. */
  #closeProofSlot(): void {
    if (!this.#ring.isOpen) this.#ring.openSlot(runProof.bytesMax);
    this.#ring.closeSlot();
  }

  #sendProven(prover: RunProver): void {
    for (const { first, count, bytes } of prover.prove()) this.#sendRun(first, count, bytes);
  }

  #sendRun(first: number, count: number, run: Buffer): void {
    const tagAt = (count - 1) * this.#ring.slotBytes + dataHeader.tag;
    this.#seal.runTag(run, tagAt, first).copy(run, tagAt);
    this.#ring.markSent(first + count);
    this.#flushedAtMs = this.#clock.monotonicMs();
    this.#credit.slotsSent(count);
    this.#counters.runsSent += 1;
    this.#counters.slotsSent += count;
    this.#counters.bytesSent += run.length;
    this.send([run]);
    this.#announcer.dataSent();
  }
}
