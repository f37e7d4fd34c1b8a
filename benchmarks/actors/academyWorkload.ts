/**
 * The project's own actors: XState machines with an address, a bounded mailbox, supervision and counters. With
 * `acrossThreads` the players and the listeners sit on another thread than those who speak to them.
 */
import { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress, ActorSpec } from '../../runtime/protocol/actors.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { nodeIdOf } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import type * as machines from './machines.js';
import { expectCount, timed, weighed } from './measure.js';
import { fanOutRounds, fanOutWidth, type Measured, type Workload } from './Workload.js';

const deadlineMs = 120_000;
const shutdownMs = 10_000;
/** Fan-outs under way: few enough that no mailbox of 10,000 messages fills up. */
const speechesUnderWay = 64;
/** Actors that are spawned at a time. */
const spawnsUnderWay = 1_000;

export function academyWorkload(acrossThreads: boolean): Workload {
  const far = acrossThreads ? 1 : 0;
  return {
    spawn: (count) =>
      inSystem(far, async (system) => {
        await spawnMany(system, 'warm-up', Math.ceil(count / 5), far);
        const before = await actorsOf(system);
        return timed(
          count,
          () => spawnMany(system, 'listener', count, far),
          async () => expectCount('actors', (await actorsOf(system)) - before, count),
        );
      }),

    idle: (count) =>
      inSystem(far, async (system) => {
        await spawnMany(system, 'warm-up', 100, far);
        let addresses: ActorAddress[] = [];
        return weighed(
          count,
          async () => {
            addresses = await spawnMany(system, 'listener', count, far);
          },
          () => expectCount('actors', addresses.length, count),
        );
      }),

    pingPong: (count) =>
      inSystem(far, async (system) => {
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
      inSystem(far, async (system) => {
        const speaker = await system.spawn(specOf('speaker', 'speaker', 0));
        const umpire = await system.spawn(specOf('umpire', 'umpire', far));
        const listeners = await spawnMany(system, 'listener', fanOutWidth, far);
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

async function inSystem(threads: number, work: (system: ActorSystem) => Promise<Measured>): Promise<Measured> {
  const random = seededRandom(1);
  const noMesh = async (): Promise<never> => {
    throw new AcademyError('ERR_ACADEMY_COMMAND_FAILED', 'the benchmark has no mesh');
  };
  const troubles: string[] = [];
  const system = new ActorSystem({
    nodeId: nodeIdOf(random.bytes(32)),
    academyId: 'benchmark-academy',
    clock: systemClock,
    random,
    threads,
    mesh: {
      publish: () => {},
      execute: noMesh,
      tellRemote: () => {},
      askRemote: noMesh,
      log: (_level, actor, text) => troubles.push(`${actor}: ${text}`),
    },
  });
  system.on('dead-letter', ({ reason, messageType }) => troubles.push(`dead letter ${messageType}: ${reason}`));
  await system.start();
  try {
    const measured = await work(system);
    return { ...measured, fault: measured.fault ?? troubles[0] ?? null };
  } finally {
    await system.shutdown({ limitMs: shutdownMs });
  }
}

async function spawnMany(system: ActorSystem, name: string, count: number, shard: number): Promise<ActorAddress[]> {
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
