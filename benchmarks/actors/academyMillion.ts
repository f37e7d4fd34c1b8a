/** A million idle actors in one process: the memory of the whole process with them, in MB, and the time to start them. */

import { spawnListeners } from './academyWorkload.js';
import { inSystem } from './inSystem.js';
import { expectCount, residentBytes, timed } from './measure.js';
import type { Measured } from './Workload.js';

export function academyMillion(count: number): Promise<Measured> {
  return inSystem({ threads: 0 }, async (system) => {
    const measured = await timed(
      count,
      () => spawnListeners(system, 'idle', count, 0),
      async () => expectCount('actors', (await system.counters()).actors ?? 0, count),
    );
    return { ...measured, value: residentBytes() / 1e6 };
  });
}
