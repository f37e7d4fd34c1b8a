/**
 * A machine may keep its input in its context, and with it the shard's clock, which is a function and cannot be kept.
 * In an image a mark stands for it, and the shard that restores the image puts its own clock there.
 */

const mark = 'academy:nowMs';

/** @returns the context, or a copy with marks where the clock was */
export function withoutClock(context: unknown): unknown {
  return replaced(context, (value) => (typeof value === 'function' ? mark : value));
}

export function withClock(context: unknown, nowMs: () => number): unknown {
  return replaced(context, (value) => (value === mark ? nowMs : value));
}

/** The clock stands in the context itself, or in an object that is the value of one of its properties. */
function replaced(context: unknown, change: (value: unknown) => unknown): unknown {
  if (!isObject(context)) return context;
  let copy: Record<string, unknown> | null = null;
  for (const name in context) {
    const value = context[name];
    if (name !== 'nowMs' && !(isObject(value) && 'nowMs' in value)) continue;
    const changed =
      name === 'nowMs' ? change(value) : { ...(value as object), nowMs: change((value as Clocked).nowMs) };
    copy ??= { ...context };
    copy[name] = changed;
  }
  return copy ?? context;
}

interface Clocked {
  readonly nowMs: unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
