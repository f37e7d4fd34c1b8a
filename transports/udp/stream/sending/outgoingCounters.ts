/** What a publisher counts of its stream. Each part counts its own share, and a caller is given a copy of them all. */
import type { OutgoingStreamStats } from '../../../../runtime/protocol/streams.js';

export type OutgoingCounters = { -readonly [K in keyof OutgoingStreamStats]: number };

export function outgoingCounters(): OutgoingCounters {
  return {
    framesWritten: 0,
    slotsSent: 0,
    bytesSent: 0,
    runsSent: 0,
    slotsRepaired: 0,
    repairsRefused: 0,
    repairsOverBudget: 0,
    repairsSuppressed: 0,
    backPressure: 0,
    membersJoined: 0,
    membersEvicted: 0,
    membersLeft: 0,
    badControl: 0,
    answersOverBudget: 0,
    sendErrors: 0,
  };
}
