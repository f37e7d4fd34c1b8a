/** What holds for every supervision tree, whatever falls in it, whenever, and however slowly actors obey. */
import fc from 'fast-check';
import t from 'tap';
import { defineSupervisor } from '../../../../runtime/hosting/supervision/defineSupervisor.js';
import type { SupervisorNode } from '../../../../runtime/hosting/supervision/SupervisedNode.js';
import type { RestartKind } from '../../../../runtime/protocol/actors.js';
import {
  isSupervisor,
  type SupervisedActor,
  type SupervisorDefinition,
} from '../../../../runtime/protocol/supervision.js';
import { SupervisedWorld } from './SupervisedWorld.js';

type Strategy = SupervisorDefinition['strategy'];

interface Shape {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly kinds: readonly RestartKind[];
  readonly below: readonly Shape[];
}

const withinMs = 1_000;

/** Names of actors are letters with numbers, in the order of the definition. */
function grow(shape: Shape, counter: { next: number }): SupervisorDefinition {
  const { strategy, intensity, kinds, below } = shape;
  return defineSupervisor({
    strategy,
    intensity,
    withinMs,
    backoffMs: 10,
    backoffMaxMs: 100,
    children: [
      ...kinds.map((kind): SupervisedActor => {
        const name = `a${counter.next++}`;
        return { name, module: 'file:///x.js', exportName: 'x', restart: { kind } };
      }),
      ...below.map((inner) => ({ name: `s${counter.next++}`, supervisor: grow(inner, counter) })),
    ],
  });
}

const { tree: shapes } = fc.letrec<{ tree: Shape; leaf: Shape }>((tie) => {
  const shape = (below: fc.Arbitrary<Shape[]>): fc.Arbitrary<Shape> =>
    fc.record({
      strategy: fc.constantFrom<Strategy>('one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'),
      intensity: fc.integer({ min: 0, max: 4 }),
      kinds: fc.array(fc.constantFrom<RestartKind>('permanent', 'transient', 'temporary'), {
        minLength: 1,
        maxLength: 4,
      }),
      below,
    });
  return { leaf: shape(fc.constant([])), tree: shape(fc.array(fc.oneof(tie('leaf'), tie('tree')), { maxLength: 2 })) };
});

type Step = { readonly act: 'crash' | 'finish' | 'obey' | 'wait' | 'stop'; readonly which: number };
const steps = fc.array(
  fc.record<Step>({
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Step['act']>('crash') },
      { weight: 1, arbitrary: fc.constant<Step['act']>('finish') },
      { weight: 8, arbitrary: fc.constant<Step['act']>('obey') },
      { weight: 3, arbitrary: fc.constant<Step['act']>('wait') },
    ),
    which: fc.nat({ max: 1_000 }),
  }),
  { maxLength: 120 },
);

function take(world: SupervisedWorld, { act, which }: Step): void {
  const living = [...world.living];
  const name = living[which % living.length];
  if (act === 'obey') world.pending.shift()?.();
  else if (act === 'wait') world.clock.advance(which);
  else if (name !== undefined && act === 'crash') world.crash(name);
  else if (name !== undefined && act === 'finish') world.finish(name);
}

function supervisors(world: SupervisedWorld): SupervisorNode[] {
  const found: SupervisorNode[] = [];
  const visit = (node: SupervisorNode): void => {
    found.push(node);
    for (const child of node.children.values()) if (child.type === 'supervisor') visit(child);
  };
  for (const root of world.tree.roots()) visit(root);
  return found;
}

/** All orders are obeyed, and all delays have passed. */
function comeToRest(world: SupervisedWorld): void {
  for (let round = 0; round < 100; round++) {
    world.settle();
    if (world.clock.pendingTimers === 0) return;
    world.clock.advance(10_000);
  }
  throw new Error('it does not come to rest');
}

t.test(
  'whatever falls, a tree comes to rest: every supervisor runs with its children, or the node was told',
  async () => {
    fc.assert(
      fc.property(shapes, steps, fc.integer(), (shape, walk, seed) => {
        const world = new SupervisedWorld(grow(shape, { next: 0 }), { slow: true, seed });
        for (const step of walk) take(world, step);
        comeToRest(world);
        const isTold = world.done.some((words) => words.startsWith('node hears'));
        const all = supervisors(world);
        if (isTold) return all.length === 0 && world.living.size === 0 && world.tree.get('root') === undefined;
        return all.every(
          (supervisor) =>
            supervisor.status === 'down' ||
            (supervisor.status === 'running' &&
              supervisor.regroup === null &&
              [...supervisor.children.values()].every(({ status, out }) =>
                out ? status === 'down' : status === 'running',
              )),
        );
      }),
      { numRuns: 500 },
    );
  },
);

t.test('no window ever sees more restarts below a supervisor than its intensity', async () => {
  const crashes = fc.array(fc.record({ pauseMs: fc.nat({ max: 400 }), which: fc.nat({ max: 9 }) }), { maxLength: 60 });
  const bounds = fc.record({
    strategy: fc.constantFrom<Strategy>('one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'),
    intensity: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(bounds, crashes, ({ strategy, intensity }, walk) => {
      const kinds = new Array<RestartKind>(3).fill('permanent');
      const world = new SupervisedWorld(grow({ strategy, intensity, kinds, below: [] }, { next: 0 }));
      const restartsAtMs: number[] = [];
      for (const { pauseMs, which } of walk) {
        world.clock.advance(pauseMs);
        const living = [...world.living];
        const name = living[which % living.length];
        if (name === undefined) continue;
        const nowMs = world.clock.monotonicMs();
        const recent = restartsAtMs.filter((atMs) => nowMs - atMs < withinMs).length;
        world.crash(name);
        const isKept = world.tree.get('root') !== undefined;
        if (isKept !== recent < intensity) return false;
        if (!isKept) return world.living.size === 0;
        restartsAtMs.push(nowMs);
      }
      return true;
    }),
    { numRuns: 300 },
  );
});

t.test('a temporary child never starts twice in one life of its supervisor', async () => {
  fc.assert(
    fc.property(shapes, steps, fc.integer(), (shape, walk, seed) => {
      // Without bounds no supervisor ever gives up, so each has one life.
      const boundless = (each: Shape): Shape => ({
        ...each,
        intensity: Number.POSITIVE_INFINITY,
        below: each.below.map(boundless),
      });
      const flat = { ...boundless(shape), below: [] };
      const definition = grow(flat, { next: 0 });
      const world = new SupervisedWorld(definition, { slow: true, seed });
      for (const step of walk) take(world, step);
      comeToRest(world);
      return definition.children.every(
        (child) =>
          isSupervisor(child) || child.restart?.kind !== 'temporary' || world.startsAtMs.get(child.name)?.length === 1,
      );
    }),
  );
});

t.test('one-for-all starts all again and in order, rest-for-one only those from the fallen one on', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Strategy>('one-for-all', 'rest-for-one'),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(),
      (strategy, size, which) => {
        const kinds = new Array<RestartKind>(size).fill('permanent');
        const world = new SupervisedWorld(grow({ strategy, intensity: 9, kinds, below: [] }, { next: 0 }));
        world.news();
        const fallen = which % size;
        world.crash(`a${fallen}`);
        const words = [...world.news(), ...world.wait()];
        const from = strategy === 'one-for-all' ? 0 : fallen;
        const group = Array.from({ length: size - from }, (_, index) => `a${from + index}`);
        const held = [...group].reverse().filter((name) => name !== `a${fallen}`);
        const expected = [...held.map((name) => `hold ${name}`), ...group.map((name) => `start ${name}`)];
        return JSON.stringify(words) === JSON.stringify(expected);
      },
    ),
  );
});

t.test(
  'a tree that is stopped ends in the reverse order of its start, each child when the later ones have ended',
  async () => {
    const ordered = (shape: Shape): Shape => ({
      ...shape,
      strategy: shape.strategy === 'dynamic' ? 'one-for-one' : shape.strategy,
      below: shape.below.map(ordered),
    });
    fc.assert(
      fc.property(shapes, (shape) => {
        const world = new SupervisedWorld(grow(ordered(shape), { next: 0 }), { slow: true });
        world.settle();
        const started = world.news().flatMap((words) => (words.startsWith('start ') ? [words.slice(6)] : []));
        world.tree.handle({ type: 'stop', name: 'root' });
        const stopped: string[] = [];
        while (world.pending.length > 0) {
          const news = world.news().filter((words) => words.startsWith('stop '));
          if (news.length > 1 || world.pending.length > 1) return false;
          stopped.push(...news.map((words) => words.slice(5)));
          world.pending.shift()?.();
        }
        return JSON.stringify(stopped) === JSON.stringify(started.reverse()) && world.living.size === 0;
      }),
    );
  },
);
