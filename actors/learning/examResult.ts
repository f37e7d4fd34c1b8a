// The rule by which a genome is adopted or refused: a clear and significant gain on the finder's own items, and no harm
// to what it knew. "Not worse" would not do: a scrambled layer is nearly inert and would pass.

import { signTest } from './signTest.js';

/** A question with the answer it should get; null: silence. */
export interface ExamItem {
  readonly input: string;
  readonly expected: string | null;
}

export interface ExamRules {
  /** Items of other fields, which the genome must not spoil. @default none */
  readonly guard?: readonly ExamItem[];
  /** @default 0.05 */
  readonly gainMin?: number;
  /** @default 50 */
  readonly itemsMin?: number;
  /** Largest p of the one-sided sign test that counts as significant. @default 0.05 */
  readonly pValueMax?: number;
  /**
   * Largest drop of accuracy on the guard that is still noise. A good layer of another field costs about 0.015, a layer of
   * a wrong one 0.05 to 0.11. @default 0.03
   */
  readonly guardDropMax?: number;
}

/** Why a genome was refused. */
export type ExamRefusal = 'too-few-items' | 'gain-too-small' | 'not-significant' | 'spoils-other-answers';

export interface ExamResult {
  readonly n: number;
  /** Accuracy without and with the genome, 0 … 1 (0 when there is no item). */
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  /** Items that became right, and that became wrong. */
  readonly wins: number;
  readonly losses: number;
  /** Probability of so many wins by luck. */
  readonly pValue: number;
  /** The same measured on the guard items. */
  readonly guard: { readonly n: number; readonly before: number; readonly after: number };
  readonly accepted: boolean;
  readonly refusal: ExamRefusal | null;
}

/** Whether an item was answered rightly without and with the genome. */
export interface ItemOutcome {
  readonly before: boolean;
  readonly after: boolean;
}

function tally(outcomes: readonly ItemOutcome[]) {
  const n = outcomes.length;
  const count = (test: (outcome: ItemOutcome) => boolean): number => outcomes.filter(test).length;
  const share = (part: number): number => (n === 0 ? 0 : part / n);
  return {
    n,
    before: share(count(({ before }) => before)),
    after: share(count(({ after }) => after)),
    wins: count(({ before, after }) => !before && after),
    losses: count(({ before, after }) => before && !after),
  };
}

/** Applies the rules to what was measured, item by item. */
export function examResultOf(
  outcomes: readonly ItemOutcome[],
  guardOutcomes: readonly ItemOutcome[],
  rules: ExamRules,
): ExamResult {
  const { gainMin = 0.05, itemsMin = 50, pValueMax = 0.05, guardDropMax = 0.03 } = rules;
  const exam = tally(outcomes);
  const guard = tally(guardOutcomes);
  const gain = exam.after - exam.before;
  const pValue = signTest(exam.wins, exam.losses);
  const refuse = (): ExamRefusal | null => {
    if (exam.n < itemsMin) return 'too-few-items';
    if (gain < gainMin) return 'gain-too-small';
    if (pValue > pValueMax) return 'not-significant';
    return guard.before - guard.after > guardDropMax ? 'spoils-other-answers' : null;
  };
  const refusal = refuse();
  return {
    ...exam,
    gain,
    pValue,
    guard: { n: guard.n, before: guard.before, after: guard.after },
    accepted: refusal === null,
    refusal,
  };
}
