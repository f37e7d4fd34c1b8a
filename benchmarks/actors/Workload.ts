/**
 * The work that every actor library of the benchmark is given, in a process of its own, and what it reports. Each
 * function warms up first, times the rest, and checks that all of it was done.
 */
export interface Measured {
  /** Actors started, or messages handled. */
  readonly count: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly value?: number;
  /** Null when all of the work was done. */
  readonly fault: string | null;
}

export interface Workload {
  /** Starts `count` actors. */
  spawn(count: number): Promise<Measured>;
  /** Resident memory of each idle actor, in `value`: its slope over five numbers of them up to about `count`. */
  idle(count: number): Promise<Measured>;
  /** Two actors that send each other one message at a time, `count` in all. */
  pingPong(count: number): Promise<Measured>;
  /** One actor that tells a thousand others, `count` messages in all. */
  fanOut(count: number): Promise<Measured>;
}

export const fanOutWidth = 1_000;

/** Rounds of a fan-out that make `count` messages; at least two. */
export function fanOutRounds(count: number): number {
  return Math.max(2, Math.round(count / fanOutWidth));
}
