/** What goes with an actor to another shard, beside its image and what waits in its mailbox. */
import type { ActorAddress, AskToken, DeliveredMessage } from '../../protocol/actors.js';
import type { ErrorRecord } from '../../protocol/errors.js';
import type { AskNote, CarriedAsk } from '../addresses/AskTable.js';
import type { CarriedSubscription } from '../events/EventInterest.js';
import type { Bond, Watcher } from '../lives/Bonds.js';
import type { EffectLedger } from '../persistence/ActorImage.js';
import type { CarriedBook } from '../persistence/ActorRestorer.js';

export interface MovingState {
  readonly from: ActorAddress;
  readonly restarts: number;
  readonly messagesHandled: number;
  readonly lastError: ErrorRecord | null;
  readonly quarantined: number;
  /** Questions that it has asked. */
  readonly asks: readonly (readonly [ask: CarriedAsk, note: AskNote])[];
  /** Questions that it was asked and has not answered. */
  readonly owed: readonly AskToken[];
  readonly watchers: readonly Watcher[];
  readonly watching: readonly (readonly [ask: CarriedAsk, bond: Bond])[];
  readonly subscriptions: readonly CarriedSubscription[];
  /** Messages that are tried once more. */
  readonly again: readonly DeliveredMessage[];
  /** Committed effects of others that it has had, when it keeps no journal itself. */
  readonly seen: EffectLedger['seen'] | null;
  readonly book: CarriedBook | null;
}
