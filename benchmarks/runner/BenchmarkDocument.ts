/** The one document that every benchmark prints with `--json`. Other tools read it: keys are added, never renamed. */
import type { MachineDescription } from './describeMachine.js';

export interface CaseResult {
  readonly case: string;
  readonly unit: string;
  /** Of the rounds that count; the warm-up is not among them. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Latencies over all rounds together, microseconds; null where the case has none. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  /** Median of CPU time (all processes, system time included) per million units; null where it was not measured. */
  readonly cpuSecondsPerMillion: number | null;
  /** The same of the round that took least: what else runs on the machine only adds. */
  readonly cpuSecondsPerMillionMin: number | null;
  /** Of the median, the sender's; null where it was not measured. */
  readonly senderCpuSecondsPerMillion: number | null;
  /** Units lost in all rounds together. */
  readonly lost: number;
}

/** What one unit costs at one hop of its way; null where it is not this benchmark's to tell. */
export interface HopCost {
  readonly hop: string;
  /** Whose work it is. */
  readonly by: 'academy' | 'kernel' | 'libuv, Node';
  readonly bytesCopied: number | null;
  readonly bytesAllocated: number | null;
}

export interface BenchmarkDocument {
  readonly name: string;
  readonly machine: MachineDescription;
  readonly rounds: number;
  readonly results: readonly CaseResult[];
  readonly ratios: Readonly<Record<string, number>>;
  readonly guards: Readonly<Record<string, number>>;
  /** The guards of each round by itself, where there are guards: how far they scatter. */
  readonly guardRounds?: Readonly<Record<string, readonly number[]>>;
  /** In the order of the way, where the benchmark follows one. */
  readonly hops?: readonly HopCost[];
  /** What a reader of the table should know besides, a line each. */
  readonly notes?: readonly string[];
}
