import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  type AnyActorLogic,
  assign,
  createMachine,
  enqueueActions,
  fromCallback,
  fromPromise,
  fromTransition,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { defineParticipant } from '../../../../actors/defineParticipant.js';
import { createMachineTier } from '../../../../runtime/hosting/tiers/createMachineTier.js';
import { explain } from '../../../../runtime/hosting/tiers/explain.js';
import type { MachineOutlet } from '../../../../runtime/hosting/tiers/MachineTier.js';
import type { ActorDefinition } from '../../../../runtime/protocol/actors.js';
import { VirtualClock } from '../../../../transports/memory/VirtualClock.js';

/** Every actor of the project, so that one which loses its tier, or comes new without one, is noticed. */
const builtIns: Readonly<Record<string, string>> = {
  academyDaemon: 'compiled',
  aiAssistant: 'compiled',
  chatDaemon: 'compiled',
  chatRoom: 'compiled',
  genomeManager: 'compiled',
  human: 'compiled',
  outlet: 'compiled',
  persona: 'compiled',
  personaManager: 'compiled',
  selfImprovementLoop: 'compiled',
  serviceActor: 'compiled',
  system: 'compiled',
};

t.test('every machine of the project has the tier that is listed for it', async (t) => {
  const folder = new URL('../../../../actors/', import.meta.url);
  const found: Record<string, string> = {};
  for (const file of readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.js'))) {
    const exported = (await import(new URL(file, folder).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      if ((value as ActorDefinition | null)?.kind !== 'academy-actor') continue;
      const { tier, reasons } = explain(value as ActorDefinition);
      found[name] = tier;
      t.strictSame(reasons, [], name);
    }
  }
  t.strictSame(found, builtIns);
  t.equal(explain(defineParticipant({ name: 'Echo', onMessage: () => undefined })).tier, 'compiled', 'callbacks');
});

const one = { initial: 'a', states: { a: {} } } as const;

t.test('what needs a whole actor is named, with its place and what to do', async (t) => {
  const child = fromPromise(async () => 1);
  const cases: readonly (readonly [string, string, AnyActorLogic])[] = [
    ['invoke', '#m.a', createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: child } } } })],
    ['spawnChild', '#m: entry 1', createMachine({ id: 'm', entry: spawnChild(child) })],
    ['stopChild', '#m: on "end", action 1', createMachine({ id: 'm', on: { end: { actions: stopChild('x') } } })],
    [
      'spawn',
      '#m: exit "start"',
      setup({ actors: { child }, actions: { start: assign(({ spawn }) => ({ ref: spawn('child') })) } }).createMachine({
        id: 'm',
        exit: 'start',
      }),
    ],
    [
      'spawn',
      '#m: context',
      setup({ actors: { child } }).createMachine({ id: 'm', context: ({ spawn }) => ({ ref: spawn('child') }) }),
    ],
    [
      'spawnChild',
      '#m.a: always, action 1',
      createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: { always: { target: 'b', actions: enqueueActions(({ enqueue }) => enqueue.spawnChild(child)) } },
          b: {},
        },
      }),
    ],
    ['self as an actor', '#m: entry 1', createMachine({ id: 'm', entry: ({ self }) => void self.subscribe(() => {}) })],
    ['system.inspect', '#m: entry 1', createMachine({ id: 'm', entry: ({ system }) => void system.inspect(() => {}) })],
    ['logic of another kind', 'the whole of it', fromCallback(() => {})],
  ];
  for (const [feature, place, machine] of cases) {
    const { tier, reasons } = explain(machine);
    t.equal(tier, 'full', feature);
    t.match(reasons, [{ feature, place }]);
    t.ok((reasons[0]?.remedy.length ?? 0) > 10, 'says what to do');
  }
});

t.test('what XState can do step by step is hosted', async (t) => {
  const strange = Object.assign(() => {}, { type: 'strange', resolve: (_: unknown, snapshot: unknown) => [snapshot] });
  const guard = Object.assign(() => true, { check: () => true });
  const cases: readonly (readonly [string, AnyActorLogic])[] = [
    ['a plain function', fromTransition((n: number) => n + 1, 0)],
    ['an action of another kind', createMachine({ ...one, entry: strange as never })],
    ['a guard of another kind', createMachine({ ...one, always: { guard: guard as never, target: '.a' } })],
    ['states with the same id', createMachine({ initial: 'a', states: { a: { id: 'x' }, b: { id: 'x' } } })],
  ];
  for (const [feature, machine] of cases) {
    const { tier, reasons, features } = explain(machine);
    t.equal(tier, 'hosted', feature);
    t.match(reasons, [{ feature }]);
    t.ok(features.includes(feature));
  }
});

t.test('a machine that another copy of XState has made runs as an actor', async (t) => {
  const { transition, getInitialSnapshot } = createMachine(one);
  const stranger = { __xstatenode: true, transition, getInitialSnapshot };
  t.match(explain(stranger as never), { tier: 'full', reasons: [{ feature: 'another copy of XState' }] });
});

t.test('a tier that cannot run the machine is refused by its code, with the place', async (t) => {
  const machine = createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { invoke: { src: fromPromise(async () => 1) } } },
  });
  for (const force of ['compiled', 'hosted'] as const) {
    t.throws(() => createMachineTier(machine, {} as MachineOutlet, { clock: new VirtualClock(), force }), {
      code: 'ERR_ACADEMY_MACHINE_UNSUPPORTED',
      message: `the ${force} tier cannot run invoke (#m.a)`,
      remedy: /ask an actor/,
    });
  }
  t.equal(
    createMachineTier(createMachine(one), {} as MachineOutlet, { clock: new VirtualClock(), force: 'full' }).name,
    'full',
  );
});

t.test('a spawn that the analysis could not see is refused by its code when it is tried', async (t) => {
  const hidden = (args: object): object =>
    (args as { spawn(logic: unknown): object }).spawn(fromPromise(async () => 1));
  const machine = createMachine({ ...one, on: { go: { actions: assign((args) => ({ ref: hidden(args) })) } } });
  const tier = createMachineTier(machine, {} as MachineOutlet, { clock: new VirtualClock() });
  t.equal(tier.name, 'compiled');
  const run = tier.start({ name: 'x' }, undefined);
  t.throws(() => tier.send(run, { type: 'go' }), { code: 'ERR_ACADEMY_MACHINE_UNSUPPORTED', remedy: /full actor/ });
});
