/** From the rounds of a case to its line in the document. */
import type { CaseResult } from './BenchmarkDocument.js';
import type { RoundOutcome } from './defineBenchmark.js';
import { latencyHistogram, percentileMicros } from './latencyHistogram.js';

/** @param outcomes of the rounds that count; at least one */
export function summarizeCase(name: string, unit: string, outcomes: readonly RoundOutcome[]): CaseResult {
  const figures = outcomes.map(figureOf);
  const latencies = latencyHistogram();
  let lost = 0;
  for (const { histogram, lost: lostInRound } of outcomes) {
    if (histogram) latencies.add(histogram);
    lost += lostInRound;
  }
  return {
    case: name,
    unit,
    median: median(figures),
    min: Math.min(...figures),
    max: Math.max(...figures),
    p50: percentileMicros(latencies, 50),
    p99: percentileMicros(latencies, 99),
    p999: percentileMicros(latencies, 99.9),
    cpuSecondsPerMillion: overRounds(median, outcomes, ({ cpuSeconds }) => cpuSeconds),
    cpuSecondsPerMillionMin: overRounds(least, outcomes, ({ cpuSeconds }) => cpuSeconds),
    senderCpuSecondsPerMillion: overRounds(median, outcomes, ({ senderCpuSeconds }) => senderCpuSeconds),
    lost,
  };
}

/** Over the rounds that measured it, per million units; null when none has. */
function overRounds(
  summary: (figures: readonly number[]) => number,
  outcomes: readonly RoundOutcome[],
  secondsOf: (outcome: RoundOutcome) => number | undefined,
): number | null {
  const figures = outcomes.flatMap((outcome) => {
    const seconds = secondsOf(outcome);
    return seconds === undefined || outcome.count === 0 ? [] : [(seconds / outcome.count) * 1e6];
  });
  return figures.length === 0 ? null : summary(figures);
}

function least(figures: readonly number[]): number {
  return Math.min(...figures);
}

/** The round's figure: what it measured, or its rate. */
function figureOf({ value, count, seconds }: RoundOutcome): number {
  return value ?? (seconds > 0 ? count / seconds : 0);
}

/** The middle value, or the mean of the two middle ones. @returns NaN for no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
