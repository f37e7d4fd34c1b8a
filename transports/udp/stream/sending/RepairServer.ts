/**
 * Sends again what members ask for, from the ring: each slot once in a moment, however many ask for it, and no more for
 * each member than its budget. A request that asks for what is gone is counted, and answered by the next heartbeat.
 */
import type { OutgoingStreamStats } from '../../../../runtime/protocol/streams.js';
import { controlBytes, nakRangeBytes, readU48, streamTagBytes } from '../streamDatagrams.js';
import type { StreamMember } from './StreamMembers.js';
import type { TermRing } from './TermRing.js';

/** A slot is not repaired again while its repair is on the way. */
const repairLingerMs = 1;
/** Slots that a member may have repaired in a second. */
const repairsPerSecondMax = 200_000;
/** What it may have at once, too: a tenth of it. */
export const repairBurst = repairsPerSecondMax / 10;

type RepairCounts =
  | 'slotsRepaired'
  | 'repairsRefused'
  | 'repairsOverBudget'
  | 'repairsSuppressed'
  | 'bytesSent'
  | 'badControl';

export interface RepairServerParts {
  readonly ring: TermRing;
  readonly counters: { -readonly [K in RepairCounts & keyof OutgoingStreamStats]: number };
  /** Slots that one send may carry. */
  readonly runSlotsMax: () => number;
  readonly send: (pieces: readonly Buffer[]) => void;
}

export class RepairServer {
  readonly #parts: RepairServerParts;
  readonly #repairedAtMs: Float64Array;

  constructor(parts: RepairServerParts) {
    this.#parts = parts;
    this.#repairedAtMs = new Float64Array(parts.ring.slots).fill(Number.NEGATIVE_INFINITY);
  }

  /** Whether a request has the length that it should have. */
  isSound(nak: Buffer): boolean {
    const ranges = nak.length < controlBytes.nakHead ? 0 : nak.readUInt16BE(28);
    return nak.length === controlBytes.nakHead + ranges * nakRangeBytes + streamTagBytes;
  }

  serve(nak: Buffer, member: StreamMember, nowMs: number): void {
    const { ring, counters } = this.#parts;
    const wanted: number[] = [];
    for (let range = nak.readUInt16BE(28) - 1, at: number = controlBytes.nakHead; range >= 0; range--) {
      const first = readU48(nak, at);
      const end = Math.min(first + nak.readUInt16BE(at + 6), ring.sent);
      // What is gone is not looked at one by one: a range may name 65,535.
      const kept = Math.min(end, Math.max(first, ring.oldest));
      counters.repairsRefused += Math.max(0, kept - first);
      for (let sequence = kept; sequence < end; sequence++) {
        if (this.#mayRepair(sequence, member, nowMs)) wanted.push(sequence);
      }
      at += nakRangeBytes;
    }
    this.#send(wanted);
  }

  #mayRepair(sequence: number, member: StreamMember, nowMs: number): boolean {
    const { ring, counters } = this.#parts;
    const slot = sequence % ring.slots;
    if (!ring.holds(sequence)) {
      counters.repairsRefused += 1;
      return false;
    }
    if (nowMs - (this.#repairedAtMs[slot] as number) < repairLingerMs) {
      counters.repairsSuppressed += 1;
      return false;
    }
    if (!takeRepair(member, nowMs)) {
      counters.repairsOverBudget += 1;
      return false;
    }
    this.#repairedAtMs[slot] = nowMs;
    return true;
  }

  /** Whole slots go together; a short one ends its send, since only the last of a send may be short. */
  #send(sequences: readonly number[]): void {
    const { ring, counters, send } = this.#parts;
    const runSlotsMax = this.#parts.runSlotsMax();
    let pieces: Buffer[] = [];
    for (const sequence of sequences) {
      const datagram = ring.datagramOf(sequence);
      pieces.push(datagram);
      counters.slotsRepaired += 1;
      counters.bytesSent += datagram.length;
      if (datagram.length === ring.slotBytes && pieces.length < runSlotsMax) continue;
      send(pieces);
      pieces = [];
    }
    if (pieces.length > 0) send(pieces);
  }
}

function takeRepair(member: StreamMember, nowMs: number): boolean {
  const refill = ((nowMs - member.repairRefilledMs) / 1_000) * repairsPerSecondMax;
  member.repairBudget = Math.min(repairBurst, member.repairBudget + refill);
  member.repairRefilledMs = nowMs;
  if (member.repairBudget < 1) return false;
  member.repairBudget -= 1;
  return true;
}
