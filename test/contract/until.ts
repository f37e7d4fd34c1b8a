/** Waiting on conditions instead of sleeping. */

/**
 * Resolves as soon as the condition holds.
 * @throws Error with `what` when it does not hold within a time that only a hung test reaches
 */
export async function until(what: string, condition: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What keeps the process alive by network handles, sorted; equal before and after means that nothing was left. */
export function networkHandles(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => /UDP|TCP|Pipe/.test(kind))
    .sort();
}
