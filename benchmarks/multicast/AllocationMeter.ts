/**
 * What work allocates: objects by the heap's account, and the memory of buffers. Right as long as nothing is collected
 * meanwhile, which the meter watches; the process is given a young generation that is large enough.
 */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

export class AllocationMeter {
  readonly #spans: (readonly [fromMs: number, toMs: number])[] = [];
  readonly #collectedAtMs: number[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) this.#collectedAtMs.push(startTime);
  });

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** @returns what the work gives, and the bytes that it allocates for each of `count` */
  async measure<T>(count: number, work: () => T | Promise<T>): Promise<{ result: T; bytes: number }> {
    // What was allocated before does not bring a collection while it works; needs --expose-gc.
    globalThis.gc?.();
    const fromMs = performance.now();
    const before = allocated();
    const result = await work();
    const bytes = Math.max(0, allocated() - before) / count;
    this.#spans.push([fromMs, performance.now()]);
    return { result, bytes };
  }

  /** Ends it. @returns collections that fell into what was measured */
  async close(): Promise<number> {
    await turn();
    this.#observer.disconnect();
    const isMeasured = (atMs: number): boolean => this.#spans.some(([fromMs, toMs]) => atMs > fromMs && atMs < toMs);
    return this.#collectedAtMs.filter(isMeasured).length;
  }
}

function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
