/**
 * Runs the cases of a benchmark in turn, round after round. The first round warms up the machine and counts for
 * nothing but completeness.
 */
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { BenchmarkDocument, CaseResult } from './BenchmarkDocument.js';
import type { BenchmarkCase, BenchmarkDefinition, RoundOutcome, RunBenchmarkOptions } from './defineBenchmark.js';
import { describeMachine } from './describeMachine.js';
import { summarizeCase } from './summarizeCase.js';
import { VoidRound } from './VoidRound.js';

const defaultRounds = 5;
const roundsMax = 1000;

export async function runRounds<C extends string>(
  benchmark: BenchmarkDefinition<C>,
  options: RunBenchmarkOptions,
): Promise<BenchmarkDocument> {
  const guarding = options.guardsOnly ? benchmark.guarding : undefined;
  const { rounds = guarding?.rounds ?? benchmark.rounds ?? defaultRounds, scale = guarding?.scale ?? 1 } = options;
  const { seed = 1, onProgress } = options;
  requireRounds(rounds);
  if (!(scale > 0 && scale <= 1000)) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `scale must be above 0 and at most 1000, not ${scale}`);
  }
  const signal = options.signal ?? new AbortController().signal;
  const machine = describeMachine();
  const outcomes = new Map<C, RoundOutcome[]>();
  const cases = guarding ? benchmark.cases.filter((each) => guarding.cases.includes(each.case)) : benchmark.cases;
  const steps = [...cases.map((each) => ({ current: each, round: 0 })), ...countingSteps(cases, rounds)];
  for (const [step, { current, round }] of steps.entries()) {
    const label = round === 0 ? 'the warm-up' : `round ${round}`;
    onProgress?.({ fraction: step / steps.length, text: `${current.case}, ${label} of ${rounds}` });
    signal.throwIfAborted();
    const outcome = await current.run({ signal, scale, seed });
    const fault = outcome.complete ? faultOf(outcome) : (outcome.reason ?? 'its work was not complete');
    if (fault) throw new VoidRound(benchmark.name, current.case, label, fault);
    if (round > 0) outcomes.set(current.case, [...(outcomes.get(current.case) ?? []), outcome]);
  }
  onProgress?.({ fraction: 1, text: 'done' });
  const results = cases.map(({ case: name, unit }) => summarizeCase(name, unit, outcomes.get(name) ?? []));
  const byCase = resultsByCase<C>(results);
  return {
    name: benchmark.name,
    machine,
    rounds,
    results,
    ratios: options.guardsOnly ? {} : (benchmark.ratios?.(byCase) ?? {}),
    guards: benchmark.guards?.(byCase) ?? {},
    ...(benchmark.guards ? { guardRounds: guardRounds({ ...benchmark, cases }, outcomes, rounds) } : {}),
  };
}

/** All cases in turn, then again those that are to run more often, round after round. */
function countingSteps<C extends string>(
  cases: readonly BenchmarkCase<C>[],
  rounds: number,
): { readonly current: BenchmarkCase<C>; readonly round: number }[] {
  const passes = Math.max(...cases.map(timesOf));
  return Array.from({ length: rounds * passes }, (_, index) => ({
    round: Math.floor(index / passes) + 1,
    pass: index % passes,
  })).flatMap(({ round, pass }) => cases.filter((each) => timesOf(each) > pass).map((current) => ({ current, round })));
}

function timesOf({ timesPerRound = 1 }: BenchmarkCase): number {
  return timesPerRound;
}

/** The guards as each round by itself would have them. */
function guardRounds<C extends string>(
  { cases, guards }: BenchmarkDefinition<C>,
  outcomes: ReadonlyMap<C, readonly RoundOutcome[]>,
  rounds: number,
): Record<string, number[]> {
  const scattered: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    const results = cases.map((each) => {
      const times = timesOf(each);
      const ofRound = outcomes.get(each.case)?.slice(round * times, (round + 1) * times) ?? [];
      return summarizeCase(each.case, each.unit, ofRound);
    });
    for (const [key, value] of Object.entries(guards?.(resultsByCase<C>(results)) ?? {})) {
      scattered[key] = [...(scattered[key] ?? []), value];
    }
  }
  return scattered;
}

function resultsByCase<C extends string>(results: readonly CaseResult[]): Record<C, CaseResult> {
  return Object.fromEntries(results.map((result) => [result.case, result])) as Record<C, CaseResult>;
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
export function requireRounds(rounds: number): void {
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= roundsMax) return;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `rounds must be an integer from 1 to ${roundsMax}, not ${rounds}`);
}

/** What cannot be a measurement, whatever the case says of it. */
function faultOf({ count, seconds, value }: RoundOutcome): string | undefined {
  if (!(count > 0)) return `it did ${count} units of work`;
  if (value === undefined && !(seconds > 0)) return `it took ${seconds} seconds`;
  return value === undefined || Number.isFinite(value) ? undefined : `its figure is ${value}`;
}
