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

/** Bytes by which the heap and the array buffers grow when `make` makes `count` things that `keep` holds. */
export async function weighed(count: number, make: () => unknown, check: () => string | null): Promise<Measured> {
  const before = bytesInUse();
  const measured = await timed(count, make, check);
  return { ...measured, value: (bytesInUse() - before) / count };
}

/** Says what is wrong when two counts differ. */
export function expectCount(what: string, found: number, expected: number): string | null {
  return found === expected ? null : `${found} of ${expected} ${what}`;
}

function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function collectGarbage(): void {
  const { gc } = globalThis;
  if (!gc) throw new Error('this process needs --expose-gc');
  gc();
  gc();
}
