/**
 * One actor as it is kept: what is needed to go on with it in another thread or another process. Its address is not in
 * it, nor its mailbox: an image says what the actor has become, not where it lives or what it is still to hear.
 */
import type { ActorEffect, ActorReference, DeliveredMessage } from '../../protocol/actors.js';
import type { AcademyEventName } from '../../protocol/events.js';
import type { MessageOrigin } from '../../protocol/persistence.js';

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
  /** Whom it monitors. A link is not kept: the end of a thread has ended it for the other side. */
  readonly monitors: readonly ImageMonitor[];
}

/** What a `journal` actor has said and heard, so that it says and hears nothing twice. */
export interface EffectLedger {
  /** Number of the last effect that it has had. */
  readonly lastEffect: number;
  /** Effects that are committed and not known to have happened. */
  readonly outbox: readonly OutboxEffect[];
  /** Questions that it has asked and that are not answered, by the number of the effect. */
  readonly open: readonly (readonly [effect: number, question: { readonly settles: string; readonly tag: unknown }])[];
  /** Of each sender: up to which effect all were done by its own word, and later ones that this actor has had. */
  readonly seen: readonly (readonly [sender: number, done: number, ...effects: number[]])[];
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
  /** Whether it cannot be cancelled by its id any more. */
  readonly isForgotten?: boolean;
}

export interface ImageMonitor {
  readonly target: ActorReference;
  readonly tag: unknown;
}

export interface ImageSubscription {
  readonly event: AcademyEventName;
  readonly roomId: string | null;
  readonly remoteOnly: boolean;
}

/** A message that a `journal` actor has handled, or a timer of its own that was due. */
export interface JournalEntry {
  readonly sequence: number;
  /** As the machine got it. */
  readonly event: DeliveredMessage;
  /** The timer that was due; null for a message. */
  readonly timer: { readonly id: string | undefined } | null;
  readonly origin: MessageOrigin | null;
  /** The actor's effects up to this number have happened. */
  readonly done: number;
}
