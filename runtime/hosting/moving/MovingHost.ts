/** The parts of a host that actors leave and come to. */

import type { Switchboard } from '../addresses/Switchboard.js';
import type { EventInterest } from '../events/EventInterest.js';
import type { NoticeFrame } from '../frames.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { Bonds } from '../lives/Bonds.js';
import type { ActorTimers } from '../mailboxes/ActorTimers.js';
import type { ActorTurns } from '../mailboxes/ActorTurns.js';
import type { ShardPersistence } from '../persistence/ShardPersistence.js';

export interface MovingHost {
  readonly shard: number;
  readonly switchboard: Switchboard;
  readonly turns: ActorTurns;
  readonly timers: ActorTimers;
  readonly bonds: Bonds;
  readonly interest: EventInterest<ActorCell>;
  readonly persistence: ShardPersistence;
  readonly toMain: (frame: NoticeFrame) => void;
  find(slot: number, generation: number): ActorCell | undefined;
}
