/**
 * The benchmarks by name, and how to run one. Each is loaded when it is asked for, so that naming them costs nothing.
 */
import { AcademyError } from '../runtime/protocol/errors.js';
import type { LoadBenchmarkOptions, LoadBenchmarkResult } from './load.js';
import type { BenchmarkDocument } from './runner/BenchmarkDocument.js';
import type { Benchmark, RunBenchmarkOptions } from './runner/defineBenchmark.js';

export type { LoadBenchmarkOptions, LoadBenchmarkResult } from './load.js';
export type { BenchmarkDocument, CaseResult } from './runner/BenchmarkDocument.js';
export type { Benchmark, BenchmarkProgress, RunBenchmarkOptions } from './runner/defineBenchmark.js';
export { ProgressLine } from './runner/ProgressLine.js';
export { type RenderOptions, renderDocument } from './runner/renderDocument.js';
export { VoidRound } from './runner/VoidRound.js';

const benchmarks: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  actors: () => import('./actors.js'),
  codec: () => import('./codec.js'),
  hops: () => import('./hops.js'),
  load: () => import('./load.js'),
  multicast: () => import('./multicast.js'),
  peers: () => import('./peers.js'),
  supervision: () => import('./supervision.js'),
  threads: () => import('./threads.js'),
};

export const benchmarkNames: readonly string[] = Object.keys(benchmarks);

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for a name that no benchmark has */
export async function loadBenchmark(name: string): Promise<Benchmark> {
  const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (!load) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `there is no benchmark "${name}"`, {
      remedy: `use one of: ${benchmarkNames.join(', ')}`,
    });
  }
  return (await load()).benchmark;
}

/**
 * Runs a benchmark and resolves with its document; renderDocument makes text of it.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for an unknown name or an option out of range
 * @throws VoidRound when the work of a round was not complete: there is nothing to report then
 */
export async function runBenchmark(name: string, options: RunBenchmarkOptions = {}): Promise<BenchmarkDocument> {
  return (await loadBenchmark(name)).run(options);
}

/**
 * Starts real processes, offers messages at a rate and measures what arrives, and when.
 * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for options that do not fit
 * @throws VoidRound when the counts are worthless: a participant crashed, a thread went down
 */
export async function runLoadBenchmark(options: LoadBenchmarkOptions = {}): Promise<LoadBenchmarkResult> {
  return (await import('./load.js')).runLoadBenchmark(options);
}
