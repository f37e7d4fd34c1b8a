/**
 * The judged questions that a persona never trains on and keeps for examining what others offer it, newest last and
 * bounded for each capability. A question that is judged again keeps only its newest answer.
 */
import type { LabelledItem } from './messages.js';

/** What an exam of a genome is held on: its own capabilities, and the others, which it must not spoil. */
export interface ExamPaper {
  readonly items: readonly LabelledItem[];
  readonly guard: readonly LabelledItem[];
}

/** Items kept for each capability: six times what an exam needs at least. */
const itemsPerCapabilityMax = 300;

export class HeldOutItems {
  readonly #byCapability = new Map<string, Map<string, string | null>>();

  /** All items, for saving; `from` takes them back. */
  get all(): readonly (readonly [capability: string, items: readonly LabelledItem[]])[] {
    return [...this.#byCapability.keys()].map((capability) => [capability, this.of(capability)] as const);
  }

  get size(): number {
    return [...this.#byCapability.values()].reduce((sum, items) => sum + items.size, 0);
  }

  static from(saved: HeldOutItems['all']): HeldOutItems {
    const heldOut = new HeldOutItems();
    for (const [capability, items] of saved) for (const item of items) heldOut.add(capability, item);
    return heldOut;
  }

  add(capability: string, { input, expected }: LabelledItem): void {
    const items = this.#byCapability.get(capability) ?? new Map<string, string | null>();
    items.delete(input);
    items.set(input, expected);
    const [oldest] = items.keys();
    if (items.size > itemsPerCapabilityMax && oldest !== undefined) items.delete(oldest);
    this.#byCapability.set(capability, items);
  }

  /** What it was told to answer to exactly this question; undefined when it was told nothing. */
  answerTo(input: string): string | null | undefined {
    for (const items of this.#byCapability.values()) if (items.has(input)) return items.get(input);
    return undefined;
  }

  count(capability: string): number {
    return this.#byCapability.get(capability)?.size ?? 0;
  }

  of(capability: string): readonly LabelledItem[] {
    return [...(this.#byCapability.get(capability) ?? [])].map(([input, expected]) => ({ input, expected }));
  }

  paperFor(capabilities: ReadonlySet<string>): ExamPaper {
    const items: LabelledItem[] = [];
    const guard: LabelledItem[] = [];
    for (const [capability, held] of this.all) (capabilities.has(capability) ? items : guard).push(...held);
    return { items, guard };
  }
}
