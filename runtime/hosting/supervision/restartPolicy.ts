/**
 * Whether a child that has ended is started again, and when: the smallest decision of a supervisor, as a pure
 * function. After OTP's `supervisor` (kinds of children, intensity in a sliding window) with an exponential back-off,
 * which OTP does not have; its jitter keeps children that fell together from rising together.
 */
import type { RestartOptions } from '../../protocol/actors.js';
import type { Random } from '../../protocol/Random.js';
import type { BackoffOptions } from '../../protocol/supervision.js';

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
 * @returns a delay as backoffDelayMs() makes it, with the restarts within the window as the streak; or how the child
 * ends when it is not started again
 */
export function restartPolicy(
  options: RestartOptions,
  end: ChildEnd,
  earlierMs: readonly number[],
  nowMs: number,
  random: Random,
): RestartDecision {
  const outcome = end === 'crash' ? 'failed' : 'stopped';
  if (!isToRestart(options.kind, end)) return { restart: false, outcome };
  const recent = restartsWithin(options.withinMs, earlierMs, nowMs).length;
  if (recent >= options.intensity) return { restart: false, outcome: 'failed' };
  return { restart: true, delayMs: backoffDelayMs(options, recent, random) };
}

export function isToRestart(kind: RestartOptions['kind'], end: ChildEnd): boolean {
  return kind === 'permanent' || (kind === 'transient' && end === 'crash');
}

/** Those of the times that still count at `nowMs`. */
export function restartsWithin(withinMs: number, earlierMs: readonly number[], nowMs: number): number[] {
  return earlierMs.filter((atMs) => nowMs - atMs < withinMs);
}

/** No delay doubles so often; and beyond 1,023 doublings, none at all would become no number. */
const doublingsMax = 52;

/**
 * @param streak restarts before this one without a quiet time between
 * @returns between half and the whole of backoffMs · 2^streak, at most backoffMaxMs
 */
export function backoffDelayMs(options: BackoffOptions, streak: number, random: Random): number {
  const wholeMs = Math.min(options.backoffMaxMs, options.backoffMs * 2 ** Math.min(streak, doublingsMax));
  return wholeMs * (0.5 + random.next() / 2);
}
