/**
 * comedy: an actor is a class whose methods are its messages, in memory as its default is. `send` waits for nothing but
 * that the message is on its way. Its log is silenced.
 */
import type { LoadPackage } from '../../peers/Peer.js';
import { expectCount, slopeOfMemory, timed } from '../measure.js';
import { fanOutRounds, fanOutWidth, type Measured, type Workload } from '../Workload.js';

interface ComedyActor {
  createChild(behaviour: new () => object): Promise<ComedyActor>;
  send(type: string, message: unknown): Promise<void>;
  sendAndReceive(type: string): Promise<unknown>;
}
interface ComedySystem {
  rootActor(): Promise<ComedyActor>;
  destroy(): Promise<void>;
}
interface Log {
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
}
type Comedy = (options: { readonly log: Log; readonly config: object }) => ComedySystem;

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Actors that are started at a time. */
const startsUnderWay = 1_000;

export async function comedyWorkload(load: LoadPackage): Promise<Workload> {
  const { default: comedy } = await load<{ readonly default: Comedy }>('comedy');
  let over: () => void = () => {};
  let tellAt = 0;

  class Listener {
    #heard = 0;

    message({ text }: { readonly text: string }): void {
      if (text.length > 0) this.#heard += 1;
      if (this.#heard === tellAt) over();
    }

    heard(): number {
      return this.#heard;
    }
  }

  class Player {
    #self: ComedyActor | null = null;
    #hits = 0;
    #left = 0;

    initialize(self: ComedyActor): void {
      this.#self = self;
    }

    serve({ to, count }: { readonly to: ComedyActor; readonly count: number }): void {
      this.#left = count;
      void to.send('ball', { from: this.#self });
    }

    ball({ from }: { readonly from: ComedyActor }): void {
      this.#hits += 1;
      this.#left -= 1;
      if (this.#left === 0) over();
      else void from.send('ball', { from: this.#self });
    }

    hits(): number {
      return this.#hits;
    }
  }

  async function inSystem(work: (root: ComedyActor) => Promise<Measured>): Promise<Measured> {
    const system = comedy({ log: silent, config: {} });
    try {
      return await work(await system.rootActor());
    } finally {
      await system.destroy();
    }
  }

  async function many(root: ComedyActor, count: number): Promise<ComedyActor[]> {
    const made: ComedyActor[] = [];
    while (made.length < count) {
      const length = Math.min(startsUnderWay, count - made.length);
      made.push(...(await Promise.all(Array.from({ length }, () => root.createChild(Listener)))));
    }
    return made;
  }

  const counted = (actors: readonly ComedyActor[], type: 'heard' | 'hits'): Promise<unknown[]> =>
    Promise.all(actors.map((each) => each.sendAndReceive(type)));

  return {
    spawn: (count) =>
      inSystem(async (root) => {
        await many(root, Math.ceil(count / 5));
        let listeners: ComedyActor[] = [];
        return timed(
          count,
          async () => {
            listeners = await many(root, count);
          },
          async () => expectCount('actors', (await counted(listeners, 'heard')).length, count),
        );
      }),

    idle: (count) =>
      inSystem((root) =>
        slopeOfMemory(
          count,
          (more) => many(root, more),
          async (all) => expectCount('actors', (await counted(all, 'heard')).length, all.length),
        ),
      ),

    pingPong: (count) =>
      inSystem(async (root) => {
        const [left, right] = [await root.createChild(Player), await root.createChild(Player)];
        const strokes = Math.ceil(count / 2);
        const game = (): Promise<void> =>
          new Promise((resolve) => {
            over = resolve;
            void left.send('serve', { to: right, count: strokes });
          });
        const hits = async (): Promise<number> =>
          ((await counted([left, right], 'hits')) as number[]).reduce((sum, each) => sum + each, 0);
        await game();
        const before = await hits();
        return timed(2 * strokes, game, async () => expectCount('messages', (await hits()) - before, 2 * strokes));
      }),

    fanOut: (count) =>
      inSystem(async (root) => {
        const listeners = await many(root, fanOutWidth);
        const rounds = fanOutRounds(count);
        let heard = 0;
        const tell = (): Promise<void> =>
          new Promise((resolve) => {
            let missing = fanOutWidth;
            heard += rounds;
            tellAt = heard;
            over = () => {
              if (--missing === 0) resolve();
            };
            for (let round = 0; round < rounds; round++) {
              for (const each of listeners) void each.send('message', { text: 'message' });
            }
          });
        await tell();
        return timed(rounds * fanOutWidth, tell, async () => {
          const counts = await counted(listeners, 'heard');
          return expectCount('listeners heard all', counts.filter((each) => each === heard).length, fanOutWidth);
        });
      }),
  };
}
