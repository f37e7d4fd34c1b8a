/** The sockets of this process that are open; a test whose subject has stopped waits for none. */
export function openSockets(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /UDP|TCP/.test(kind));
}
