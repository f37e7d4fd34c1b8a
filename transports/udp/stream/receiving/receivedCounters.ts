/** What a receiver counts of one stream. Each part counts its own share, and a caller is given a copy of them all. */

export interface ReceivedStreamStats {
  readonly frames: number;
  readonly slots: number;
  readonly bytes: number;
  /** Bytes that were copied because they came before their turn. */
  readonly bytesCopied: number;
  readonly duplicates: number;
  readonly repaired: number;
  readonly naks: number;
  /** Slots that will never come: gone from the publisher's ring, or passed over in a lossy stream. */
  readonly lost: number;
  readonly badTags: number;
  /** What another member has forged: its tag is right, its signature is not. */
  readonly badProofs: number;
  readonly malformed: number;
  /** Beyond the window. */
  readonly tooFarAhead: number;
  readonly badControl: number;
  readonly joins: number;
}

export type ReceivedCounters = { -readonly [K in keyof ReceivedStreamStats]: number };

export function receivedCounters(): ReceivedCounters {
  return {
    frames: 0,
    slots: 0,
    bytes: 0,
    bytesCopied: 0,
    duplicates: 0,
    repaired: 0,
    naks: 0,
    lost: 0,
    badTags: 0,
    badProofs: 0,
    malformed: 0,
    tooFarAhead: 0,
    badControl: 0,
    joins: 0,
  };
}
