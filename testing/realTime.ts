/** The time of the machine, for tests with threads and sockets: they wait for conditions, and never longer than need be. */
import { AssertionError } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestTime } from './TestTime.js';

/** Time that only a test in which something hangs takes. */
const defaultWithinMs = 10_000;
const lookEveryMs = 1;

/**
 * Resolves soon after the condition holds, which may be asked for by a promise.
 * @param what it waits for, in words
 * @throws AssertionError when it does not hold within that time
 */
export async function until(what: string, condition: () => unknown, withinMs: number = defaultWithinMs): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw fault(`waited in vain for ${withinMs} ms until ${what}`);
    await delay(lookEveryMs);
  }
}

function fault(message: string): AssertionError {
  return new AssertionError({ message });
}

export const realTime: TestTime = {
  until,
  advance: (ms) => delay(ms),
  settled: (promise) => promise,
  fault,
};
