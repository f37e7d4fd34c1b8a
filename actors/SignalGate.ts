/**
 * Which training signals a persona listens to: each judgement once, and from each judge only so many in a time, so
 * that one loud key cannot teach it what nobody else thinks. Bounded whatever peers send.
 */
import { LRUCache } from 'lru-cache';
import type { TrainingSignal } from '../runtime/protocol/schemas/training.js';

export interface SignalGateOptions {
  /** Judgements heard from one judge within `windowMs`. A teacher with a class of examples needs thousands. @default 10_000 */
  readonly signalsPerJudgeMax: number;
  /** @default 60_000 */
  readonly windowMs: number;
  /** Judgements remembered, so that a repeated one counts once. @default 20_000 */
  readonly rememberedMax: number;
}

export const signalGateDefaults: SignalGateOptions = {
  signalsPerJudgeMax: 10_000,
  windowMs: 60_000,
  rememberedMax: 20_000,
};

/** A gate at rest: plain data. */
export interface SignalGateSnapshot {
  /** Judgements that are remembered, the least recent first. */
  readonly seen: readonly string[];
  readonly judges: readonly (readonly [judge: string, startedAtMs: number, signals: number])[];
  readonly counts: Readonly<Record<SignalVerdict, number>>;
}

export type SignalVerdict = 'heard' | 'repeated' | 'too-many';

/** Judges remembered at a time; the least recent is forgotten, and with it only a count. */
const judgesMax = 1_024;

export class SignalGate {
  readonly #options: SignalGateOptions;
  readonly #seen: LRUCache<string, true>;
  readonly #judges = new LRUCache<string, { startedAtMs: number; signals: number }>({ max: judgesMax });
  /** How often each verdict fell. */
  readonly counts: Record<SignalVerdict, number> = { heard: 0, repeated: 0, 'too-many': 0 };

  constructor(options: Partial<SignalGateOptions> = {}) {
    this.#options = { ...signalGateDefaults, ...options };
    this.#seen = new LRUCache({ max: this.#options.rememberedMax });
  }

  static restore({ seen, judges, counts }: SignalGateSnapshot, options?: Partial<SignalGateOptions>): SignalGate {
    const gate = new SignalGate(options);
    for (const key of seen) gate.#seen.set(key, true);
    for (const [judge, startedAtMs, signals] of judges) gate.#judges.set(judge, { startedAtMs, signals });
    Object.assign(gate.counts, counts);
    return gate;
  }

  snapshot(): SignalGateSnapshot {
    return {
      seen: this.#seen.dump().map(([key]) => key),
      judges: this.#judges.dump().map(([judge, { value }]) => [judge, value.startedAtMs, value.signals]),
      counts: { ...this.counts },
    };
  }

  admit(signal: Pick<TrainingSignal, 'messageId' | 'judge'>, atMs: number): SignalVerdict {
    const verdict = this.#judge(signal, atMs);
    this.counts[verdict] += 1;
    return verdict;
  }

  #judge({ messageId, judge }: Pick<TrainingSignal, 'messageId' | 'judge'>, atMs: number): SignalVerdict {
    // A length before each part would be needed if ids could hold a newline that means something; a repeated
    // judgement of a contrived id is lost at worst.
    const key = `${judge}\n${messageId}`;
    if (this.#seen.has(key)) return 'repeated';
    const { windowMs, signalsPerJudgeMax } = this.#options;
    const counted = this.#judges.get(judge);
    const current = counted && atMs - counted.startedAtMs < windowMs ? counted : { startedAtMs: atMs, signals: 0 };
    if (current.signals >= signalsPerJudgeMax) return 'too-many';
    current.signals += 1;
    this.#judges.set(judge, current);
    this.#seen.set(key, true);
    return 'heard';
  }
}
