/**
 * What a benchmark is: cases that do a known amount of work, measured in interleaved rounds, so that a machine that
 * slows down in the middle slows down every case alike. Figures are compared as ratios between cases of the same run.
 */
import type { Histogram } from 'hdr-histogram-js';
import type { BenchmarkDocument, CaseResult } from './BenchmarkDocument.js';
import { runRounds } from './runRounds.js';

/** What a case is handed for one round. */
export interface RoundContext {
  /** Fires when the run is given up; the case then ends its processes and rejects. */
  readonly signal: AbortSignal;
  /** Share of the full amount of work to do, above 0. Figures of a small share show function, not speed. */
  readonly scale: number;
  /** Where a case's data come from; the same in every round. */
  readonly seed: number;
}

/** What one round of a case has done. */
export interface RoundOutcome {
  /** Units of work that were done within `seconds`. */
  readonly count: number;
  readonly seconds: number;
  /** Units that were offered and did not arrive. */
  readonly lost: number;
  /** The figure of the round, where it is not count / seconds (a size, for instance). */
  readonly value?: number;
  /** Latencies in nanoseconds, see latencyHistogram. */
  readonly histogram?: Histogram;
  /** CPU time within `seconds` of all processes that took part, system time included. */
  readonly cpuSeconds?: number;
  /** Of that, the sender's. */
  readonly senderCpuSeconds?: number;
  /** Whether the work was checked and found done. A round that is not complete is void, and the run with it. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly reason?: string;
}

export interface BenchmarkCase<C extends string = string> {
  readonly case: C;
  /** Unit of the figure, `signals/s` for instance. */
  readonly unit: string;
  /** How often it runs in a round that counts, for figures that scatter more than others. @default 1 */
  readonly timesPerRound?: number;
  run(context: RoundContext): Promise<RoundOutcome>;
}

export interface BenchmarkDefinition<C extends string = string> {
  readonly name: string;
  /** What it stands for, in one sentence. */
  readonly sentence: string;
  readonly cases: readonly BenchmarkCase<C>[];
  /** Rounds that count. @default 5 */
  readonly rounds?: number;
  /** Figures of cases against each other, by a name that later runs are compared by. */
  readonly ratios?: (results: Readonly<Record<C, CaseResult>>) => Record<string, number>;
  /**
   * Figures that are steady enough to be compared with a committed baseline on any machine: ratios, better when high,
   * and counts of bytes or copies (with that word in the key), better when low.
   */
  readonly guards?: (results: Readonly<Record<C, CaseResult>>) => Record<string, number>;
  /** What is run when only the guards are wanted: many short rounds are steadier than few long ones. @default all of it */
  readonly guarding?: GuardingRun<C>;
}

export interface GuardingRun<C extends string> {
  /** All that `guards` looks at. */
  readonly cases: readonly C[];
  readonly rounds: number;
  readonly scale: number;
}

/** How far a run has come. */
export interface BenchmarkProgress {
  /** 0 to 1. */
  readonly fraction: number;
  /** What is being done now. */
  readonly text: string;
}

export interface RunBenchmarkOptions {
  /** Rounds that count, 1 to 1000; a warm-up round comes before them. @default 5, or what the guards ask for */
  readonly rounds?: number;
  /** Share of the full amount of work in each round, above 0. @default 1, or what the guards ask for */
  readonly scale?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Parts to run, where a benchmark has some to choose from; others ignore it. @default all */
  readonly only?: readonly string[];
  /** Only what the guards are made of; the document then has no ratios. @default false */
  readonly guardsOnly?: boolean;
  readonly onProgress?: (progress: BenchmarkProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Benchmark {
  readonly name: string;
  readonly sentence: string;
  /**
   * @throws VoidRound when the work of a round was not complete
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT for options out of range
   */
  run(options?: RunBenchmarkOptions): Promise<BenchmarkDocument>;
  /** The result as a picture, in SVG; not every benchmark has one. */
  readonly chart?: (document: BenchmarkDocument) => string;
}

export function defineBenchmark<const C extends string>(definition: BenchmarkDefinition<C>): Benchmark {
  return {
    name: definition.name,
    sentence: definition.sentence,
    run: (options = {}) => runRounds(definition, options),
  };
}
