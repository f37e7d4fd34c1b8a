/**
 * How often a reader that finds nothing looks again before it sleeps. To wake a thread costs the other one a system call
 * and both of them tens of microseconds, a look about one; so looking pays where the next frame is near, as in a talk
 * between two threads, and nowhere else. Whether it is near is what the last looks have shown: each that was in vain
 * halves the patience, one that was not restores it, and one without any tries again now and then.
 *
 * The same trade as an adaptive mutex, or the busy wait of Erlang's schedulers (`erl +sbwt`).
 */

/** Looks in turns of the event loop, a microsecond each: as long as waking takes, so it never costs twice as much. */
const looksMax = 64;
/** Sleeps without a look before it is tried again. */
const sleepsPerTrial = 32;

export class Patience {
  #looks = looksMax;
  #left = looksMax;
  #isLooking = false;
  #sleeps = 0;

  /** There were frames. */
  found(): void {
    if (this.#isLooking) this.#looks = looksMax;
    this.#isLooking = false;
    this.#left = this.#looks;
  }

  /** There were none. @returns whether to look again instead of sleeping */
  again(): boolean {
    if (this.#left > 0) {
      this.#left--;
      this.#isLooking = true;
      return true;
    }
    this.#isLooking = false;
    this.#looks >>>= 1;
    if (this.#looks === 0 && ++this.#sleeps === sleepsPerTrial) {
      this.#sleeps = 0;
      this.#looks = looksMax;
    }
    return false;
  }
}
