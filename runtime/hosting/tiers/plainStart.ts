/**
 * How a machine begins that does nothing as it begins: it stands at its first place with its context, and there is no
 * step to take. Most machines of which there are many are such.
 */
import { takenNames } from './argumentUse.js';
import type { CompiledMachine } from './CompiledMachine.js';
import type { Place } from './Place.js';
import type { Context } from './xstateShapes.js';

export interface PlainStart {
  readonly place: Place;
  /** Whether the context may be made of the input. */
  readonly takesInput: boolean;
  contextOf(input: unknown): Context;
}

/** Null for a machine that acts as it begins, or whose context is made of more than the input. */
export function plainStart({ initialMove, chart }: CompiledMachine): PlainStart | null {
  const { operations, next } = initialMove;
  if (operations.length > 0 || next.eventless !== null) return null;
  const { context } = chart.config;
  if (typeof context !== 'function') {
    return { place: next, takesInput: false, contextOf: () => (context as Context | undefined) ?? {} };
  }
  const names = takenNames(context);
  if (names === null || names.has('self') || names.has('spawn')) return null;
  const factory = context as (args: { readonly input: unknown }) => Context;
  // A copy, as XState makes one: the function may return the same object each time.
  return { place: next, takesInput: names.has('input'), contextOf: (input) => ({ ...factory({ input }) }) };
}
