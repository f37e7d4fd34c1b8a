/**
 * What the mesh says to people, at most once for each kind of trouble and minute, with how often it happened in
 * between. A hostile or broken sender can make it count, but not make it write.
 */
import type { LogLevel } from '../protocol/actors.js';
import type { Clock } from '../protocol/Clock.js';

/** Where lines go; whoever owns the node decides what becomes of them. */
export type MeshLog = (level: LogLevel, text: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Kinds are written by this process (drop reasons, event names), so that there are few; more than these share one. */
const kindsMax = 1_000;

interface Kind {
  writtenAtMs: number;
  suppressed: number;
}

export class RateLimitedLog {
  readonly #log: MeshLog;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #kinds = new Map<string, Kind>();

  /** @param everyMs shortest time between two lines of one kind */
  constructor(log: MeshLog, clock: Clock, everyMs = 60_000) {
    this.#log = log;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Writes the first line of a kind, and later ones when enough time has passed. */
  report(kind: string, level: LogLevel, text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const key = this.#kinds.has(kind) || this.#kinds.size < kindsMax ? kind : 'other';
    const nowMs = this.#clock.monotonicMs();
    const known = this.#kinds.get(key);
    if (known && nowMs - known.writtenAtMs < this.#everyMs) {
      known.suppressed += 1;
      return;
    }
    this.#kinds.set(key, { writtenAtMs: nowMs, suppressed: 0 });
    this.#log(level, text, known?.suppressed ? { ...fields, sinceLastLine: known.suppressed } : fields);
  }
}
