/** Errors that are the caller's own, since an argument of theirs is wrong: they end with the exit code for that, whatever their code. */
const own = new WeakSet<object>();

/** @throws what the step throws, marked as the caller's */
export async function asMisuse<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (fault) {
    if (typeof fault === 'object' && fault !== null) own.add(fault);
    throw fault;
  }
}

export function isMisuse(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && own.has(thrown);
}
