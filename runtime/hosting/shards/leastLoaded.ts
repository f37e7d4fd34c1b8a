/**
 * Where a new actor goes: to the shard with the least to do, as far as it can be seen without asking. Actors count,
 * because each will have something to do one day; messages that wait count, because they are to be done now; and what
 * a thread has that is busy already counts twice, because one more would wait.
 */

export interface ShardLoad {
  readonly shard: number;
  readonly actors: number;
  /** Messages in the mailboxes of the shard. */
  readonly waiting: number;
  /** Part of the last moments that its thread was busy, from 0 to 1. */
  readonly utilisation: number;
}

/** Below, what is measured is the start of the node rather than the actors. */
const busyFrom = 0.8;

/** @returns the number of the shard, the lowest of equals; undefined when there is none */
export function leastLoaded(loads: readonly ShardLoad[]): number | undefined {
  let least: ShardLoad | undefined;
  for (const load of loads) if (!least || weight(load) < weight(least)) least = load;
  return least?.shard;
}

function weight({ actors, waiting, utilisation }: ShardLoad): number {
  return (actors + waiting) * (utilisation >= busyFrom ? 2 : 1);
}
