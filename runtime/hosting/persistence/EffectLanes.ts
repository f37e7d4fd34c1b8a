/**
 * Where the released effects of one actor stand: a lane for each receiver that has not answered all that it was sent.
 */
import { EffectLane } from './EffectLane.js';

export class EffectLanes {
  readonly #unanswered: ReadonlyMap<number, unknown>;
  readonly #byReceiver = new Map<string, EffectLane>();
  readonly #byNumber = new Map<number, EffectLane>();

  /** @param unanswered all of the actor's effects that are not known to have happened, by number */
  constructor(unanswered: ReadonlyMap<number, unknown>) {
    this.#unanswered = unanswered;
  }

  /** Puts a released effect behind all others for the same receiver. */
  add(receiver: string, number: number): EffectLane {
    let lane = this.#byReceiver.get(receiver);
    if (!lane) {
      lane = new EffectLane(receiver, this.#unanswered);
      this.#byReceiver.set(receiver, lane);
    }
    lane.add(number);
    this.#byNumber.set(number, lane);
    return lane;
  }

  /** Undefined when it is not released, or answered. */
  of(number: number): EffectLane | undefined {
    return this.#byNumber.get(number);
  }

  /** It is unanswered no longer. */
  answered(number: number): void {
    const lane = this.#byNumber.get(number);
    if (!lane) return;
    this.#byNumber.delete(number);
    lane.answered(number);
    if (lane.isEmpty) this.#byReceiver.delete(lane.receiver);
  }

  [Symbol.iterator](): IterableIterator<EffectLane> {
    return this.#byReceiver.values();
  }
}
