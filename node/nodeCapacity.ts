/** What the machine has to spare, as a node tells others. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg } from 'node:os';
import type { NodeCapacity } from '../runtime/protocol/schemas/node.js';

/** Actors that a node offers to host beside what it has; what a worker of ordinary size holds without strain. */
const actorSlots = 10_000;

/** @returns a function that reads the capacity now; free storage is as of the last call, since asking takes time */
export function capacityProbe(dataFolder: string, actorCount: () => number): () => NodeCapacity {
  let storageFreeBytes = 0;
  const readStorage = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(dataFolder);
    storageFreeBytes = bavail * bsize;
  };
  return () => {
    // A folder that has gone is the store's fault to report.
    readStorage().catch(() => {});
    const load = (loadavg()[0] ?? 0) / availableParallelism();
    return {
      cpuLoadRatio: Math.min(1, Math.max(0, load)),
      memoryFreeBytes: freemem(),
      storageFreeBytes,
      slotsFree: Math.max(0, actorSlots - actorCount()),
    };
  };
}
