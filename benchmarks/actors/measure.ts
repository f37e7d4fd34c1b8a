/** Stop watch and scales for the processes of the benchmark. */
import { cpuSeconds } from '../runner/cpuSeconds.js';
import { monotonicNs } from '../runner/monotonicNs.js';
import type { Measured } from './Workload.js';

/** Times `work`, which did `count` units; `check` looks afterwards whether it really did. */
export async function timed(
  count: number,
  work: () => unknown,
  check: () => string | null | Promise<string | null>,
): Promise<Measured> {
  collectGarbage();
  const cpuBefore = cpuSeconds();
  const startNs = monotonicNs();
  await work();
  const seconds = (monotonicNs() - startNs) / 1e9;
  return { count, seconds, cpuSeconds: cpuSeconds() - cpuBefore, fault: await check() };
}

/**
 * Memory of each of many things that are kept: the slope of the resident memory over their number, at five points, so
 * that what the process itself takes does not count, and memory outside of the heap does.
 * @param make makes that many more, which are kept
 */
export async function slopeOfMemory<T>(
  count: number,
  make: (more: number) => readonly T[] | Promise<readonly T[]>,
  check: (all: readonly T[]) => string | null | Promise<string | null>,
): Promise<Measured> {
  const step = Math.max(1, Math.ceil(count / points));
  // The first ones fill what the heap has in reserve.
  const kept: (readonly T[])[] = [await make(step)];
  const residents: number[] = [];
  const measured = await timed(
    points * step,
    async () => {
      for (let point = 0; point < points; point++) {
        kept.push(await make(step));
        residents.push(residentBytes());
      }
    },
    () => check(kept.flat()),
  );
  return { ...measured, value: slope(residents) / step };
}

const points = 5;

/** Of the straight line that lies nearest to values at 0, 1, 2 … */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  let [rise, run] = [0, 0];
  for (const [at, value] of values.entries()) {
    rise += (at - middle) * value;
    run += (at - middle) ** 2;
  }
  return rise / run;
}

/** Of the whole process, when what is not used any more was given back. */
export function residentBytes(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

/** Says what is wrong when two counts differ. */
export function expectCount(what: string, found: number, expected: number): string | null {
  return found === expected ? null : `${found} of ${expected} ${what}`;
}

function collectGarbage(): void {
  const { gc } = globalThis;
  if (!gc) throw new Error('this process needs --expose-gc');
  gc();
  gc();
}
