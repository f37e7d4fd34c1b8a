/**
 * The same actors on two threads, spawned by name from their modules: the players and the listeners sit on another
 * thread than those who speak to them.
 */
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress } from '../../runtime/protocol/actors.js';
import type { ActorWorld } from './ActorWorld.js';
import { fanOut, pingPong } from './actorTalk.js';
import { deadlineMs, inSystem } from './inSystem.js';
import type * as machines from './machines.js';
import { fanOutWidth, type Measured } from './Workload.js';

/** The main thread's shard, and the worker's. */
const [here, there] = [0, 1];
/** Actors that are spawned at a time. */
const spawnsUnderWay = 1_000;

export const threadsWorkload = {
  pingPong: (count: number): Promise<Measured> =>
    inSystem({ threads: 1 }, async (system) => {
      const left = await spawnOne(system, 'player', here);
      const right = await spawnOne(system, 'player', there);
      return pingPong(worldOf(system), [left, right], count);
    }),

  fanOut: (count: number): Promise<Measured> =>
    inSystem({ threads: 1 }, async (system) => {
      const listeners = await spawnNamed(system, 'listener', fanOutWidth, there);
      const audience = {
        speaker: await spawnOne(system, 'speaker', here),
        umpire: await spawnOne(system, 'umpire', there),
        listeners,
      };
      return fanOut(worldOf(system), audience, count);
    }),
};

/** Actors under names of their own, a thousand at a time. */
export async function spawnNamed(
  system: ActorSystem,
  exportName: keyof typeof machines,
  count: number,
  shard: number,
): Promise<ActorAddress[]> {
  const addresses: ActorAddress[] = [];
  while (addresses.length < count) {
    const length = Math.min(spawnsUnderWay, count - addresses.length);
    addresses.push(...(await Promise.all(Array.from({ length }, () => spawnOne(system, exportName, shard)))));
  }
  return addresses;
}

function spawnOne(system: ActorSystem, exportName: keyof typeof machines, shard: number): Promise<ActorAddress> {
  const name = `${exportName}-${system.size}`;
  return system.spawn({ name, module: new URL('./machines.js', import.meta.url).href, exportName, shard });
}

function worldOf(system: ActorSystem): ActorWorld {
  return {
    tell: (to, message) => system.tell(to, message),
    ask: (to, message) => system.ask(to, message, { deadlineMs }),
  };
}
