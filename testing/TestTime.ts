/** How a test waits: in virtual time, which a Simulation moves on, or in real time, where there are threads. */
import type { AssertionError } from 'node:assert';

export interface TestTime {
  /** @throws AssertionError when the condition does not hold `withinMs` from now */
  until(what: string, condition: () => unknown, withinMs?: number): Promise<void>;
  advance(ms: number): Promise<void>;
  /** What a promise settles with. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** What has gone wrong, with what repeats it. */
  fault(message: string): AssertionError;
}
