/**
 * One actor as it is kept: what is needed to go on with it in another thread or another process. Its address is not in
 * it, nor its mailbox: an image says what the actor has become, not where it lives or what it is still to hear.
 */
import type { ActorEffect, ActorReference } from '../../protocol/actors.js';
import type { AcademyEventName } from '../../protocol/events.js';

export interface ActorImage {
  /** The actor's number, which it keeps for good. */
  readonly id: number;
  /** Snapshot version of the definition that has made it. */
  readonly version: number;
  /** XState's persisted shape. */
  readonly snapshot: unknown;
  /** Messages handled by then; of two images of one actor the one with the higher number is the later. */
  readonly sequence: number;
  /** Of `journal` actors; null for others. */
  readonly ledger: EffectLedger | null;
  /** Timers that are set. */
  readonly timers: readonly ImageTimer[];
  readonly subscriptions: readonly ImageSubscription[];
}

/** What a `journal` actor has said and heard, so that it says and hears nothing twice. */
export interface EffectLedger {
  /** Number of the last effect that it has had. */
  readonly lastEffect: number;
  /** Effects that are committed and not known to have happened. */
  readonly outbox: readonly OutboxEffect[];
  /** The last effect that it has had of each sender. */
  readonly seen: readonly (readonly [sender: number, effect: number])[];
}

export interface OutboxEffect {
  readonly number: number;
  readonly effect: ActorEffect;
}

export interface ImageTimer {
  readonly id: string | undefined;
  /** Wall time, so that time goes on while the actor does not run. */
  readonly dueAtMs: number;
  readonly event: unknown;
  readonly target: unknown;
}

export interface ImageSubscription {
  readonly event: AcademyEventName;
  readonly roomId: string | null;
  readonly remoteOnly: boolean;
}

/** A message that a `journal` actor has handled. */
export interface JournalEntry {
  readonly sequence: number;
  /** How it came: by its mailbox, or by a timer of the actor's own. */
  readonly kind: 'message' | 'timer';
  readonly type: string;
  readonly data: unknown;
  readonly from: ActorReference | null;
  readonly atMs: number;
  /** When it was an effect of another `journal` actor. */
  readonly origin: readonly [sender: number, effect: number] | null;
  /** The actor's effects up to this number have happened. */
  readonly doneEffects: number;
}
