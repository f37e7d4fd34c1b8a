/**
 * Asks the publisher for what is missing (NAK): each slot once in two round trips, gaps that follow one another together,
 * and in a crowd not at once, since others may miss the same.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import type { Random } from '../../../../runtime/protocol/Random.js';
import type { StreamNetwork } from '../StreamNetwork.js';
import type { StreamTimer } from '../StreamTimer.js';
import {
  controlBytes,
  datagramKinds,
  nakRangeBytes,
  nakRangesMax,
  streamTagBytes,
  writeU48,
} from '../streamDatagrams.js';
import type { ReceiverVoice } from './ReceiverVoice.js';
import type { RoundTrip } from './RoundTrip.js';
import type { ReceivedCounters } from './receivedCounters.js';
import type { SlotWindow } from './SlotWindow.js';
import type { StreamDelivery } from './StreamDelivery.js';
import type { StreamMembership } from './StreamMembership.js';

/** From this many receivers on, each waits a random moment before it asks: others may miss the same. */
const crowd = 3;
const backOffMs = 1;
/** While something is asked for already, so many further slots come before the next request. */
const askedApartSlots = 512;

export interface RepairRequestsParts {
  readonly membership: StreamMembership;
  readonly delivery: StreamDelivery;
  readonly window: SlotWindow;
  readonly roundTrip: RoundTrip;
  readonly voice: ReceiverVoice;
  readonly timer: StreamTimer;
  readonly counters: ReceivedCounters;
  readonly network: StreamNetwork;
  readonly clock: Clock;
  readonly random: Random;
}

type MissingRange = [first: number, slots: number];

export class RepairRequests {
  readonly #parts: RepairRequestsParts;
  readonly #delivery: StreamDelivery;
  #members = 1;
  #isPlanned = false;
  /** The horizon when something was asked for last. */
  #askedHorizon = 0;

  constructor(parts: RepairRequestsParts) {
    this.#parts = parts;
    this.#delivery = parts.delivery;
  }

  /** How many receive the stream, as its publisher says. */
  amongst(members: number): void {
    this.#members = members;
  }

  /** Data has come. The first gap is told at once; further ones are gathered, since each request costs as much as a run. */
  afterData(): void {
    if (!this.#delivery.isBehind) return;
    const isFirst = this.#delivery.next >= this.#askedHorizon;
    const isFar = this.#delivery.horizon - this.#askedHorizon >= askedApartSlots;
    if (this.#members < crowd && (isFirst || isFar)) this.#ask();
    else this.plan();
  }

  /** Asks at the end of the turn, or in a crowd a moment later. */
  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const { network, clock, random } = this.#parts;
    if (this.#members < crowd) network.atEndOfTurn(this.#onPlanned);
    else clock.setTimeout(this.#onPlanned, random.next() * backOffMs);
  }

  readonly #onPlanned = (): void => {
    this.#isPlanned = false;
    if (this.#parts.membership.isJoined) this.#ask();
  };

  #ask(): void {
    const { roundTrip, timer } = this.#parts;
    this.#askedHorizon = this.#delivery.horizon;
    const missing = this.#missing();
    if (this.#delivery.isBehind) timer.setBy(Math.max(1, Math.ceil(2 * roundTrip.ms)));
    if (missing.length > 0) this.#send(missing);
  }

  /** What is missing and was not asked for within the last two round trips; it counts as asked for now. */
  #missing(): readonly MissingRange[] {
    const { window, roundTrip, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    const again = nowMs - 2 * roundTrip.ms;
    const ranges: MissingRange[] = [];
    let isAgain = false;
    for (let sequence = this.#delivery.next; sequence < this.#delivery.horizon; sequence++) {
      if (window.has(sequence) || window.askedAtMs(sequence) > again) continue;
      const last = ranges[ranges.length - 1];
      if (last && last[0] + last[1] === sequence) last[1] += 1;
      else if (ranges.length < nakRangesMax) ranges.push([sequence, 1]);
      else break;
      if (window.asked(sequence, nowMs)) isAgain = true;
    }
    if (isAgain) roundTrip.wasTooShort();
    return ranges;
  }

  #send(missing: readonly MissingRange[]): void {
    const { voice, counters } = this.#parts;
    const bytes = controlBytes.nakHead + missing.length * nakRangeBytes + streamTagBytes;
    const nak = voice.countedDatagram(bytes, datagramKinds.nak);
    nak.writeUInt16BE(missing.length, 28);
    let at: number = controlBytes.nakHead;
    for (const [first, slots] of missing) {
      writeU48(nak, first, at);
      nak.writeUInt16BE(slots, at + 6);
      at += nakRangeBytes;
    }
    counters.naks += 1;
    voice.send(nak);
  }
}
