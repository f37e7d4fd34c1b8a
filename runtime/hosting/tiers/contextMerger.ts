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
  const properties = Object.keys(context);
  const all = [...new Set([...properties, ...names])];
  const hidden = [...symbolsOf(context), ...(given === 'object' ? symbolsOf(changes) : [])];
  if (hidden.length > 0 || all.length > propertiesMax || all.includes('__proto__')) return null;
  const source = (name: string): string => {
    if (!names.includes(name)) return `context[${JSON.stringify(name)}]`;
    if (given === 'value') return 'changes';
    return `changes[${given === 'values' ? names.indexOf(name) : JSON.stringify(name)}]`;
  };
  const body = `'use strict';
    return (context, changes) => {
      ${sameNames('context', properties)}
      ${given === 'object' ? sameNames('changes', names) : ''}
      return { ${all.map((name) => `${JSON.stringify(name)}: ${source(name)}`).join(', ')} };
    };`;
  try {
    return new Function('contextNames', 'changesNames', body)(properties, names) as Copy;
  } catch {
    return null;
  }
}

function sameNames(object: 'context' | 'changes', names: readonly string[]): string {
  return `{
    let place = 0;
    for (const name in ${object}) if (name !== ${object}Names[place++]) return undefined;
    if (place !== ${names.length}) return undefined;
  }`;
}

function symbolsOf(object: unknown): readonly symbol[] {
  return typeof object === 'object' && object !== null ? Object.getOwnPropertySymbols(object) : [];
}
