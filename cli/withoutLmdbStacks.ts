/**
 * lmdb writes the stack of every write that fails to the terminal, over whatever is shown there. The store rejects the
 * same write with a code and a remedy, so whoever owns the process need not see it twice. A line that lmdb's native part
 * writes beside it, "Write error: …", cannot be caught.
 */

/** @returns what ends it */
export function withoutLmdbStacks(): () => void {
  const { error } = console;
  console.error = (...values: unknown[]) => {
    if (!isLmdbFault(values[0])) error.apply(console, values);
  };
  return () => {
    console.error = error;
  };
}

/** Its errors have the number of the system, where those of Node.js have a name. */
function isLmdbFault(value: unknown): boolean {
  if (!(value instanceof Error)) return false;
  const { code } = value as { readonly code?: unknown };
  return typeof code === 'number' && /[\\/]lmdb[\\/]/.test(value.stack ?? '');
}
