/**
 * The timers of machines: `after`, and what they send or raise with a delay. All of a shard's are in one TimerWheel;
 * each actor has a list of its own, the latest first, because most have one or none.
 */
import type { AnyEventObject } from 'xstate';
import type { Clock } from '../protocol/Clock.js';
import { limits } from '../protocol/limits.js';
import type { ActorCell } from './ActorCell.js';
import { TimerWheel, type WheelTimer } from './TimerWheel.js';

export interface ActorTimer {
  readonly cell: ActorCell;
  /** Undefined for one that cannot be cancelled by name. */
  readonly id: string | undefined;
  readonly event: AnyEventObject;
  /** Null for an event that the machine sends itself. */
  readonly target: unknown;
  turn: WheelTimer<ActorTimer> | null;
  next: ActorTimer | null;
}

export class ActorTimers {
  readonly #wheel: TimerWheel<ActorTimer>;

  constructor(clock: Clock, due: (timer: ActorTimer) => void) {
    const fire = (timer: ActorTimer): void => {
      unlink(timer);
      due(timer);
    };
    this.#wheel = new TimerWheel(clock, fire, limits.timersPerTurnMax);
  }

  set(cell: ActorCell, id: string | undefined, delayMs: number, event: AnyEventObject, target: unknown): void {
    const timer: ActorTimer = { cell, id, event, target, turn: null, next: cell.timers };
    timer.turn = this.#wheel.set(timer, delayMs);
    cell.timers = timer;
  }

  /** Ends the latest timer of this id. */
  cancel(cell: ActorCell, id: string): void {
    for (let timer = cell.timers; timer; timer = timer.next) {
      if (timer.id !== id) continue;
      unlink(timer);
      this.#wheel.cancel(timer.turn as WheelTimer<ActorTimer>);
      return;
    }
  }

  clear(cell: ActorCell): void {
    for (let timer = cell.timers; timer; timer = timer.next) {
      this.#wheel.cancel(timer.turn as WheelTimer<ActorTimer>);
    }
    cell.timers = null;
  }

  close(): void {
    this.#wheel.close();
  }
}

function unlink(timer: ActorTimer): void {
  const { cell } = timer;
  if (cell.timers === timer) {
    cell.timers = timer.next;
    return;
  }
  for (let before = cell.timers; before; before = before.next) {
    if (before.next !== timer) continue;
    before.next = timer.next;
    return;
  }
}
