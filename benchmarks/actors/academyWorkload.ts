/**
 * The project's own actors: XState machines with an address, a bounded mailbox, supervision and counters. With
 * `acrossThreads` the players and the listeners sit on another thread than those who speak to them.
 */
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress, ActorSpec } from '../../runtime/protocol/actors.js';
import { deadlineMs, inSystem } from './inSystem.js';
import type * as machines from './machines.js';
import { expectCount, slopeOfMemory, timed } from './measure.js';
import { fanOutRounds, fanOutWidth, type Workload } from './Workload.js';

/** Fan-outs under way: few enough that no mailbox of 10,000 messages fills up. */
const speechesUnderWay = 64;
/** Actors that are spawned at a time. */
const spawnsUnderWay = 1_000;

export function academyWorkload(acrossThreads: boolean): Workload {
  const far = acrossThreads ? 1 : 0;
  return {
    spawn: (count) =>
      inSystem({ threads: far }, async (system) => {
        await spawnListeners(system, 'warm-up', Math.ceil(count / 5), far);
        const before = await actorsOf(system);
        return timed(
          count,
          () => spawnListeners(system, 'listener', count, far),
          async () => expectCount('actors', (await actorsOf(system)) - before, count),
        );
      }),

    idle: (count) =>
      inSystem({ threads: far }, (system) =>
        slopeOfMemory(
          count,
          (more) => spawnListeners(system, `listener-${system.size}`, more, far),
          async (all) => expectCount('actors', await actorsOf(system), all.length),
        ),
      ),

    pingPong: (count) =>
      inSystem({ threads: far }, async (system) => {
        const left = await system.spawn(specOf('player', 'left', 0));
        const right = await system.spawn(specOf('player', 'right', far));
        const strokes = Math.ceil(count / 2);
        const play = (): Promise<unknown> =>
          system.ask(left, { type: 'serve', data: { to: right, count: strokes } }, { deadlineMs });
        const hits = async (): Promise<number> => {
          const both = await Promise.all(
            [left, right].map((each) => system.ask(each, { type: 'hits' }, { deadlineMs })),
          );
          return (both as number[]).reduce((sum, each) => sum + each, 0);
        };
        await play();
        const before = await hits();
        return timed(2 * strokes, play, async () => expectCount('messages', (await hits()) - before, 2 * strokes));
      }),

    fanOut: (count) =>
      inSystem({ threads: far }, async (system) => {
        const speaker = await system.spawn(specOf('speaker', 'speaker', 0));
        const umpire = await system.spawn(specOf('umpire', 'umpire', far));
        const listeners = await spawnListeners(system, 'listener', fanOutWidth, far);
        const rounds = fanOutRounds(count);
        let heard = 0;
        const tell = async (): Promise<void> => {
          for (let told = 0; told < rounds; ) {
            const speeches = Math.min(speechesUnderWay, rounds - told);
            told += speeches;
            heard += speeches;
            for (const each of listeners) system.tell(each, { type: 'tell-at', data: { heard, umpire } });
            const done = system.ask(umpire, { type: 'await', data: { count: fanOutWidth } }, { deadlineMs });
            for (let speech = 0; speech < speeches; speech++) {
              system.tell(speaker, { type: 'speak', data: { to: listeners } });
            }
            await done;
          }
        };
        await tell();
        return timed(rounds * fanOutWidth, tell, async () => {
          const counts = await Promise.all(
            listeners.map((each) => system.ask(each, { type: 'heard' }, { deadlineMs })),
          );
          return expectCount('listeners heard all', counts.filter((each) => each === 2 * rounds).length, fanOutWidth);
        });
      }),
  };
}

/** Listeners without a word to say, under names that begin with `name`. */
export async function spawnListeners(
  system: ActorSystem,
  name: string,
  count: number,
  shard: number,
): Promise<ActorAddress[]> {
  const addresses: ActorAddress[] = [];
  while (addresses.length < count) {
    const first = addresses.length;
    const batch = Math.min(spawnsUnderWay, count - first);
    const spawned = Array.from({ length: batch }, (_, index) =>
      system.spawn(specOf('listener', `${name}-${first + index}`, shard)),
    );
    addresses.push(...(await Promise.all(spawned)));
  }
  return addresses;
}

function specOf(exportName: keyof typeof machines, name: string, shard: number): ActorSpec {
  return { name, module: new URL('./machines.js', import.meta.url).href, exportName, shard };
}

async function actorsOf(system: ActorSystem): Promise<number> {
  return (await system.counters()).actors ?? 0;
}
