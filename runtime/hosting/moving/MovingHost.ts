/** The parts of a host that actors leave and come to. */
import type { ActorCell } from '../ActorCell.js';
import type { ActorTimers } from '../ActorTimers.js';
import type { ActorTurns } from '../ActorTurns.js';
import type { Bonds } from '../Bonds.js';
import type { EventInterest } from '../EventInterest.js';
import type { NoticeFrame } from '../frames.js';
import type { ShardPersistence } from '../persistence/ShardPersistence.js';
import type { Switchboard } from '../Switchboard.js';

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
