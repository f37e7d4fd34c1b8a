/** What an actor has become, to be kept or to go along with it. */

import type { ActorSeat } from '../frames.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ActorKind } from '../lives/ActorKind.js';
import type { ActorTimers } from '../mailboxes/ActorTimers.js';
import type { MachineRun } from '../tiers/MachineTier.js';
import type { ActorImage, ImageMonitor } from './ActorImage.js';
import type { PersistentActor } from './PersistentActor.js';
import { packContext } from './packContext.js';
import { withoutClock } from './withoutClock.js';

/** Of one that persists; it is up to date then. @throws what packContext() throws */
export function imageOf(actor: PersistentActor, kind: ActorKind, run: MachineRun, timers: ActorTimers): ActorImage {
  const snapshot = packedSnapshot(kind, run);
  actor.imaged = actor.sequence;
  return {
    id: actor.id,
    version: kind.definition.snapshotVersion ?? 1,
    snapshot,
    sequence: actor.sequence,
    ledger: actor.ledger,
    timers: timers.list(actor.cell),
    subscriptions: actor.subscriptions,
    monitors: monitorsOf(actor.cell),
  };
}

/** What an actor has become, whether it persists or not. */
export function imageToMove(cell: ActorCell, timers: ActorTimers): ActorImage {
  const { extras, named, kind, run } = cell;
  if (extras?.persistent) return imageOf(extras.persistent, kind as ActorKind, run as MachineRun, timers);
  return {
    id: (named as ActorSeat).id,
    version: (kind as ActorKind).definition.snapshotVersion ?? 1,
    snapshot: packedSnapshot(kind as ActorKind, run as MachineRun),
    sequence: 0,
    ledger: null,
    timers: timers.list(cell),
    subscriptions: [],
    monitors: [],
  };
}

function packedSnapshot({ definition, tier }: ActorKind, run: MachineRun): unknown {
  const snapshot = tier.snapshot(run) as { readonly context?: unknown };
  const context = withoutClock(packContext(definition, snapshot.context));
  return context === snapshot.context ? snapshot : { ...snapshot, context };
}

function monitorsOf({ extras }: ActorCell): ImageMonitor[] {
  const bonds = [...(extras?.watching?.values() ?? [])];
  return bonds.filter(({ isLink }) => !isLink).map(({ target, tag }) => ({ target, tag }));
}
