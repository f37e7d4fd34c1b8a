/**
 * Machines made by chance, as plain data, so that a failing one can be shrunk and printed. Whatever the data says
 * becomes a valid machine: numbers that point to states are taken modulo how many there are.
 */
import fc from 'fast-check';

export type GuardSpec =
  | { readonly kind: 'below'; readonly form: 'inline' | 'named' | 'params' | 'dynamic'; readonly limit: number }
  | { readonly kind: 'not'; readonly part: GuardSpec }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly GuardSpec[] }
  | { readonly kind: 'stateIn'; readonly state: number; readonly byValue: boolean }
  | { readonly kind: 'combined' }
  | { readonly kind: 'throws'; readonly at: number };

export type ActionSpec =
  | {
      readonly kind: 'assign';
      readonly form: 'object' | 'objects' | 'function' | 'named' | 'params' | 'self';
      readonly by: number;
    }
  | { readonly kind: 'note'; readonly form: 'inline' | 'named' | 'params' | 'dynamic' | 'self'; readonly text: string }
  | { readonly kind: 'raise'; readonly event: number; readonly form: 'value' | 'function' }
  | { readonly kind: 'raise later'; readonly event: number; readonly delay: DelaySpec; readonly id: number }
  | {
      readonly kind: 'send';
      readonly event: number;
      readonly to: 'friend' | 'self' | 'internal';
      readonly delay: DelaySpec | null;
    }
  | { readonly kind: 'send parent'; readonly event: number; readonly form: 'value' | 'function' }
  | { readonly kind: 'emit'; readonly form: 'value' | 'function' | 'params' }
  | { readonly kind: 'log'; readonly form: 'text' | 'function' | 'labelled' | 'default' }
  | { readonly kind: 'cancel'; readonly id: number; readonly form: 'value' | 'function' }
  | {
      readonly kind: 'enqueue';
      readonly guard: GuardSpec | null;
      readonly actions: readonly ActionSpec[];
      readonly form: 'pattern' | 'whole';
    }
  | { readonly kind: 'throws'; readonly form: 'action' | 'assign' | 'event'; readonly at: number };

export type DelaySpec = { readonly form: 'number' | 'function' | 'named' | 'named function'; readonly ms: number };

export interface TransitionSpec {
  readonly target: { readonly kind: 'none' } | { readonly kind: 'one' | 'regions'; readonly state: number };
  readonly reenter: boolean;
  readonly guard: GuardSpec | null;
  readonly actions: readonly ActionSpec[];
}

export interface NodeSpec {
  readonly shape: 'plain' | 'parallel' | 'final' | 'shallow' | 'deep';
  readonly children: readonly NodeSpec[];
  readonly initial: number;
  readonly initialActions: readonly ActionSpec[];
  readonly entry: readonly ActionSpec[];
  readonly exit: readonly ActionSpec[];
  readonly on: readonly (readonly [number, readonly TransitionSpec[]])[];
  readonly always: readonly TransitionSpec[];
  readonly after: readonly (readonly [DelaySpec, TransitionSpec])[];
  readonly done: readonly TransitionSpec[];
  readonly tags: readonly string[];
  readonly output: 'none' | 'value' | 'function';
  /** Of a history state: whether it has a default of its own. */
  readonly hasDefault: boolean;
}

export interface MachineSpec {
  readonly root: NodeSpec;
  readonly context: 'value' | 'input' | 'input and self';
  readonly output: 'none' | 'value' | 'function';
  readonly provided: boolean;
}

/** What happens to a machine. */
export type Deed =
  | { readonly kind: 'send'; readonly event: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'move'; readonly tiers: number };

export const eventTypes = ['A', 'B', 'C', 'x.y', 'x.y.z', 'x.w', 'nobody.knows'];
export const descriptors = ['A', 'B', 'C', 'x.y', 'x.*', 'x.y.*', '*', 'x.y.z'];

const small = fc.nat({ max: 3 });
const event = fc.nat({ max: eventTypes.length - 1 });
const state = fc.nat({ max: 40 });

const delay: fc.Arbitrary<DelaySpec> = fc.record({
  form: fc.constantFrom('number', 'function', 'named', 'named function'),
  ms: fc.constantFrom(0, 5, 10, 20),
});

const { guard, action } = fc.letrec<{ guard: GuardSpec; action: ActionSpec }>((tie) => ({
  guard: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 8, arbitrary: below() },
    { weight: 1, arbitrary: fc.constant({ kind: 'combined' } as const) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('stateIn' as const), state, byValue: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('not' as const), part: tie('guard') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        parts: fc.array(tie('guard'), { minLength: 1, maxLength: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('throws' as const), at: fc.nat({ max: 30 }) }) },
  ),
  action: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('assign' as const),
        form: fc.constantFrom('object', 'objects', 'function', 'named', 'params', 'self'),
        by: small,
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('note' as const),
        form: fc.constantFrom('inline', 'named', 'params', 'dynamic', 'self'),
        text: fc.constantFrom('p', 'q', 'r'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('raise' as const),
        event,
        form: fc.constantFrom('function', 'function', 'function', 'function', 'value'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('raise later' as const), event, delay, id: small }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        event,
        to: fc.constantFrom('friend', 'self', 'internal'),
        delay: fc.option(delay),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('send parent' as const), event, form: valueOrFunction() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('emit' as const),
        form: fc.constantFrom('value', 'function', 'params'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('log' as const),
        form: fc.constantFrom('text', 'function', 'labelled', 'default'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), id: small, form: valueOrFunction() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('enqueue' as const),
        guard: fc.option(tie('guard')),
        actions: fc.array(tie('action'), { maxLength: 3 }),
        form: fc.constantFrom('pattern', 'whole'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('throws' as const),
        form: fc.constantFrom('action', 'assign', 'event'),
        at: fc.nat({ max: 30 }),
      }),
    },
  ),
}));

function below(): fc.Arbitrary<GuardSpec> {
  return fc.record({
    kind: fc.constant('below' as const),
    form: fc.constantFrom('inline', 'named', 'params', 'dynamic'),
    limit: fc.nat({ max: 12 }),
  });
}

function valueOrFunction(): fc.Arbitrary<'value' | 'function'> {
  return fc.constantFrom('value', 'function');
}

const actions = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(action, { minLength: 1, maxLength: 2 }) },
);

const transition: fc.Arbitrary<TransitionSpec> = fc.record({
  target: fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('none' as const) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('one' as const), state }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('regions' as const), state }) },
  ),
  reenter: fc.boolean(),
  guard: fc.option(guard, { freq: 2 }),
  actions,
});

const { node } = fc.letrec<{ node: NodeSpec }>((tie) => ({
  node: fc.record({
    shape: fc.oneof(
      { weight: 10, arbitrary: fc.constant('plain' as const) },
      { weight: 4, arbitrary: fc.constant('parallel' as const) },
      { weight: 4, arbitrary: fc.constant('final' as const) },
      { weight: 2, arbitrary: fc.constant('shallow' as const) },
      { weight: 2, arbitrary: fc.constant('deep' as const) },
    ),
    children: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constant([]),
      fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
    ),
    initial: small,
    initialActions: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: actions }),
    entry: actions,
    exit: actions,
    on: fc.array(
      fc.tuple(fc.nat({ max: descriptors.length - 1 }), fc.array(transition, { minLength: 1, maxLength: 2 })),
      { maxLength: 3 },
    ),
    always: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(transition, { maxLength: 2 }) },
    ),
    after: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.tuple(delay, transition), { maxLength: 2 }) },
    ),
    done: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(transition, { maxLength: 2 }) },
    ),
    tags: fc.subarray(['warm', 'wet']),
    output: fc.constantFrom('none', 'value', 'function'),
    hasDefault: fc.boolean(),
  }) as fc.Arbitrary<NodeSpec>,
}));

export const machineSpec: fc.Arbitrary<MachineSpec> = fc.record({
  root: fc.tuple(node, fc.array(node, { minLength: 2, maxLength: 3 })).map(([root, children]) => ({
    ...root,
    children,
    shape: root.shape === 'parallel' ? ('parallel' as const) : ('plain' as const),
  })),
  context: fc.constantFrom('value', 'input', 'input and self'),
  output: fc.constantFrom('none', 'value', 'function'),
  provided: fc.boolean(),
});

export const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), event }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 10, 25) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), tiers: fc.nat({ max: 15 }) }) },
  ),
  { minLength: 1, maxLength: 14 },
);
