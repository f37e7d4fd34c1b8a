/**
 * The effects of one actor for one receiver, from their release until they are answered. They leave in their order, as
 * many at a time as the window lets; each says which one goes before it, so that the receiver can refuse what comes
 * without that. After a loss the lane begins again at the first that is unanswered, one at a time at first and more
 * with each answer: so what was lost comes in order, as fast as the receiver takes it, and hardly anything twice.
 *
 * ```
 *   answered ─┬─ under way: at most the window ─┬─ waiting
 *           head                              next
 * ```
 */
import { limits } from '../../protocol/limits.js';

/** Answered effects in front of the others before their places are given back. */
const answeredPlacesMax = 1_024;

export class EffectLane {
  /** As the shard tells receivers apart. */
  readonly receiver: string;
  /** Those that happened, wherever one learns of it, are in it no longer. */
  readonly #unanswered: ReadonlyMap<number, unknown>;
  /** Rising. Answered ones stay in their places until the places are given back. */
  readonly #numbers: number[] = [];
  #head = 0;
  #next = 0;
  #underWay = 0;
  #window: number = limits.effectsUnderWayMax;
  /** Nothing was heard since the last look. */
  #isQuiet = false;
  /** Somebody is sending what is next. */
  isSending = false;

  /** @param unanswered all of the actor's effects that are not known to have happened, by number */
  constructor(receiver: string, unanswered: ReadonlyMap<number, unknown>) {
    this.receiver = receiver;
    this.#unanswered = unanswered;
  }

  get isEmpty(): boolean {
    return this.#head === this.#numbers.length;
  }

  add(number: number): void {
    this.#numbers.push(number);
  }

  /** @returns the effect that leaves now; 0 when none may */
  take(): number {
    while (this.#next < this.#numbers.length && this.#underWay < this.#window) {
      const number = this.#numbers[this.#next++] as number;
      if (!this.#unanswered.has(number)) continue;
      this.#underWay++;
      return number;
    }
    return 0;
  }

  /** The effect that goes before the one that was taken last: the last unanswered one; 0 when there is none. */
  get before(): number {
    for (let place = this.#next - 2; place >= this.#head; place--) {
      const number = this.#numbers[place] as number;
      if (this.#unanswered.has(number)) return number;
    }
    return 0;
  }

  /** An effect of this lane is unanswered no longer. */
  answered(number: number): void {
    this.#isQuiet = false;
    if (this.#isUnderWay(number)) this.#underWay--;
    if (this.#window < limits.effectsUnderWayMax) this.#window++;
    while (!this.isEmpty && !this.#unanswered.has(this.#numbers[this.#head] as number)) this.#head++;
    if (this.#next < this.#head) this.#next = this.#head;
    if (this.#head >= answeredPlacesMax && 2 * this.#head >= this.#numbers.length) this.#giveBack();
  }

  /** There was no room for it, nor for what came behind it: they wait until something is heard. */
  refused(number: number): void {
    if (!this.#isUnderWay(number)) return;
    for (let last = -1; last !== number && this.#next > this.#head; ) {
      last = this.#numbers[--this.#next] as number;
      if (this.#unanswered.has(last)) this.#underWay--;
    }
    this.#window = this.#underWay;
  }

  /** The receiver lacks what goes before it. @returns whether the lane has begun again */
  missed(number: number): boolean {
    if (!this.#isUnderWay(number)) return false;
    this.beginAgain();
    return true;
  }

  /** What was under way is lost, or may be. */
  beginAgain(): void {
    this.#next = this.#head;
    this.#underWay = 0;
    this.#window = 1;
  }

  /** Nobody will hear an answer: all of it goes now. */
  openWide(): void {
    this.#window = Number.POSITIVE_INFINITY;
  }

  /** Now and then, for a loss that nobody has told of. @returns whether the lane has begun again */
  look(): boolean {
    const isStuck = this.#isQuiet || this.#underWay === 0;
    if (isStuck) this.beginAgain();
    this.#isQuiet = true;
    return isStuck;
  }

  #isUnderWay(number: number): boolean {
    return this.#next > this.#head && number <= (this.#numbers[this.#next - 1] as number);
  }

  #giveBack(): void {
    this.#numbers.splice(0, this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}
