/**
 * Effect: an actor is a fiber that takes from an unbounded queue for ever, which is how its users build one. Effects
 * are combined without generators, which measured three times as fast.
 */
import type { LoadPackage } from '../../peers/Peer.js';
import { expectCount, timed } from '../measure.js';
import { startMeasures } from '../startMeasures.js';
import { fanOutRounds, fanOutWidth, type Workload } from '../Workload.js';

/** An effect is a description that only the library looks into. */
interface Description<A> {
  readonly made: A;
}
interface QueueOf<M> {
  readonly holds: M;
}
interface EffectModule {
  flatMap<A, B>(effect: Description<A>, next: (value: A) => Description<B>): Description<B>;
  map<A, B>(effect: Description<A>, next: (value: A) => B): Description<B>;
  forever(effect: Description<unknown>): Description<never>;
  forkDetach(effect: Description<unknown>): Description<unknown>;
  runSync<A>(effect: Description<A>): A;
  runPromise<A>(effect: Description<A>): Promise<A>;
  readonly yieldNow: Description<void>;
  readonly void: Description<void>;
}
interface QueueModule {
  unbounded<M>(): Description<QueueOf<M>>;
  take<M>(queue: QueueOf<M>): Description<M>;
  offer<M>(queue: QueueOf<M>, message: M): Description<boolean>;
  offerUnsafe<M>(queue: QueueOf<M>, message: M): boolean;
}
interface EffectLibrary {
  readonly Effect: EffectModule;
  readonly Queue: QueueModule;
}

interface Message {
  readonly text: string;
}
interface Listener {
  readonly mailbox: QueueOf<Message>;
  heard: number;
}
interface Ball {
  readonly from: QueueOf<Ball>;
}

export async function effectWorkload(load: LoadPackage): Promise<Workload> {
  const { Effect, Queue } = await load<EffectLibrary>('effect');
  let over: () => void = () => {};
  let tellAt = 0;

  const listener = (): Listener => {
    const made: Listener = { mailbox: Effect.runSync(Queue.unbounded<Message>()), heard: 0 };
    const hear = Effect.map(Queue.take(made.mailbox), ({ text }) => {
      if (text.length > 0) made.heard += 1;
      if (made.heard === tellAt) over();
    });
    Effect.runSync(Effect.forkDetach(Effect.forever(hear)));
    return made;
  };
  const many = (count: number): Listener[] => Array.from({ length: count }, listener);
  /** All that were started hear a message. */
  const answering = async (listeners: readonly Listener[], count: number): Promise<string | null> => {
    const before = listeners.map(({ heard }) => heard);
    await heardByAll(listeners, () => {
      tellAt = 1;
      for (const { mailbox } of listeners) Queue.offerUnsafe(mailbox, { text: 'message' });
    });
    return expectCount(
      'fibers',
      listeners.filter(({ heard }, index) => heard === (before[index] ?? 0) + 1).length,
      count,
    );
  };
  const heardByAll = (listeners: readonly Listener[], tell: () => unknown): Promise<void> =>
    new Promise((resolve) => {
      let missing = listeners.length;
      over = () => {
        if (--missing === 0) resolve();
      };
      tell();
    });

  return {
    ...startMeasures(many, answering),

    async pingPong(count) {
      let hits = 0;
      let last = 0;
      const player = (): QueueOf<Ball> => {
        const mailbox = Effect.runSync(Queue.unbounded<Ball>());
        const hit = Effect.flatMap(Queue.take(mailbox), ({ from }): Description<unknown> => {
          hits += 1;
          if (hits < last) return Queue.offer(from, { from: mailbox });
          over();
          return Effect.void;
        });
        Effect.runSync(Effect.forkDetach(Effect.forever(hit)));
        return mailbox;
      };
      const [left, right] = [player(), player()];
      const game = (): Promise<void> =>
        new Promise((resolve) => {
          over = resolve;
          last = hits + count;
          Queue.offerUnsafe(left, { from: right });
        });
      await game();
      const before = hits;
      return timed(count, game, () => expectCount('messages', hits - before, count));
    },

    async fanOut(count) {
      const listeners = many(fanOutWidth);
      const rounds = fanOutRounds(count);
      const tell = (): Promise<void> =>
        heardByAll(listeners, async () => {
          tellAt = (listeners[0]?.heard ?? 0) + rounds;
          for (let round = 0; round < rounds; round++) {
            for (const { mailbox } of listeners) Queue.offerUnsafe(mailbox, { text: 'message' });
            // Lets the listeners take, as a speaker that is a fiber does of itself.
            await Effect.runPromise(Effect.yieldNow);
          }
        });
      await tell();
      return timed(rounds * fanOutWidth, tell, () =>
        expectCount('listeners heard all', listeners.filter(({ heard }) => heard === 2 * rounds).length, fanOutWidth),
      );
    },
  };
}
