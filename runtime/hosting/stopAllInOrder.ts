/** The end of all actors of a node, the latest first. */

import type { OrderFrame } from './frames.js';
import type { ActorRecord, ActorRegistry } from './records/ActorRegistry.js';

export interface StoppingWorld {
  readonly registry: ActorRegistry;
  /** Whether the shard can be told. */
  isReachable(shard: number): boolean;
  order(shard: number, frame: OrderFrame): void;
  /** Its shard cannot say any more that it has ended. */
  forget(record: ActorRecord): void;
}

/** Neighbours on one shard are one order, which the shard carries out in turn: one round trip a change of shard. */
export async function stopAllInOrder(world: StoppingWorld): Promise<void> {
  let together: ActorRecord[] = [];
  for (const record of world.registry.latestFirst()) {
    if (together[0] && together[0].address.shard !== record.address.shard) {
      await stopEach(world, together);
      together = [];
    }
    together.push(record);
  }
  await stopEach(world, together);
}

/** Stops actors of one shard, one after the other, and resolves when all have ended. */
async function stopEach(world: StoppingWorld, records: readonly ActorRecord[]): Promise<void> {
  // Some may have ended since the list was made.
  const alive = records.filter((record) => world.registry.byName(record.spec.name) === record);
  const shard = alive[0]?.address.shard;
  if (shard === undefined) return;
  const ended = alive.map((record) => new Promise<void>((resolve) => record.onEnd.push(resolve)));
  if (world.isReachable(shard)) {
    world.order(shard, ['stop-each', alive.flatMap(({ address }) => [address.slot, address.generation])]);
  } else {
    for (const record of alive) world.forget(record);
  }
  await Promise.all(ended);
}
