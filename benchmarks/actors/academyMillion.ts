/** A million idle actors in one process: the memory of the whole process with them, in MB, and the time to start them. */
import { onHost } from './LocalHost.js';
import { listener } from './machines.js';
import { expectCount, residentBytes, timed } from './measure.js';
import type { Measured } from './Workload.js';

export function academyMillion(count: number): Promise<Measured> {
  return onHost(async (host) => {
    const measured = await timed(
      count,
      () => host.spawnMany(listener, count),
      () => expectCount('actors', host.children, count),
    );
    return { ...measured, value: residentBytes() / 1e6 };
  });
}
