/**
 * nact: an actor is a function of state and message that returns the next state. The system is without loggers, and
 * messages carry their sender as nact's own examples do. A mailbox has no bound, and each message costs it a turn of
 * the event loop.
 */
import type { LoadPackage } from '../../peers/Peer.js';
import { expectCount, timed } from '../measure.js';
import { startMeasures } from '../startMeasures.js';
import { fanOutRounds, fanOutWidth, type Workload } from '../Workload.js';

interface Reference {
  readonly path: unknown;
}
interface Context {
  readonly self: Reference;
  readonly sender: Reference;
}
type Behaviour<S, M> = (state: S | undefined, message: M, context: Context) => S;
interface Nact {
  start(): Reference;
  spawn<S, M>(parent: Reference, behaviour: Behaviour<S, M>, name?: string, properties?: object): Reference;
  dispatch(to: Reference, message: unknown, from?: Reference): void;
  query(to: Reference, message: (from: Reference) => unknown, timeoutMs: number): Promise<unknown>;
}

type ListenerMessage =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'tellAt'; readonly heard: number }
  | { readonly type: 'present' }
  | { readonly type: 'heard'; readonly from: Reference };
interface ListenerState {
  readonly heard: number;
  readonly tellAt: number;
}

type PlayerMessage =
  | { readonly type: 'serve'; readonly to: Reference; readonly count: number }
  | { readonly type: 'ball' }
  | { readonly type: 'hits'; readonly from: Reference };
interface PlayerState {
  readonly hits: number;
  readonly left: number;
}

const answerMs = 30_000;

export async function nactOf(load: LoadPackage): Promise<Nact> {
  return (await load<{ readonly default: Nact }>('nact')).default;
}

export async function nactWorkload(load: LoadPackage): Promise<Workload> {
  const nact = await nactOf(load);
  const system = nact.start();
  let over: () => void = () => {};

  const listen: Behaviour<ListenerState, ListenerMessage> = (state = { heard: 0, tellAt: 0 }, message) => {
    switch (message.type) {
      case 'message': {
        const heard = state.heard + (message.text.length > 0 ? 1 : 0);
        if (heard === state.tellAt) over();
        return { ...state, heard };
      }
      case 'present':
        over();
        return state;
      case 'tellAt':
        return { ...state, tellAt: message.heard };
      case 'heard':
        nact.dispatch(message.from, state.heard);
        return state;
    }
  };

  const play: Behaviour<PlayerState, PlayerMessage> = (state = { hits: 0, left: 0 }, message, { self, sender }) => {
    switch (message.type) {
      case 'serve':
        nact.dispatch(message.to, { type: 'ball' }, self);
        return { ...state, left: message.count };
      case 'ball':
        if (state.left === 1) over();
        else nact.dispatch(sender, { type: 'ball' }, self);
        return { hits: state.hits + 1, left: state.left - 1 };
      case 'hits':
        nact.dispatch(message.from, state.hits);
        return state;
    }
  };

  let named = 0;
  // The names that nact makes are random, and among some ten thousand two are the same.
  const many = (count: number): Reference[] =>
    Array.from({ length: count }, () => nact.spawn(system, listen, `listener-${named++}`));
  /** Few at a time, since questions have random names too. */
  const counted = (references: readonly Reference[], type: 'heard' | 'hits'): Promise<unknown[]> =>
    Promise.all(references.map((each) => nact.query(each, (from) => ({ type, from }), answerMs)));
  const allOver = (count: number, tell: () => void): Promise<void> =>
    new Promise((resolve) => {
      let missing = count;
      over = () => {
        if (--missing === 0) resolve();
      };
      tell();
    });
  /** All that were started say that they are there. */
  const answering = async (references: readonly Reference[], count: number): Promise<string | null> => {
    await allOver(references.length, () => {
      for (const each of references) nact.dispatch(each, { type: 'present' });
    });
    return expectCount('actors', references.length, count);
  };

  return {
    ...startMeasures(many, answering),

    async pingPong(count) {
      const [left, right] = [nact.spawn(system, play), nact.spawn(system, play)];
      const strokes = Math.ceil(count / 2);
      const game = (): Promise<void> =>
        new Promise((resolve) => {
          over = resolve;
          nact.dispatch(left, { type: 'serve', to: right, count: strokes });
        });
      const hits = async (): Promise<number> =>
        ((await counted([left, right], 'hits')) as number[]).reduce((sum, each) => sum + each, 0);
      await game();
      const before = await hits();
      return timed(2 * strokes, game, async () => expectCount('messages', (await hits()) - before, 2 * strokes));
    },

    async fanOut(count) {
      const listeners = many(fanOutWidth);
      const rounds = fanOutRounds(count);
      let heard = 0;
      const tell = (): Promise<void> => {
        heard += rounds;
        for (const each of listeners) nact.dispatch(each, { type: 'tellAt', heard });
        return allOver(fanOutWidth, () => {
          for (let round = 0; round < rounds; round++) {
            for (const each of listeners) nact.dispatch(each, { type: 'message', text: 'message' });
          }
        });
      };
      await tell();
      return timed(rounds * fanOutWidth, tell, async () => {
        const counts = await counted(listeners, 'heard');
        return expectCount('listeners heard all', counts.filter((each) => each === heard).length, fanOutWidth);
      });
    },
  };
}
