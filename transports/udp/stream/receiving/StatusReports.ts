/**
 * Tells the publisher how far this receiver has come, and how far it may send: at once after so much progress, else by
 * the clock.
 */
import type { Clock } from '../../../../runtime/protocol/Clock.js';
import { controlBytes, datagramKinds, writeU48 } from '../streamDatagrams.js';
import type { ReceiverVoice } from './ReceiverVoice.js';
import type { StreamDelivery } from './StreamDelivery.js';

const idleStatusMs = 700;
/** Progress after which a status is sent at once, as a share of the window. */
const statusShare = 1 / 8;

export interface StatusReportsParts {
  readonly delivery: StreamDelivery;
  readonly voice: ReceiverVoice;
  readonly clock: Clock;
  /** Slots that may be on the way to this receiver from this publisher. */
  readonly windowSlots: () => number;
  /** Slots that are kept behind a gap. */
  readonly heldSlotsMax: number;
}

export class StatusReports {
  readonly #parts: StatusReportsParts;
  readonly #delivery: StreamDelivery;
  /** Where it stood at the last status, and the first slot beyond what that allowed. */
  #reportedNext = 0;
  #reportedLimit = 0;
  #sentMs = 0;

  constructor(parts: StatusReportsParts) {
    this.#parts = parts;
    this.#delivery = parts.delivery;
  }

  /** Data has come. */
  afterData(): void {
    const share = this.#parts.windowSlots() * statusShare;
    if (this.#delivery.next - this.#reportedNext >= share || this.#limit() - this.#reportedLimit >= share) this.send();
  }

  /** By the clock. */
  isDue(nowMs: number): boolean {
    return (
      this.#delivery.isBehind || this.#delivery.next !== this.#reportedNext || nowMs - this.#sentMs >= idleStatusMs
    );
  }

  send(): void {
    const { voice, clock } = this.#parts;
    const { next } = this.#delivery;
    this.#reportedNext = next;
    this.#reportedLimit = this.#limit();
    this.#sentMs = clock.monotonicMs();
    const status = voice.countedDatagram(controlBytes.status, datagramKinds.status);
    writeU48(status, next, 28);
    status.writeUInt32BE(this.#reportedLimit - next, 34);
    voice.send(status);
  }

  /**
   * What is behind a gap has left the socket and takes none of its room, so it holds up nobody: the publisher may go on
   * while the gap is repaired, as far as the window keeps.
   */
  #limit(): number {
    const { next, horizon } = this.#delivery;
    const arrived = Math.max(next, horizon);
    return Math.min(arrived + this.#parts.windowSlots(), next + this.#parts.heldSlotsMax);
  }
}
