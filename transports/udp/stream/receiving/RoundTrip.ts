/** How long it takes from asking for a slot until its repair is here: learned from what comes, and from what does not. */
const firstRoundTripMs = 4;
const roundTripMsMin = 0.5;
const roundTripMsMax = 250;

export class RoundTrip {
  #ms = firstRoundTripMs;

  get ms(): number {
    return this.#ms;
  }

  /** A repair came that was asked for once: which of several requests it answers is not known (Karn and Partridge, 1987). */
  took(ms: number): void {
    // Smoothed as in RFC 6298, section 2.
    this.#ms += (Math.max(roundTripMsMin, ms) - this.#ms) / 8;
  }

  /** Asked too early, or lost once more: in both cases there is more patience in order. */
  wasTooShort(): void {
    this.#ms = Math.min(roundTripMsMax, this.#ms * 1.25);
  }
}
