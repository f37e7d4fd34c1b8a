/** Makes a guard into one function. Names are looked up once; a name without a function fails when it is asked. */
import { type AnyEventObject, matchesState, type StateValue } from 'xstate';
import { partOrRefusal } from './missingPart.js';
import type { Place } from './Place.js';
import { plainArgsCode, type Written, withCode } from './writtenCode.js';
import { type Chart, type Context, hasCheck, isBuiltinGuard } from './xstateShapes.js';

/** The place is where the machine stands while it asks. */
export interface Guard extends Written {
  (context: Context, event: AnyEventObject, place: Place): unknown;
  /** Where what it throws is to be said otherwise. */
  readonly explain?: (error: unknown, event: AnyEventObject) => Error;
}

type GuardFunction = (args: { context: Context; event: AnyEventObject }, params: unknown) => unknown;

export function compileGuard(chart: Chart, guard: unknown): Guard {
  const isInline = typeof guard === 'function';
  const name = isInline ? '' : typeof guard === 'string' ? guard : (guard as { type: string }).type;
  const resolved = isInline ? guard : partOrRefusal(chart, 'guard', name);
  if (typeof resolved !== 'function') return later(() => compileGuard(chart, resolved));
  if (hasCheck(resolved)) return combined(chart, resolved);
  const ask = resolved as GuardFunction;
  const params = isInline || typeof guard === 'string' ? undefined : (guard as { params?: unknown }).params;
  if (typeof params === 'function') {
    return (context, event) => ask({ context, event }, params({ context, event }));
  }
  return withCode(
    (context: Context, event: AnyEventObject) => ask({ context, event }, params),
    (bind) => `${bind(ask)}(${plainArgsCode}, ${params === undefined ? 'undefined' : bind(params)})`,
  );
}

function combined(chart: Chart, guard: unknown): Guard {
  if (!isBuiltinGuard(guard)) throw new TypeError('no guard of this XState');
  const parts = (guard.guards ?? []).map((part) => later(() => compileGuard(chart, part)));
  switch (guard.name) {
    case 'not': {
      const [part] = parts as [Guard];
      return (context, event, place) => !part(context, event, place);
    }
    case 'and':
      return (context, event, place) => parts.every((part) => part(context, event, place));
    case 'or':
      return (context, event, place) => parts.some((part) => part(context, event, place));
    case 'stateIn': {
      const value = guard.stateValue as StateValue;
      if (typeof value !== 'string' || !value.startsWith('#'))
        return (_context, _event, place) => matchesState(value, place.value);
      return (_context, _event, place) => place.nodes.includes(chart.getStateNodeById(value));
    }
  }
}

/** Guards may name one another in a circle, which only shows when they are asked. */
function later(compile: () => Guard): Guard {
  let compiled: Guard | null = null;
  return (context, event, place) => {
    compiled ??= compile();
    return compiled(context, event, place);
  };
}
