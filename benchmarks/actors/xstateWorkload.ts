/** XState by itself: createActor in one thread, as its manual has it. */
import { type ActorRef, type ActorRefFrom, assign, createActor, type Snapshot, sendTo, setup } from 'xstate';
import { expectCount, timed } from './measure.js';
import { startMeasures } from './startMeasures.js';
import { fanOutRounds, fanOutWidth, type Workload } from './Workload.js';

type ListenerEvent = { readonly type: 'message'; readonly text: string };

export const listenerMachine = setup({
  types: {} as { context: { readonly heard: number }; events: ListenerEvent },
  actions: { count: assign({ heard: ({ context, event }) => context.heard + (event.text.length > 0 ? 1 : 0) }) },
}).createMachine({
  id: 'listener',
  context: () => ({ heard: 0 }),
  initial: 'listening',
  states: { listening: { on: { message: { actions: 'count' } } } },
});

type Listener = ActorRefFrom<typeof listenerMachine>;

type Player = ActorRef<Snapshot<unknown>, PlayerEvent>;

type PlayerEvent =
  | { readonly type: 'serve'; readonly to: Player; readonly count: number }
  | { readonly type: 'ball'; readonly from: Player };

function ballFrom({ self }: { readonly self: Player }): PlayerEvent {
  return { type: 'ball', from: self };
}

const playerMachine = setup({
  types: {} as { context: { readonly hits: number; readonly left: number }; events: PlayerEvent },
  actions: {
    begin: assign({ left: ({ event }) => (event.type === 'serve' ? event.count : 0) }),
    count: assign({
      hits: ({ context }) => context.hits + 1,
      left: ({ context }) => context.left - 1,
    }),
    serve: sendTo(({ event }) => (event as Extract<PlayerEvent, { type: 'serve' }>).to, ballFrom),
    hitBack: sendTo(({ event }) => (event as Extract<PlayerEvent, { type: 'ball' }>).from, ballFrom),
  },
  guards: { isOver: ({ context }) => context.left === 1 },
}).createMachine({
  id: 'player',
  context: { hits: 0, left: 0 },
  initial: 'playing',
  states: {
    playing: {
      on: {
        serve: { actions: ['begin', 'serve'] },
        ball: [{ guard: 'isOver', actions: 'count' }, { actions: ['count', 'hitBack'] }],
      },
    },
  },
});

export const xstateWorkload: Workload = {
  ...startMeasures(many, (listeners, count) => expectCount('actors', activeIn(listeners), count)),

  async pingPong(count) {
    const left = createActor(playerMachine).start();
    const right = createActor(playerMachine).start();
    const hits = (): number => left.getSnapshot().context.hits + right.getSnapshot().context.hits;
    const strokes = Math.ceil(count / 2);
    const play = (): void => left.send({ type: 'serve', to: right, count: strokes });
    play();
    const before = hits();
    return timed(2 * strokes, play, () => expectCount('messages', hits() - before, 2 * strokes));
  },

  async fanOut(count) {
    const listeners = many(fanOutWidth);
    const rounds = fanOutRounds(count);
    const tell = (): void => {
      for (let round = 0; round < rounds; round++) {
        for (const listener of listeners) listener.send({ type: 'message', text: 'message' });
      }
    };
    tell();
    return timed(rounds * fanOutWidth, tell, () =>
      expectCount(
        'listeners heard all',
        listeners.filter((listener) => listener.getSnapshot().context.heard === 2 * rounds).length,
        fanOutWidth,
      ),
    );
  },
};

function many(count: number): Listener[] {
  return Array.from({ length: count }, () => createActor(listenerMachine).start());
}

function activeIn(listeners: readonly Listener[]): number {
  return listeners.filter((listener) => listener.getSnapshot().status === 'active').length;
}
