/**
 * The next context from the present one and what an assignment changes: `Object.assign({}, context, changes)`, at a
 * fifth of its price. A machine's contexts nearly always have the same properties, so after some assignments a function
 * is generated that makes an object with just these. It looks at the names each time, and leaves whatever is not as
 * expected to Object.assign. Properties whose names are symbols are only looked for when it is generated.
 */
import type { Context } from './xstateShapes.js';

export type ContextMerger = (context: Context, changes: unknown) => Context;

/** Undefined for objects with other properties than those it was made for. */
type Copy = (context: Context, changes: unknown) => Context | undefined;

/** Assignments before a function is worth its making, which costs some 20 µs. */
const usesBefore = 50;
/** Functions that are made for one action, for machines whose context changes its form at first. */
const copiesMax = 3;
/** Larger objects are hash tables to the engine, and no faster to make. */
const propertiesMax = 64;

export function contextMerger(): ContextMerger {
  return merger((changes) => Object.keys(changes ?? {}), Object.assign);
}

/** The same where it is known which properties change: their values are given, in this order; of one alone, the value. */
export function contextSetter(properties: readonly string[]): ContextMerger {
  const given = properties.length === 1 ? 'value' : 'values';
  return merger(
    () => properties,
    (copy: Context, context: Context, changes: unknown) => {
      Object.assign(copy, context);
      const values = given === 'value' ? [changes] : (changes as readonly unknown[]);
      for (const [place, property] of properties.entries()) copy[property] = values[place];
      return copy;
    },
    given,
  );
}

/** How an assignment says what changes. */
type Given = 'object' | 'value' | 'values';

function merger(
  changed: (changes: unknown) => readonly string[],
  slow: (copy: Context, context: Context, changes: unknown) => unknown,
  given: Given = 'object',
): ContextMerger {
  let copy: Copy | null = null;
  let uses = 0;
  let copies = 0;
  return (context, changes) => {
    const copied = copy?.(context, changes);
    if (copied) return copied;
    if (++uses > usesBefore && copies < copiesMax) {
      uses = 0;
      copies++;
      copy = copyFor(context, changed(changes), given, changes);
    }
    return slow({}, context, changes) as Context;
  };
}

/** Null where it would not be the same, or where generating code is forbidden. */
function copyFor(context: Context, names: readonly string[], given: Given, changes: unknown): Copy | null {
  if (given === 'object' && symbolsOf(changes).length > 0) return null;
  const code = contextCode(context, names, (name) => {
    if (given === 'value') return 'changes';
    return `changes[${given === 'values' ? names.indexOf(name) : JSON.stringify(name)}]`;
  });
  if (code === null) return null;
  const body = `'use strict';
    return (context, changes) => {
      ${countNames('context', 'contextNames', 'known')}
      if (known !== ${code.names.length}) return undefined;
      ${given === 'object' ? countNames('changes', 'changesNames', 'changed') : ''}
      ${given === 'object' ? `if (changed !== ${names.length}) return undefined;` : ''}
      return ${code.literal};
    };`;
  try {
    return new Function('contextNames', 'changesNames', body)(code.names, names) as Copy;
  } catch {
    return null;
  }
}

export interface ContextCode {
  /** Of the context for which the code is good, in their order. */
  readonly names: readonly string[];
  /** Makes the next context of one that is called `context`. */
  readonly literal: string;
}

/**
 * The next context as an object literal.
 * @param valueCode code for the value of a property that changes
 * @returns null where it would not be the same as Object.assign makes it
 */
export function contextCode(
  context: Context,
  changed: readonly string[],
  valueCode: (name: string) => string,
): ContextCode | null {
  const names = Object.keys(context ?? {});
  const all = [...new Set([...names, ...changed])];
  if (symbolsOf(context).length > 0 || all.length > propertiesMax || all.includes('__proto__')) return null;
  const properties = all.map((name) => {
    const key = JSON.stringify(name);
    return `${key}: ${changed.includes(name) ? valueCode(name) : `context[${key}]`}`;
  });
  return { names, literal: `{ ${properties.join(', ')} }` };
}

/** Counts an object's names into a variable; it is -1 as soon as one is not the expected. */
export function countNames(object: string, expected: string, counted: string): string {
  return `let ${counted} = 0;
    for (const name in ${object}) if (name !== ${expected}[${counted}++]) { ${counted} = -1; break; }`;
}

function symbolsOf(object: unknown): readonly symbol[] {
  return typeof object === 'object' && object !== null ? Object.getOwnPropertySymbols(object) : [];
}
