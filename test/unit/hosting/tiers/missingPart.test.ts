import t from 'tap';
import { type AnyStateMachine, and, createMachine, emit, enqueueActions } from 'xstate';
import { TierWorld, tierForms } from './TierWorld.js';

type Collect = Parameters<typeof enqueueActions>[0];

function machineOf(collect: Collect): AnyStateMachine {
  const actions: never[] = [emit({ type: 'rang' }), enqueueActions(collect)] as never;
  return createMachine(
    { id: 'bot', context: {}, on: { ring: { actions } } },
    { actions: { greet: () => {} }, guards: { isHome: () => true }, delays: { soon: 5 } },
  );
}

const named: readonly (readonly [string, Collect, string])[] = [
  ['an action', ({ enqueue }) => enqueue('wave' as never), 'names the action "wave" as it runs'],
  ['with parameters', ({ enqueue }) => enqueue({ type: 'wave', params: 1 } as never), 'names the action "wave"'],
  ['a guard', ({ check }) => void check('isAwake' as never), 'names the guard "isAwake" as it runs'],
  ['a part of a guard', ({ check }) => void check(and(['isHome', 'isAwake'] as never)), 'names the guard "isAwake"'],
  ['a delay', ({ enqueue }) => enqueue.raise({ type: 'x' }, { delay: 'late' as never }), 'names the delay "late"'],
  ['of every object', ({ enqueue }) => enqueue('toString' as never), 'names the action "toString"'],
];

t.test('what only a function names, and the machine does not have, is told when it is asked for', async (t) => {
  for (const [what, collect, message] of named) {
    for (const form of tierForms) {
      const world = new TierWorld(machineOf(collect), form);
      world.start(undefined);
      world.send({ type: 'ring' });
      t.notOk(world.isActive, `${what}, ${form}`);
      const threw = world.takeLines().find((line) => (line as unknown[])[0] === 'threw');
      t.match(threw, ['threw', `the machine "bot" ${message}`], `${what}, ${form}`);
    }
  }
});

t.test('the author may catch that a guard is missing, and what the machine has is found by name', async (t) => {
  const collect: Collect = ({ enqueue, check }) => {
    t.throws(() => check('isAwake' as never), { code: 'ERR_ACADEMY_MACHINE_UNSUPPORTED', remedy: /one of: isHome/ });
    t.ok(check('isHome' as never));
    enqueue('greet' as never);
    enqueue.raise({ type: 'x' }, { delay: 'soon' as never });
  };
  for (const form of tierForms) {
    const world = new TierWorld(machineOf(collect), form);
    world.start(undefined);
    world.send({ type: 'ring' });
    t.strictSame(world.takeLines(), [
      ['emit', { type: 'rang' }],
      ['schedule', undefined, 5, { type: 'x' }, null],
    ]);
    t.ok(world.isActive, form);
  }
});
