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

/** The sockets of this process that are open; a test whose subject has stopped waits for none. */
export function openSockets(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /UDP|TCP/.test(kind));
}
