/** Ratios between cases by name, without those whose cases were not in the run. */
import type { CaseResult } from './BenchmarkDocument.js';

/** A case, or one case against another. */
export type RatioTerms = readonly [above: string] | readonly [above: string, below: string];

export function ratiosOf(
  terms: Readonly<Record<string, RatioTerms>>,
  results: Readonly<Record<string, CaseResult>>,
): Record<string, number> {
  const ratios: Record<string, number> = {};
  for (const [key, [aboveName, belowName]] of Object.entries(terms)) {
    const above = results[aboveName];
    const below = belowName === undefined ? undefined : results[belowName];
    if (!above || (belowName !== undefined && !below)) continue;
    ratios[key] = above.median / (below?.median ?? 1);
  }
  return ratios;
}
