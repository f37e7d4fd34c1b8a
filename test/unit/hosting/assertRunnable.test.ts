import t from 'tap';
import {
  type AnyActorLogic,
  and,
  createMachine,
  fromPromise,
  not,
  or,
  raise,
  sendTo,
  setup,
  spawnChild,
  stateIn,
} from 'xstate';
import { assertRunnable } from '../../../runtime/hosting/assertRunnable.js';

/** `setup` and `createMachine` have types that forbid most of these; plain JavaScript has none. */
const loosely = { setup: setup as never as LooseSetup, createMachine: createMachine as never as LooseCreate };
type LooseCreate = (config: object, implementations?: object) => AnyActorLogic;
type LooseSetup = (implementations: object) => { readonly createMachine: LooseCreate };

const isHome = (): boolean => true;
const on = (transition: object): object => ({ id: 'bot', on: { ring: transition } });
const withGuards = (guards: object, guard: unknown = 'outer'): AnyActorLogic =>
  loosely.setup({ guards }).createMachine(on({ guard }));
const withActions = (actions: object): AnyActorLogic =>
  loosely.setup({ actions }).createMachine(on({ actions: 'act' }));

interface Lack {
  readonly what: string;
  readonly machine: AnyActorLogic;
  readonly message: RegExp;
  readonly remedy: RegExp;
}

const lacks: readonly Lack[] = [
  {
    what: 'a part of a named and()',
    machine: withGuards({ isHome, outer: and(['isHome', 'isAwake'] as never) }),
    message: /"bot" names the guard "isAwake" at #bot: on "ring", in the guard "outer", and has none/,
    remedy: /guards: \{ isAwake \}.*use one of: isHome, outer/,
  },
  {
    what: 'a part of a named or()',
    machine: withGuards({ outer: or([isHome, { type: 'isAwake', params: 1 }] as never) }),
    message: /the guard "isAwake" at #bot: on "ring", in the guard "outer"/,
    remedy: /isAwake/,
  },
  {
    what: 'a part of a named not() in a named not()',
    machine: withGuards({ outer: not('inner' as never), inner: not('isAwake' as never) }),
    message: /the guard "isAwake" at #bot: on "ring", in the guard "outer", in the guard "inner"/,
    remedy: /isAwake/,
  },
  {
    what: 'a part of a guard that is used twice, at its first place',
    machine: loosely
      .setup({ guards: { outer: not('isAwake' as never) } })
      .createMachine({ id: 'bot', on: { a: { guard: isHome }, b: { guard: 'outer' }, c: { guard: 'outer' } } }),
    message: /at #bot: on "b"/,
    remedy: /isAwake/,
  },
  {
    what: 'a delay of a named raise()',
    machine: withActions({ act: raise({ type: 'later' }, { delay: 'soon' as never }) }),
    message: /the delay "soon" at #bot: on "ring", in the action "act"/,
    remedy: /delays: \{ soon \}/,
  },
  {
    what: 'a delay of a named sendTo()',
    machine: withActions({ act: sendTo('friend', { type: 'later' }, { delay: 'soon' as never }) }),
    message: /the delay "soon" at #bot: on "ring", in the action "act"/,
    remedy: /delays: \{ soon \}/,
  },
  {
    what: 'a child',
    machine: loosely.createMachine(on({ actions: spawnChild('fetcher') })),
    message: /the actor "fetcher" at #bot: on "ring"/,
    remedy: /actors: \{ fetcher \}/,
  },
  {
    what: 'a child of a named spawnChild()',
    machine: withActions({ act: spawnChild('fetcher') }),
    message: /the actor "fetcher" at #bot: on "ring", in the action "act"/,
    remedy: /actors: \{ fetcher \}/,
  },
  {
    what: 'an action of an initial transition',
    machine: loosely.createMachine({ id: 'bot', initial: { target: 'a', actions: ['greet'] }, states: { a: {} } }),
    message: /the action "greet" at #bot: initial/,
    remedy: /actions: \{ greet \}/,
  },
  {
    what: 'an action that is there by name only',
    machine: withActions({ act: undefined }),
    message: /the action "act" at #bot: on "ring"/,
    remedy: /actions: \{ act \}/,
  },
];

t.test('what a machine names and does not have is told with its place, however deep it is named', async (t) => {
  for (const { what, machine, message, remedy } of lacks) {
    t.throws(() => assertRunnable(machine), { code: 'ERR_ACADEMY_MACHINE_UNSUPPORTED', message, remedy }, what);
    t.throws(() => assertRunnable(machine), { message }, `${what}, and again`);
  }
});

t.test('guards that ask one another in a circle are refused, with the circle', async (t) => {
  const outer = not('inner' as never);
  const circles: readonly (readonly [object, RegExp])[] = [
    [{ outer, inner: not('outer' as never) }, /"outer" of the machine "bot" asks itself .*outer asks inner asks outer/],
    [{ outer: and([isHome, not('outer' as never)] as never) }, /outer asks outer/],
    [{ outer: 'inner', inner: 'outer' }, /outer asks inner asks outer/],
    [{ outer, inner: or(['deep'] as never), deep: 'inner' }, /"inner" .*: inner asks deep asks inner/],
  ];
  for (const [guards, message] of circles) {
    const error = { code: 'ERR_ACADEMY_MACHINE_UNSUPPORTED', message, remedy: /as a function/ };
    t.throws(() => assertRunnable(withGuards(guards)), error, String(message));
  }
});

t.test('a machine that has everything is let through, also where guards share their parts', async (t) => {
  const machine = loosely
    .setup({
      guards: {
        isHome,
        isAway: not('isHome' as never),
        outer: and(['isHome', or(['isAway', 'isHome'] as never), stateIn('a')] as never),
      },
      actions: { act: raise({ type: 'later' }, { delay: 'soon' as never }), bring: spawnChild('fetcher') },
      actors: { fetcher: fromPromise(async () => 1) },
      delays: { soon: 5 },
    })
    .createMachine({
      id: 'bot',
      initial: { target: 'a', actions: 'act' },
      invoke: [{ src: 'fetcher' }, { src: fromPromise(async () => 2) }],
      states: { a: { after: { soon: { actions: 'bring' }, 7: {} } } },
      on: { ring: [{ guard: 'outer', actions: ['act', 'bring'] }, { guard: 'isAway' }] },
    });
  assertRunnable(machine);
  t.doesNotThrow(() => assertRunnable(machine));
});
