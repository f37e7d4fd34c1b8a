import t from 'tap';
import { type AnyStateMachine, createMachine, enqueueActions } from 'xstate';
import { probe, TierWorld, tierForms, XStateWorld } from './TierWorld.js';

type Collect = Parameters<typeof enqueueActions>[0];

function machineOf(collect: Collect): AnyStateMachine {
  return createMachine({ id: 'bot', context: { n: 1, seen: 0 }, on: { ring: { actions: enqueueActions(collect) } } });
}

const cases: readonly (readonly [string, Collect])[] = [
  [
    'an assignment, and an event, that are changed after they were listed',
    ({ context, enqueue }) => {
      const change = { n: context.n + 1 };
      const event = { type: 'told', n: 1 };
      enqueue.assign(change);
      enqueue.emit(event);
      change.n += 10;
      event.n = 2;
    },
  ],
  [
    'one object that is listed twice',
    ({ enqueue }) => {
      const change: Record<string, number> = { n: 5 };
      enqueue.assign(change);
      change.n = 6;
      change.more = 7;
      enqueue.assign(change);
    },
  ],
  [
    'what check() and the context show in the middle',
    ({ context, enqueue, check }) => {
      enqueue.assign({ n: 50 });
      const isBig = check(({ context: { n } }) => n > 10);
      probe.lines.push(['in the middle', isBig, context.n]);
      enqueue.assign({ seen: ({ context }: { context: { n: number } }) => context.n });
      enqueue(({ context: { n, seen } }) => probe.lines.push([n, seen]));
      enqueue.assign({ n: 60 });
    },
  ],
  [
    'events and assignments between functions',
    ({ enqueue }) => {
      enqueue.emit({ type: 'first' });
      enqueue.assign({ n: 2 });
      enqueue.emit({ type: 'second' });
      enqueue.emit(({ context }) => ({ type: 'third', n: context.n }));
      enqueue.assign({ n: 3 });
      enqueue.emit({ type: 'fourth' });
    },
  ],
  [
    'an assignment that throws, and what was listed with it',
    ({ enqueue }) => {
      enqueue.assign({ n: 2 });
      enqueue.emit({ type: 'lost' });
      enqueue.assign(() => {
        throw new Error('no');
      });
    },
  ],
];

function ringThrice(world: TierWorld | XStateWorld): unknown {
  world.start(undefined);
  for (let times = 0; times < 3; times++) world.send({ type: 'ring' });
  const lines = world.takeLines();
  return { lines, view: world.view() };
}

t.test('what is enqueued is done when the function has returned, as in XState', async (t) => {
  for (const [what, collect] of cases) {
    const expected = ringThrice(new XStateWorld(machineOf(collect)));
    for (const form of tierForms) {
      t.strictSame(ringThrice(new TierWorld(machineOf(collect), form)), expected, `${what}, ${form}`);
    }
  }
});
