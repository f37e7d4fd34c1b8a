/** Crashes under the project's supervisor: of actors one by one, and of a thread with all that live on it. */
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress } from '../../runtime/protocol/actors.js';
import { deadlineMs, inSystem } from '../actors/inSystem.js';
import { expectCount, timed } from '../actors/measure.js';
import { spawnNamed } from '../actors/threadsWorkload.js';
import type { Measured } from '../actors/Workload.js';
import { driver, fragile, restartAlways } from './machines.js';

export const fragileChildren = 100;
const machines = new URL('./machines.js', import.meta.url).href;

/** Each crash is one of a hundred children's, by a message; it counts when the next life has said that it is up. */
export function restarts(count: number): Promise<Measured> {
  return inSystem({ threads: 0, withCrashes: true }, async (system) => {
    const lead = system.spawnLocal('driver', driver);
    const children = Array.from({ length: fragileChildren }, (_, index) =>
      system.spawnLocal(`fragile-${index}`, fragile, { driver: lead }),
    );
    const crash = (crashes: number): Promise<unknown> =>
      system.ask(lead, { type: 'begin', data: { children, crashes } }, { deadlineMs });
    const restarted = async (): Promise<number> => (await system.counters()).restarts ?? 0;
    await crash(Math.ceil(count / 5));
    const before = await restarted();
    return timed(
      count,
      () => crash(count),
      async () => expectCount('restarts', (await restarted()) - before, count),
    );
  });
}

/**
 * A thread with so many actors ends, and they live on upon another. The time is from the blow until all of them have
 * their machines again; `value` is milliseconds.
 */
export function shardRecovery(count: number): Promise<Measured> {
  return inSystem({ threads: 1, withCrashes: true, shardRestart: restartAlways }, async (system) => {
    const listeners = await spawnNamed(system, 'listener', count, 1);
    const measured = await timed(
      count,
      () => strike(system),
      async () => expectCount('actors that answer', await answering(system, listeners), count),
    );
    return { ...measured, value: measured.seconds * 1_000 };
  });
}

async function strike(system: ActorSystem): Promise<void> {
  const assassin = await system.spawn({ name: 'assassin', module: machines, exportName: 'assassin', shard: 1 });
  const up = new Promise<void>((resolve) => {
    system.once('shard-up', () => resolve());
  });
  system.tell(assassin, { type: 'strike', data: null });
  await up;
}

async function answering(system: ActorSystem, addresses: readonly ActorAddress[]): Promise<number> {
  const asked = addresses.map((each) => system.ask(each, { type: 'heard', data: null }, { deadlineMs }));
  const answers = await Promise.allSettled(asked);
  return answers.filter(({ status }) => status === 'fulfilled').length;
}
