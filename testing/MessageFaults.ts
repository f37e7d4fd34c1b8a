/**
 * What may happen to messages between actors of a test: lost, late, twice, out of order, or cut off by a partition. A
 * real host does none of this on one machine; what is tested is how an actor bears a world that does.
 */
import type { Letter } from '../runtime/hosting/mailboxes/MessageCourier.js';
import type { Clock } from '../runtime/protocol/Clock.js';
import type { Random } from '../runtime/protocol/Random.js';
import type { LinkConditions } from '../transports/memory/MemoryNetwork.js';

/** Which messages a rule is about; what is left out matches all. Names may end in `*`. */
export interface MessageMatch {
  readonly from?: string;
  readonly to?: string;
  readonly type?: string;
}

/** As on a link of a MemoryNetwork, per message. */
export type MessageConditions = Partial<LinkConditions>;

interface Rule {
  readonly match: MessageMatch;
  readonly conditions: MessageConditions;
}

export class MessageFaults {
  readonly #clock: Clock;
  readonly #random: Random;
  #rules: Rule[] = [];
  #groups: ReadonlyMap<string, number> | null = null;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * ```ts
   * actors.faults.set({ to: 'counter', type: 'add' }, { lossPerMille: 200, delayMs: 5, duplicatePerMille: 100 });
   * ```
   * Of several rules that match a message the latest counts.
   * @returns what takes the rule back
   */
  set(match: MessageMatch, conditions: MessageConditions): () => void {
    const rule = { match, conditions };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  /** Actors of different groups do not reach each other; those that are named in no group are one more group. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, group) => names.map((name) => [name, group] as const)));
  }

  /** Ends the partition. */
  heal(): void {
    this.#groups = null;
  }

  /** Ends the partition and takes back all rules. */
  clear(): void {
    this.#groups = null;
    this.#rules = [];
  }

  /** @returns what became of the message, when it is anything out of the ordinary */
  carry(letter: Letter, deliver: () => void): string | undefined {
    if (this.#isCutOff(letter)) return 'cut off';
    const rule = this.#rules.findLast(({ match }) => matches(match, letter));
    if (!rule) {
      deliver();
      return undefined;
    }
    const { lossPerMille = 0, duplicatePerMille = 0 } = rule.conditions;
    if (this.#happens(lossPerMille)) return 'lost';
    const fates = [this.#arrive(rule.conditions, deliver)];
    if (this.#happens(duplicatePerMille)) fates.push('twice', this.#arrive(rule.conditions, deliver));
    return fates.filter((fate) => fate !== '').join(', ') || undefined;
  }

  #arrive({ delayMs = 0, jitterMs = 0, reorderPerMille = 0, reorderMs = 5 }: MessageConditions, deliver: () => void) {
    const heldMs = this.#happens(reorderPerMille) ? reorderMs : 0;
    const lateMs = delayMs + heldMs + (jitterMs > 0 ? this.#random.next() * jitterMs : 0);
    if (lateMs > 0) this.#clock.setTimeout(deliver, lateMs);
    else deliver();
    return lateMs > 0 ? `${Math.round(lateMs)} ms late` : '';
  }

  #isCutOff({ from, to }: Letter): boolean {
    const groups = this.#groups;
    return groups !== null && from !== null && groups.get(from) !== groups.get(to);
  }

  #happens(perMille: number): boolean {
    return perMille > 0 && this.#random.next() * 1000 < perMille;
  }
}

function matches(match: MessageMatch, letter: Letter): boolean {
  return isNamed(match.from, letter.from ?? 'test') && isNamed(match.to, letter.to) && isNamed(match.type, letter.type);
}

function isNamed(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
