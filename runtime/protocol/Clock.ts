/**
 * Time as an argument. Everything that needs to know the time or to be woken later is handed a Clock, so that a
 * whole mesh can run under virtual time from one seed.
 */
export type TimerHandle = unknown;

export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. May jump when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds from an arbitrary origin; never goes back. For durations and deadlines. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}
