import t from 'tap';
import {
  type AnyActorLogic,
  type AnyEventObject,
  assign,
  createMachine,
  emit,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  sendTo,
  setup,
} from 'xstate';
import { createMachineTier } from '../../../../runtime/hosting/tiers/createMachineTier.js';
import type {
  MachineOutlet,
  MachineOwner,
  MachineRun,
  MachineTier,
  TierName,
} from '../../../../runtime/hosting/tiers/MachineTier.js';
import { VirtualClock } from '../../../../transports/memory/VirtualClock.js';

const tiers: readonly TierName[] = ['compiled', 'hosted', 'full'];
const owner: MachineOwner = { name: 'cell' };

/** Writes down what it is told; throws what it is told to. */
class Witness implements MachineOutlet {
  readonly lines: unknown[] = [];
  fault: Error | null = null;

  emit(_owner: MachineOwner, emitted: AnyEventObject): void {
    if (this.fault) throw this.fault;
    this.lines.push(['emit', emitted.type]);
  }

  send(_owner: MachineOwner, target: unknown, event: AnyEventObject): void {
    this.lines.push(['send', target, event.type]);
  }

  schedule(
    _owner: MachineOwner,
    id: string | undefined,
    delayMs: number,
    event: AnyEventObject,
    target: unknown,
  ): void {
    this.lines.push(['schedule', id, delayMs, event.type, target]);
  }

  cancel(_owner: MachineOwner, id: string): void {
    this.lines.push(['cancel', id]);
  }

  done(_owner: MachineOwner, output: unknown): void {
    this.lines.push(['done', output]);
  }

  failed(_owner: MachineOwner, error: unknown): void {
    this.lines.push(['failed', (error as Error).message]);
  }

  log(_owner: MachineOwner, ...words: readonly unknown[]): void {
    this.lines.push(['log', ...words]);
  }
}

interface Stage {
  readonly tier: MachineTier;
  readonly witness: Witness;
}

function stage(machine: AnyActorLogic, force?: TierName): Stage {
  const witness = new Witness();
  return { witness, tier: createMachineTier(machine, witness, { clock: new VirtualClock(), force }) };
}

/** The same for each tier. */
function inEachTier(machine: AnyActorLogic, check: (stage: Stage, name: TierName) => void): void {
  for (const name of tiers) check(stage(machine, name), name);
}

function contextOf(tier: MachineTier, run: MachineRun): unknown {
  return (tier.snapshot(run) as { context: unknown }).context;
}

const counter = setup({
  types: {} as { context: { n: number }; events: { type: string; by?: number } },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'counting',
  states: {
    counting: {
      after: { 50: 'late' },
      on: {
        add: {
          actions: [
            assign({ n: ({ context, event }) => context.n + (event.by ?? 1) }),
            emit({ type: 'added' } as never),
          ],
        },
        'fail.guard': {
          guard: () => {
            throw new Error('a guard fails');
          },
          target: 'late',
        },
        'fail.assign': {
          actions: [
            emit({ type: 'never heard' } as never),
            assign(() => {
              throw new Error('an assignment fails');
            }),
          ],
        },
        'fail.action': {
          actions: [
            assign({ n: 99 }),
            emit({ type: 'never heard' } as never),
            () => {
              throw new Error('an action fails');
            },
          ],
        },
        end: 'ended',
      },
    },
    late: { on: { '*': { actions: emit({ type: 'too late' } as never) } } },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

t.test(
  'what a machine throws is thrown to whoever sent, nothing of the step is done, and the run is over',
  async (t) => {
    inEachTier(counter, ({ tier, witness }, name) => {
      for (const [type, message] of [
        ['fail.guard', /in transition for event 'fail.guard' in state node 'counter.counting':\na guard fails$/],
        ['fail.assign', /^an assignment fails$/],
        ['fail.action', /^an action fails$/],
      ] as const) {
        const run = tier.start(owner, undefined);
        tier.send(run, { type: 'add', by: 2 });
        witness.lines.length = 0;
        t.throws(() => tier.send(run, { type }), { message }, `${name}: ${type}`);
        t.equal(run.status, 'error');
        t.match(tier.snapshot(run), { status: 'error', value: 'counting', context: { n: 2 } }, 'where it stood before');
        tier.send(run, { type: 'add' });
        tier.expire(run, { type: 'xstate.after.50.counter.counting' });
        t.strictSame(witness.lines, []);
      }
    });
  },
);

t.test(
  'each run has a context of its own, also when the function for it returns the same object each time',
  async (t) => {
    const shared = { n: 0 };
    const change = ({ context }: { context: { n: number } }): void => {
      context.n = 7;
    };
    for (const context of [
      () => shared,
      ({ input }: { input: unknown }) => (input === undefined ? { n: 1 } : shared),
    ]) {
      const machine = createMachine({
        id: 'copying',
        context: context as never,
        initial: 'a',
        states: { a: { on: { change: { actions: change } } } },
      } as never);
      inEachTier(machine, ({ tier }, name) => {
        const [one, other] = [tier.start(owner, {}), tier.start({ name: 'other' }, {})];
        tier.send(one, { type: 'change' });
        t.match([contextOf(tier, one), contextOf(tier, other), shared], [{ n: 7 }, { n: 0 }, { n: 0 }], name);
      });
    }
  },
);

t.test('a machine without states sees itself, too', async (t) => {
  const seen: unknown[] = [];
  const machine = createMachine({
    id: 'stateless',
    context: { n: 1 },
    entry: ({ self }) => void seen.push(typeof self.send),
    on: { look: { actions: [assign({ n: 2 }), ({ self }) => void seen.push(self.getSnapshot().context.n)] } },
  });
  inEachTier(machine, ({ tier }, name) => {
    seen.length = 0;
    const run = tier.start(owner, undefined);
    tier.send(run, { type: 'look' });
    tier.send(run, { type: 'look' });
    t.strictSame(seen, ['function', 1, 2], name);
  });
});

t.test('a machine that takes no input says so, and one that may take it does not', async (t) => {
  const tierOf = (context: unknown, more: object = {}) => {
    const chart = { id: 'm', context, initial: 'a', states: { a: more, z: { type: 'final' } } };
    return stage(createMachine(chart as never), 'compiled').tier;
  };
  for (const context of [undefined, { n: 1 }, () => ({ n: 1 })]) {
    t.equal(tierOf(context).takesInput, false);
  }
  const takes = [({ input }: never) => ({ input }), (args: never) => ({ args }), ({ self }: never) => ({ self })];
  for (const context of takes) t.equal(tierOf(context).takesInput, true);
  t.equal(tierOf({}, { entry: () => {} }).takesInput, true, 'an entry action sees it in the first event');
  t.equal(tierOf({}, { always: 'z' }).takesInput, true);
});

t.test('other runs of the tier go on when one has failed', async (t) => {
  inEachTier(counter, ({ tier }) => {
    const [one, other] = [tier.start(owner, undefined), tier.start({ name: 'other' }, undefined)];
    t.throws(() => tier.send(one, { type: 'fail.action' }));
    tier.send(other, { type: 'add' });
    t.match(contextOf(tier, other), { n: 1 });
  });
});

t.test('events that only XState may send are refused, except from a timer', async (t) => {
  inEachTier(counter, ({ tier }, name) => {
    const run = tier.start(owner, undefined);
    const forged = [
      'xstate.after.50.counter.counting',
      'xstate.done.state.counter',
      'xstate.stop',
      'xstate.error.actor.x',
      '*',
      '',
    ];
    for (const type of forged) {
      t.throws(() => tier.send(run, { type }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, `${name}: ${type}`);
    }
    for (const event of [undefined, null, {}, { type: 7 }]) {
      t.throws(() => tier.send(run, event as never), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
    }
    t.equal(tier.stateText(run), 'counting', 'it has not moved');
    tier.expire(run, { type: 'xstate.after.50.counter.counting' });
    t.equal(tier.stateText(run), 'late');
    for (const type of forged)
      t.throws(() => tier.send(run, { type }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, 'known by now');
    t.equal(run.status, 'active');
  });
});

t.test('a run that has ended, or was stopped, hears nothing more', async (t) => {
  inEachTier(counter, ({ tier, witness }) => {
    const ended = tier.start(owner, undefined);
    tier.send(ended, { type: 'end' });
    t.equal(ended.status, 'done');
    t.strictSame(witness.lines.at(-1), ['done', 0]);
    const stopped = tier.start(owner, undefined);
    tier.stop(stopped);
    t.equal(stopped.status, 'stopped');
    witness.lines.length = 0;
    for (const run of [ended, stopped]) tier.send(run, { type: 'add' });
    t.strictSame(witness.lines, []);
  });
});

t.test('a fault of the world is a fault of the machine that asked for it', async (t) => {
  inEachTier(counter, ({ tier, witness }, name) => {
    const run = tier.start(owner, undefined);
    witness.fault = new Error('no such address');
    t.throws(() => tier.send(run, { type: 'add' }), { message: 'no such address' }, name);
    t.equal(run.status, 'error');
  });
});

t.test('a machine that fails when it starts has no run', async (t) => {
  const fails = (here: boolean, what: string): void => {
    if (here) throw new Error(`${what} fails`);
  };
  const machine = (where: string): AnyActorLogic =>
    setup({}).createMachine({
      context: () => {
        fails(where === 'context', where);
        return {};
      },
      entry: [
        emit({ type: 'never heard' } as never),
        () => fails(where === 'entry', where),
        assign(() => {
          fails(where === 'assign', where);
          return {};
        }) as never,
      ],
    });
  for (const where of ['context', 'entry', 'assign'] as const) {
    inEachTier(machine(where), ({ tier, witness }, name) => {
      t.throws(() => tier.start(owner, undefined), { message: `${where} fails` }, `${name}: ${where}`);
      t.strictSame(witness.lines, []);
    });
  }
});

t.test('sendParent goes to the parent of the owner, and fails without one', async (t) => {
  const child = setup({}).createMachine({ id: 'child', on: { go: { actions: sendParent({ type: 'gone' }) } } });
  inEachTier(child, ({ tier, witness }, name) => {
    const run = tier.start({ name: 'child', parent: 'the parent' }, undefined);
    tier.send(run, { type: 'go' });
    t.strictSame(witness.lines, [['send', 'the parent', 'gone']]);
    const orphan = tier.start(owner, undefined);
    t.throws(
      () => tier.send(orphan, { type: 'go' }),
      {
        message: "Unable to send event to actor '#_parent' from machine 'child'.",
      },
      name,
    );
  });
});

const introvert = setup({
  types: {} as { context: { kept: ((event: { type: string }) => void)[]; heard: string[] } },
}).createMachine({
  id: 'introvert',
  context: { kept: [], heard: [] },
  on: {
    keep: { actions: [({ context, self }) => context.kept.push(self.send), emit({ type: 'kept' } as never)] },
    twice: {
      actions: [
        ({ self }) => {
          self.send({ type: 'again' });
          self.send({ type: 'more' });
        },
        raise({ type: 'first' }),
      ],
    },
    again: { actions: sendTo(({ self }) => self, { type: 'last' }) },
    fail: {
      actions: () => {
        throw new Error('it fails');
      },
    },
    '*': { actions: assign({ heard: ({ context, event }) => [...context.heard, event.type] }) },
  },
});

t.test('what a machine sends itself within a step comes after it, and before whatever else is sent', async (t) => {
  inEachTier(introvert, ({ tier }, name) => {
    const run = tier.start(owner, undefined);
    tier.send(run, { type: 'twice' });
    t.match(contextOf(tier, run), { heard: ['first', 'more', 'last'] }, name);
  });
});

t.test('what a machine keeps of itself can wake it later, and then its failure is told to the host', async (t) => {
  inEachTier(introvert, ({ tier, witness }, name) => {
    const kept: ((event: { type: string }) => void)[] = [];
    const run = tier.restore(owner, {
      status: 'active',
      value: {},
      context: { kept, heard: [] },
      children: {},
      historyValue: {},
    });
    tier.send(run, { type: 'keep' });
    const [send] = kept;
    send?.({ type: 'hello' });
    t.match(contextOf(tier, run), { heard: ['hello'] }, name);
    send?.({ type: 'fail' });
    t.strictSame(witness.lines, [
      ['emit', 'kept'],
      ['failed', 'it fails'],
    ]);
    send?.({ type: 'hello' });
    t.equal(run.status, 'error');
    t.throws(() => send?.({ type: 'xstate.stop' }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  });
});

t.test('a machine that another sends to by reference hears it', async (t) => {
  const speaker = setup({}).createMachine({
    on: { go: { actions: sendTo(({ event }) => event.to as never, { type: 'hello' } as never) } },
  });
  for (const name of ['compiled', 'hosted'] as const) {
    const { tier: listeners } = stage(introvert, name);
    const kept: unknown[] = [];
    const listener = listeners.restore(owner, {
      status: 'active',
      value: {},
      context: { kept, heard: [] },
      children: {},
      historyValue: {},
    });
    let self: unknown;
    kept.push = (send: unknown) => {
      self = send;
      return 1;
    };
    listeners.send(listener, { type: 'keep' });
    const { tier } = stage(speaker, name);
    tier.send(tier.start(owner, undefined), { type: 'go', to: { _send: self, send: self } });
    t.match(contextOf(listeners, listener), { heard: ['hello'] }, name);
  }
});

t.test(
  'an endless loop is ended where the machine bounds it, and a snapshot that does not fit is refused',
  async (t) => {
    const loop = setup({}).createMachine({
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } },
      options: { maxIterations: 10 },
    } as never);
    inEachTier(loop, ({ tier }, name) => {
      const run = tier.start(owner, undefined);
      t.throws(() => tier.send(run, { type: 'go' }), { message: /more than 10 microsteps/ }, name);
      t.throws(() => tier.restore(owner, { status: 'active', value: 'z', context: {}, children: {} }), /'z'/);
      t.throws(
        () =>
          tier.restore(owner, {
            status: 'error',
            error: new Error('as before'),
            value: 'a',
            context: {},
            children: {},
          }),
        {
          message: 'as before',
        },
      );
    });
  },
);

t.test('a wildcard hears types without number, and the tables stay as they are', async (t) => {
  const { tier } = stage(introvert, 'compiled');
  const run = tier.start(owner, undefined);
  for (let number = 0; number < 1_000; number++) tier.send(run, { type: `type ${number}` });
  t.equal((contextOf(tier, run) as { heard: unknown[] }).heard.length, 1_000);
  tier.send(run, { type: 'type 999' });
  t.equal((contextOf(tier, run) as { heard: unknown[] }).heard.length, 1_001);
});

t.test('logic that is no machine runs by its own step, or as an actor when it has to be started', async (t) => {
  const sum = fromTransition((state: number, event: { type: string; by: number }, { emit: tell }) => {
    tell({ type: 'summed' } as never);
    return state + event.by;
  }, 5);
  const { tier, witness } = stage(sum);
  t.equal(tier.name, 'hosted');
  const run = tier.start(owner, undefined);
  tier.send(run, { type: 'add', by: 2 });
  t.match(contextOf(tier, run), 7);
  t.equal(tier.stateText(run), 'active');
  t.strictSame(witness.lines, [['emit', 'summed']]);

  const promise = stage(fromPromise(async () => 'kept'));
  t.equal(promise.tier.name, 'full');
  promise.tier.start(owner, undefined);
  await new Promise(setImmediate);
  t.strictSame(promise.witness.lines, [['done', 'kept']]);
});

t.test('children of a full actor run on the clock of the host, and end with it', async (t) => {
  const clock = new VirtualClock();
  const witness = new Witness();
  const child = setup({}).createMachine({ initial: 'a', states: { a: { after: { 10: 'b' } }, b: { type: 'final' } } });
  const parent = setup({ actors: { child } }).createMachine({
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'child', onDone: { actions: emit({ type: 'child done' } as never) } },
        after: { 30: 'off' },
      },
      off: {},
    },
  });
  const tier = createMachineTier(parent, witness, { clock });
  t.equal(tier.name, 'full');
  const run = tier.start(owner, undefined);
  t.match(witness.lines, [['schedule', 'xstate.after.30.(machine).on', 30, 'xstate.after.30.(machine).on', null]]);
  clock.advance(10);
  t.strictSame(witness.lines.at(-1), ['emit', 'child done']);
  const other = tier.start({ name: 'other' }, undefined);
  tier.stop(other);
  witness.lines.length = 0;
  clock.advance(100);
  t.strictSame(witness.lines, [], 'neither the one child, which has ended, nor the other, which was stopped');
  t.equal(run.status, 'active');
});
