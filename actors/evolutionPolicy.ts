/**
 * When a persona looks for help, when what it adopted is taken off again, and when it tells others. All thresholds
 * stand here with their defaults; the functions are pure, so that each rule is tested by table.
 */

export interface EvolutionThresholds {
  /** Mean satisfaction below which a capability has a gap. @default 0.8 */
  readonly satisfaction: number;
  /** Judged answers that the mean is taken over, the newest. @default 50 */
  readonly windowJudgements: number;
  /** Judged answers without which nothing is said of a capability. @default 20 */
  readonly evidenceMin: number;
  /** Held-out items without which no exam can be passed, so that none is begun. @default 50 */
  readonly examItemsMin: number;
  /** Milliseconds between two attempts for the same capability. @default 30_000 */
  readonly cooldownMs: number;
  /** Genomes that are tried in one attempt. @default 3 */
  readonly candidatesMax: number;
  /** Gain in accuracy that must be exceeded before anything is shared. @default 0.1 */
  readonly shareGain: number;
  /** Trained signals of a capability after which a persona asks itself whether that is worth publishing. @default 300 */
  readonly publishAfterSignals: number;
  /** Milliseconds without a further lesson before it does so. @default 300 */
  readonly publishQuietMs: number;
}

export const evolutionDefaults: EvolutionThresholds = {
  satisfaction: 0.8,
  windowJudgements: 50,
  evidenceMin: 20,
  examItemsMin: 50,
  cooldownMs: 30_000,
  candidatesMax: 3,
  shareGain: 0.1,
  publishAfterSignals: 300,
  publishQuietMs: 300,
};

/** Capabilities that are followed at a time: more than a knowledge pack has. */
const capabilitiesMax = 256;

export interface CapabilityEvidence {
  readonly capability: string;
  /** Oldest first, each 0 to 1. */
  readonly judgements: readonly number[];
  readonly examItems: number;
  /** Room of the newest judgement. */
  readonly roomId: string;
  readonly restsUntilMs: number;
}

/** The newest judgements by capability. */
export class EvidenceBook {
  readonly #thresholds: EvolutionThresholds;
  readonly #byCapability = new Map<string, CapabilityEvidence>();

  constructor(thresholds: EvolutionThresholds) {
    this.#thresholds = thresholds;
  }

  /** @param all as the book says of itself */
  static restore(all: readonly CapabilityEvidence[], thresholds: EvolutionThresholds): EvidenceBook {
    const book = new EvidenceBook(thresholds);
    for (const evidence of all) book.#byCapability.set(evidence.capability, evidence);
    return book;
  }

  /** Plain data. */
  get all(): readonly CapabilityEvidence[] {
    return [...this.#byCapability.values()];
  }

  of(capability: string): CapabilityEvidence {
    const none = { capability, judgements: [], examItems: 0, roomId: '', restsUntilMs: 0 };
    return this.#byCapability.get(capability) ?? none;
  }

  note(evidence: { capability: string; satisfaction: number; examItems: number; roomId: string }): void {
    const { capability, satisfaction, examItems, roomId } = evidence;
    if (!this.#byCapability.has(capability) && this.#byCapability.size >= capabilitiesMax) return;
    const before = this.of(capability);
    const judgements = [...before.judgements, satisfaction].slice(-this.#thresholds.windowJudgements);
    this.#byCapability.set(capability, { ...before, judgements, examItems, roomId });
  }

  /** No further attempt for the capability until the cooldown is over. */
  rest(capability: string, atMs: number): void {
    const restsUntilMs = atMs + this.#thresholds.cooldownMs;
    this.#byCapability.set(capability, { ...this.of(capability), restsUntilMs });
  }

  /** After a change, earlier judgements say nothing any more. */
  forgetJudgements(capability: string): void {
    this.#byCapability.set(capability, { ...this.of(capability), judgements: [] });
  }

  /** The capability with the largest measured gap that may be acted on now. */
  gap(atMs: number): CapabilityEvidence | undefined {
    return this.all
      .filter((evidence) => hasGap(evidence, atMs, this.#thresholds))
      .sort((left, right) => meanOf(left.judgements) - meanOf(right.judgements))[0];
  }
}

/** Settlement C37: a low mean counts only when it was measured, and never during the cooldown. */
export function hasGap(evidence: CapabilityEvidence, atMs: number, thresholds: EvolutionThresholds): boolean {
  return (
    evidence.judgements.length >= thresholds.evidenceMin &&
    meanOf(evidence.judgements) < thresholds.satisfaction &&
    evidence.examItems >= thresholds.examItemsMin &&
    atMs >= evidence.restsUntilMs
  );
}

/** Nothing is shared for a gain that merely reaches the threshold. */
export function isWorthSharing(gain: number, thresholds: Pick<EvolutionThresholds, 'shareGain'>): boolean {
  return gain > thresholds.shareGain;
}

/** 0 for no values. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One-sided 1 %: the test is repeated with every judgement, so 5 % would take off what is merely unlucky. */
const worseAtStandardErrors = 2.33;

/**
 * Whether `after` has a significantly lower mean than `before`. The difference over its standard error, with one best
 * and one worst judgement added to each side so that few equal judgements do not look certain (Agresti & Caffo, 2000).
 * @param before judgements, each 0 to 1; without any, nothing can be worse
 */
export function isSignificantlyWorse(before: readonly number[], after: readonly number[]): boolean {
  if (before.length === 0 || after.length === 0) return false;
  const [left, right] = [
    [...before, 0, 1],
    [...after, 0, 1],
  ] as const;
  const standardError = Math.sqrt(varianceOf(left) / left.length + varianceOf(right) / right.length);
  return meanOf(left) - meanOf(right) > worseAtStandardErrors * standardError;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
