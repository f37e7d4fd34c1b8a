import { createRequire } from 'node:module';
import t from 'tap';
import {
  and,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  spawnChild,
  stateIn,
  stopChild,
} from 'xstate';
import {
  type Chart,
  hasCheck,
  isBuiltin,
  isBuiltinGuard,
  isChart,
  isKnownBuiltin,
} from '../../../../runtime/hosting/tiers/xstateShapes.js';

// The tiers read what XState does not document. When this fails after an update of XState, compare its sources with
// chart.ts, compileAction.ts and takeSteps.ts before anything else.

t.test('the XState that is installed is the one whose insides are known', async (t) => {
  const { version } = createRequire(import.meta.url)('xstate/package.json') as { version: string };
  t.equal(version, '5.33.3');
});

t.test('built-in actions say by their properties what they are', async (t) => {
  const event = { type: 'go' };
  const collect = (): void => {};
  const known = {
    'xstate.assign': [assign({ n: 1 } as never), { assignment: { n: 1 } }],
    'xstate.raise': [raise(event as never, { id: 'x', delay: 5 } as never), { event, id: 'x', delay: 5 }],
    'xstate.sendTo': [sendTo('child' as never, event as never, { id: 'x' } as never), { to: 'child', event, id: 'x' }],
    'xstate.emit': [emit(event as never), { event }],
    'xstate.log': [log('word', 'label'), { value: 'word', label: 'label' }],
    'xstate.cancel': [cancel('x'), { sendId: 'x' }],
    'xstate.enqueueActions': [enqueueActions(collect as never), { collect }],
  } as const;
  for (const [type, [action, properties]] of Object.entries(known)) {
    t.ok(isKnownBuiltin(action), type);
    t.match({ ...(action as object) }, { type, ...properties });
    t.type((action as unknown as { resolve: unknown }).resolve, 'function');
  }
  t.equal((sendParent(event as never) as unknown as { to: string }).to, '#_parent');
  for (const action of [spawnChild('x' as never), stopChild('x')]) {
    t.ok(isBuiltin(action), 'runs in XState');
    t.notOk(isKnownBuiltin(action), 'needs children');
  }
  t.notOk(isBuiltin(collect), 'a function of the author');
});

t.test('built-in guards say by their names and properties what they are', async (t) => {
  const part = (): boolean => true;
  for (const guard of [and([part]), or([part]), not(part)]) {
    t.ok(isBuiltinGuard(guard));
    t.strictSame((guard as unknown as { guards: unknown[] }).guards, [part]);
  }
  t.ok(isBuiltinGuard(stateIn('a')));
  t.equal((stateIn('a') as unknown as { stateValue: string }).stateValue, 'a');
  t.notOk(hasCheck(part), 'a function of the author');
});

t.test('a machine shows its states, transitions and implementations where they are looked for', async (t) => {
  const step = (): void => {};
  const machine = createMachine(
    {
      id: 'm',
      context: { n: 1 },
      initial: 'a',
      states: {
        a: {
          tags: 'first',
          entry: 'step',
          exit: ['step'],
          on: { go: { target: 'b', guard: 'may', actions: 'step', reenter: true }, never: undefined },
          always: { target: 'b', guard: 'may' },
          after: { 10: 'b', wait: 'b' },
        },
        b: {
          type: 'parallel',
          onDone: 'c',
          states: { x: { initial: 'y', states: { y: { type: 'final', output: 7 } } } },
        },
        c: {
          initial: { target: 'd', actions: 'step' },
          states: { d: {}, h: { type: 'history', history: 'deep', target: 'd' } },
        },
      },
    } as never,
    { actions: { step }, guards: { may: () => true }, delays: { wait: 5 } } as never,
  );
  t.ok(isChart(machine));
  const { root, idMap, implementations, options, config } = machine as unknown as Chart;
  t.strictSame([...idMap.keys()], ['m', 'm.a', 'm.b', 'm.b.x', 'm.b.x.y', 'm.c', 'm.c.d', 'm.c.h']);
  t.strictSame(
    [...idMap.values()].map((node) => node.order),
    [0, 1, 2, 3, 4, 5, 6, 7],
    'the order of the document',
  );
  t.equal(implementations.actions.step, step);
  t.equal(implementations.delays.wait, 5);
  t.equal(options.maxIterations, Number.POSITIVE_INFINITY);
  t.strictSame(config.context, { n: 1 });

  const { a, b, c } = root.states as Record<'a' | 'b' | 'c', (typeof root.states)[string]>;
  t.equal(root.initial.target[0], a);
  t.equal(a.parent, root);
  t.strictSame(a.tags, ['first']);
  t.strictSame([...a.transitions.keys()], ['go', 'never', 'xstate.after.10.m.a', 'xstate.after.wait.m.a']);
  const [go] = a.transitions.get('go') ?? [];
  t.match(go, { source: a, target: [b], guard: 'may', actions: ['step'], reenter: true, eventType: 'go' });
  t.match(a.transitions.get('never')?.[0], { target: undefined, actions: [], reenter: false });
  t.match(a.always?.[0], { target: [b], guard: 'may', eventType: '' });
  const properties = (actions: readonly unknown[]): object[] =>
    actions.slice(1).map((action) => ({ ...(action as object) }));
  t.match(properties(a.entry), [
    { type: 'xstate.raise', delay: 10 },
    { type: 'xstate.raise', delay: 'wait' },
  ]);
  t.match(properties(a.exit), [{ type: 'xstate.cancel', sendId: 'xstate.after.10.m.a' }, { type: 'xstate.cancel' }]);
  t.equal(b.type, 'parallel');
  t.strictSame([...b.transitions.keys()], ['xstate.done.state.m.b']);
  t.match(b.states.x?.states.y, { type: 'final', output: 7 });
  t.strictSame(c.initial.actions, ['step']);
  t.match(c.states.h, { type: 'history', history: 'deep', config: { target: 'd' } });
  t.strictSame(
    [root, a, b, c].map((node) => node.invoke.length),
    [0, 0, 0, 0],
  );
});
