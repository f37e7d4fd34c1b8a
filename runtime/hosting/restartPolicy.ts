/**
 * Whether a child that has ended is started again, and when: the decision of a supervisor as a pure function. After
 * OTP's `supervisor` (kinds of children, intensity in a sliding window) with an exponential back-off, whose jitter
 * keeps children that fell together from rising together.
 */
import type { RestartOptions } from '../protocol/actors.js';
import type { Random } from '../protocol/Random.js';

export const defaultRestart: RestartOptions = {
  kind: 'transient',
  intensity: 5,
  withinMs: 10_000,
  backoffMs: 20,
  backoffMaxMs: 2_000,
};

/** How a child came to its end: by an error, or by itself in a final state. */
export type ChildEnd = 'crash' | 'done';

export type RestartDecision =
  | { readonly restart: true; readonly delayMs: number }
  | { readonly restart: false; readonly outcome: 'stopped' | 'failed' };

/**
 * @param earlierMs times of the child's earlier restarts, on the clock of `nowMs`
 * @returns a delay of between half and the whole of backoffMs · 2^n, n being the restarts within the window, at most
 * backoffMaxMs; or how the child ends when it is not started again
 */
export function restartPolicy(
  options: RestartOptions,
  end: ChildEnd,
  earlierMs: readonly number[],
  nowMs: number,
  random: Random,
): RestartDecision {
  const outcome = end === 'crash' ? 'failed' : 'stopped';
  if (options.kind === 'temporary') return { restart: false, outcome };
  if (options.kind === 'transient' && end === 'done') return { restart: false, outcome };
  const recent = restartsWithin(options.withinMs, earlierMs, nowMs).length;
  if (recent >= options.intensity) return { restart: false, outcome: 'failed' };
  const delayMs = Math.min(options.backoffMaxMs, options.backoffMs * 2 ** recent);
  return { restart: true, delayMs: delayMs * (0.5 + random.next() / 2) };
}

/** Those of the times that still count at `nowMs`. */
export function restartsWithin(withinMs: number, earlierMs: readonly number[], nowMs: number): number[] {
  return earlierMs.filter((atMs) => nowMs - atMs < withinMs);
}
