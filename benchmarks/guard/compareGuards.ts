/**
 * Whether a benchmark's guards have fallen: figures of now against those of a committed baseline. What counts as a fall
 * follows from how far the rounds of the baseline lay apart, within bounds: ratios that are always the same are held
 * tightly, those that scatter loosely, and none so loosely that a slow-down by 30 % would pass.
 */
import type { BenchmarkDocument } from '../runner/BenchmarkDocument.js';
import { median } from '../runner/summarizeCase.js';

export interface GuardBaseline {
  /** Over the rounds of all recorded runs. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Baseline {
  readonly name: string;
  /** Of the machine that it was recorded on, for the reader; ratios are compared on any. */
  readonly machine: string;
  readonly guards: Readonly<Record<string, GuardBaseline>>;
}

export interface GuardRow {
  readonly key: string;
  readonly baseline: number | null;
  readonly now: number | null;
  /** As a share of the baseline, above 0 for better. */
  readonly change: number | null;
  /** How far `change` may be below 0. */
  readonly tolerance: number | null;
  /** `missing`: the baseline has it and the run has not. `new`: the other way round, which is no fault. */
  readonly verdict: 'kept' | 'fell' | 'missing' | 'new';
}

export const toleranceMin = 0.05;
/** Work that takes 30 % longer has 23 % less of its rate, and must fail where the figures scatter, too. */
export const toleranceMax = 0.15;

export function compareGuards(baseline: Baseline, guards: Readonly<Record<string, number>>): GuardRow[] {
  const known = Object.entries(baseline.guards).map(([key, recorded]): GuardRow => {
    const now = guards[key];
    const tolerance = toleranceOf(key, recorded);
    const row = { key, baseline: recorded.median, tolerance };
    if (now === undefined || !Number.isFinite(now)) return { ...row, now: null, change: null, verdict: 'missing' };
    const change = gain(key, recorded.median, now);
    return { ...row, now, change, verdict: change < -tolerance ? 'fell' : 'kept' };
  });
  const added = Object.entries(guards)
    .filter(([key]) => !Object.hasOwn(baseline.guards, key))
    .map(([key, now]): GuardRow => ({ key, baseline: null, now, change: null, tolerance: null, verdict: 'new' }));
  return [...known, ...added];
}

export function isFault({ verdict }: GuardRow): boolean {
  return verdict === 'fell' || verdict === 'missing';
}

/** @param documents of runs of the same benchmark; more than one shows also how far runs lie apart */
export function baselineOf(documents: readonly BenchmarkDocument[], machine: string): Baseline {
  const rounds = new Map<string, number[]>();
  for (const { guardRounds = {}, ratios } of documents) {
    // A ratio is that of the whole run: what rounds have by themselves is not what is compared.
    const all = { ...Object.fromEntries(Object.entries(ratios).map(([key, ratio]) => [key, [ratio]])), ...guardRounds };
    for (const [key, values] of Object.entries(all)) rounds.set(key, [...(rounds.get(key) ?? []), ...values]);
  }
  const guards = [...rounds].map(([key, values]): [string, GuardBaseline] => [
    key,
    { median: short(median(values)), min: short(Math.min(...values)), max: short(Math.max(...values)) },
  ]);
  return { name: documents[0]?.name ?? '', machine, guards: Object.fromEntries(guards) };
}

/** What counts bytes, copies and the like, costs and times should be low; every other guard is a ratio that should be high. */
export function isBetterLow(key: string): boolean {
  return /(^|_)(bytes|copies|allocations|latency|cost|recovery)(_|$)|^sender_cpu_/.test(key);
}

/** How far the worst round of the baseline was from its median: a median of now that is worse is no accident. */
function toleranceOf(key: string, { median: middle, min, max }: GuardBaseline): number {
  const worst = -gain(key, middle, isBetterLow(key) ? max : min);
  return Math.min(toleranceMax, Math.max(toleranceMin, worst));
}

function gain(key: string, before: number, now: number): number {
  if (before === now) return 0;
  if (before === 0) return isBetterLow(key) ? -1 : 1;
  return isBetterLow(key) ? 1 - now / before : now / before - 1;
}

/** Four digits: a baseline is read by people, and differences below are noise. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}
