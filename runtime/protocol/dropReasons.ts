/** Why something from outside was not taken further. Counted, never thrown; logged at most once a minute each. */
export const dropReasons = [
  'over-budget',
  'truncated',
  'oversized',
  'bad-magic',
  'unknown-version',
  'foreign-academy',
  'bad-integrity',
  'own-echo',
  'replayed',
  'unknown-event',
  'wrong-channel',
  'clock-skew',
  'no-listener',
  'undecodable',
  'invalid-payload',
  'forged-source',
  'unproven-source',
  'bad-signature',
  'bad-chain',
  'unknown-room',
  'mailbox-full',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Counts by reason; a plain record so that it can be shown and sent as it is. */
export type DropCounts = Partial<Record<DropReason, number>>;
