import fc from 'fast-check';
import t from 'tap';
import { type AnyStateMachine, assign, createMachine, emit } from 'xstate';
import { CompiledMachine } from '../../../../runtime/hosting/tiers/CompiledMachine.js';
import { fuseChoice } from '../../../../runtime/hosting/tiers/fuseChoice.js';
import type { Chart } from '../../../../runtime/hosting/tiers/xstateShapes.js';
import { limits } from '../../../../runtime/protocol/limits.js';
import { TierWorld } from './TierWorld.js';

/** Names that would be something else in code than a name. */
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'step', 'context', '1', '0', '__proto__', 'constructor', '"', '\\', '\n', '\u2028', '`'),
  fc.string({ maxLength: 3 }),
);
const context = fc.dictionary(name, fc.oneof(fc.integer(), fc.constant(undefined), fc.string()), { maxKeys: 4 });

function assigning(first: object, assignments: readonly object[]): AnyStateMachine {
  const on = Object.fromEntries(
    assignments.map((properties, index) => [
      `go${index}`,
      {
        guard: ({ context }: { context: object }) => !('b' in context) || index !== 1,
        actions: [
          assign(
            Object.fromEntries(
              Object.entries(properties).map(([key, value], place) => [
                key,
                place === 1 ? ({ event }: { event: { type: string } }) => event.type : value,
              ]),
            ),
          ),
          emit(({ context }) => ({ type: 'names', names: Object.keys(context).join() })),
        ],
      },
    ]),
  );
  return createMachine({ id: 'odd\n*/ "`', context: first, initial: 'a', states: { a: { on } } } as never);
}

t.test('whatever its properties and states are called, a choice as one function does what its parts do', async (t) => {
  fc.assert(
    fc.property(
      context,
      fc.array(context, { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(2)),
      (first, list, sent) => {
        const machine = assigning(first, list);
        const worlds = (['compiled', 'fused', 'hosted'] as const).map((form) => new TierWorld(machine, form));
        for (const world of worlds) {
          world.start({});
          for (const index of sent) world.send({ type: `go${index}` });
        }
        const seen = worlds.map((world) => [world.takeLines(), Object.entries(world.view().context as object)]);
        t.strictSame(seen[0], seen[2]);
        t.strictSame(seen[1], seen[2]);
      },
    ),
    { numRuns: 60 },
  );
});

t.test('functions are made for simple choices only, and no more than a machine may have', async (t) => {
  const machine = new CompiledMachine(
    createMachine({
      id: 'm',
      context: {},
      type: 'parallel',
      states: {
        one: { initial: 'a', states: { a: { on: { both: 'b' } }, b: {} } },
        two: { initial: 'a', states: { a: { on: { both: 'b' } }, b: {} } },
      },
      on: { own: { actions: () => {} } },
    }) as unknown as Chart,
  );
  const place = machine.initialMove.next;
  const fuse = (type: string) => fuseChoice(machine, place, machine.choice(place, type), {});
  t.equal(fuse('both'), null, 'each region may take a transition of its own');
  t.equal(fuse('unheard'), null, 'there is nothing to do');
  t.type(fuse('own'), 'function');
  t.equal(machine.choicesFused, 1);
  machine.choicesFused = limits.machineFusedChoicesMax;
  t.equal(fuse('own'), null);
});
