/** The machine's own clock: with systemRandom the only place in runtime/ and actors/ that reads time or chance. */
import type { Clock } from '../protocol/Clock.js';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};
