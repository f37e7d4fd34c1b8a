/**
 * The timers of machines: `after`, and what they send or raise with a delay. All of a shard's are in one TimerWheel;
 * each actor has a list of its own, the latest first, because most have one or none.
 */
import type { AnyEventObject } from 'xstate';
import type { Clock } from '../../protocol/Clock.js';
import { limits } from '../../protocol/limits.js';
import type { ActorCell } from '../lives/ActorCell.js';
import type { ImageTimer } from '../persistence/ActorImage.js';
import { TimerWheel, type WheelTimer } from './TimerWheel.js';

export interface ActorTimer {
  readonly cell: ActorCell;
  /** Undefined for one that cannot be cancelled by name. */
  readonly id: string | undefined;
  /** Whether another of its id has ended since it was the latest: it cannot be cancelled by name any more. */
  isForgotten: boolean;
  readonly event: AnyEventObject;
  /** Null for an event that the machine sends itself. */
  readonly target: unknown;
  turn: WheelTimer<ActorTimer> | null;
  next: ActorTimer | null;
}

export class ActorTimers {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel<ActorTimer>;

  constructor(clock: Clock, due: (timer: ActorTimer) => void) {
    this.#clock = clock;
    const fire = (timer: ActorTimer): void => {
      end(timer);
      due(timer);
    };
    this.#wheel = new TimerWheel(clock, fire, limits.timersPerTurnMax);
  }

  set(cell: ActorCell, id: string | undefined, delayMs: number, event: AnyEventObject, target: unknown): void {
    const timer: ActorTimer = { cell, id, isForgotten: false, event, target, turn: null, next: cell.timers };
    timer.turn = this.#wheel.set(timer, delayMs);
    cell.timers = timer;
  }

  /** Ends the latest timer of this id, unless another of the id has ended since it was set. */
  cancel(cell: ActorCell, id: string): void {
    const timer = latestOf(cell, id);
    if (!timer || timer.isForgotten) return;
    end(timer);
    this.#wheel.cancel(timer.turn as WheelTimer<ActorTimer>);
  }

  /** Ends the first to be due of that id and type, which was due in an earlier life. */
  fired(cell: ActorCell, id: string | undefined, type: string): ActorTimer | null {
    let first: ActorTimer | null = null;
    for (let timer = cell.timers; timer; timer = timer.next) {
      if (timer.id === id && timer.event.type === type && (!first || dueTick(timer) < dueTick(first))) first = timer;
    }
    if (!first) return null;
    end(first);
    this.#wheel.cancel(first.turn as WheelTimer<ActorTimer>);
    return first;
  }

  /** Sets those of an image, each for when it is due. */
  arm(cell: ActorCell, timers: readonly ImageTimer[]): void {
    const nowMs = this.#clock.nowMs();
    for (const { id, dueAtMs, event, target, isForgotten = false } of timers) {
      this.set(cell, id, dueAtMs - nowMs, event as AnyEventObject, target);
      if (isForgotten && cell.timers) cell.timers.isForgotten = true;
    }
  }

  /** Those that are set, the first set first. */
  list(cell: ActorCell): ImageTimer[] {
    const timers: ImageTimer[] = [];
    for (let timer = cell.timers; timer; timer = timer.next) {
      const { id, event, target, turn, isForgotten } = timer;
      const dueAtMs = this.#clock.nowMs() + this.#wheel.remainingMs(turn as WheelTimer<ActorTimer>);
      timers.push({ id, dueAtMs, event, target, ...(isForgotten ? { isForgotten } : {}) });
    }
    return timers.reverse();
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

function dueTick(timer: ActorTimer): number {
  return (timer.turn as WheelTimer<ActorTimer>).dueTick;
}

function latestOf(cell: ActorCell, id: string): ActorTimer | null {
  let timer = cell.timers;
  while (timer && timer.id !== id) timer = timer.next;
  return timer;
}

/** XState knows of each id the timer that was set last, and forgets it when any of that id fires or is cancelled. */
function end(timer: ActorTimer): void {
  const { cell, id } = timer;
  unlink(timer);
  const forgotten = id === undefined ? null : latestOf(cell, id);
  if (forgotten) forgotten.isForgotten = true;
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
