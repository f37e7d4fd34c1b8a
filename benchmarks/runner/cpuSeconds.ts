/** CPU seconds that this process has used since it started, all its threads and the kernel's work for it included. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
