/** What each strategy does about each end of a child, step by step. */
import t from 'tap';
import { defineSupervisor } from '../../../../runtime/hosting/supervision/defineSupervisor.js';
import type { SupervisedActor, SupervisorOptions } from '../../../../runtime/protocol/supervision.js';
import { oops, SupervisedWorld } from './SupervisedWorld.js';

const child = (name: string, rest: Partial<SupervisedActor> = {}): SupervisedActor => ({
  name,
  module: 'file:///x.js',
  exportName: 'x',
  ...rest,
});
const abc = [child('a'), child('b'), child('c')];
const often: Partial<SupervisorOptions> = { intensity: 100 };

const strategies = {
  'one-for-one': ['start b'],
  dynamic: ['start b'],
  'one-for-all': ['hold c', 'hold a', 'start a', 'start b', 'start c'],
  'rest-for-one': ['hold c', 'start b', 'start c'],
} as const;

for (const [strategy, expected] of Object.entries(strategies)) {
  t.test(`${strategy}: when the second of three falls`, async (t) => {
    const world = new SupervisedWorld(
      defineSupervisor({ ...often, strategy: strategy as keyof typeof strategies, children: abc }),
    );
    t.strictSame(world.news(), ['start a', 'start b', 'start c', 'root is up']);
    world.crash('b');
    t.strictSame([...world.news(), ...world.wait()], expected);
    t.strictSame([...world.living].sort(), ['a', 'b', 'c']);
  });
}

t.test('the kind of a child says whether it is started again', async (t) => {
  const kinds = { permanent: 'start b', transient: 'start b', temporary: 'release b: oops' } as const;
  for (const [kind, expected] of Object.entries(kinds)) {
    const children = [child('a'), child('b', { restart: { kind: kind as keyof typeof kinds } }), child('c')];
    const world = new SupervisedWorld(defineSupervisor({ children }));
    world.news();
    world.crash('b');
    t.strictSame([...world.news(), ...world.wait()], [expected], `a ${kind} child that crashes`);
    const other = new SupervisedWorld(defineSupervisor({ children }));
    other.news();
    other.finish('b');
    t.strictSame(
      [...other.news(), ...other.wait()],
      [kind === 'permanent' ? 'start b' : 'release b'],
      `a ${kind} child that has done its work`,
    );
  }
});

t.test('a group that starts anew leaves out temporary children, and takes in one that had done its work', async (t) => {
  const children = [child('a'), child('b', { restart: { kind: 'temporary' } }), child('c'), child('d')];
  const world = new SupervisedWorld(defineSupervisor({ strategy: 'one-for-all', children }));
  world.finish('d');
  world.news();
  world.crash('a');
  t.strictSame([...world.news(), ...world.wait()], ['hold c', 'stop b', 'start a', 'start c', 'start d']);
  world.finish('d');
  t.strictSame(world.wait(), ['release d'], 'it is not started for ever');
});

t.test('children start one after the other, and the next only when the one before runs', async (t) => {
  const world = new SupervisedWorld(defineSupervisor({ strategy: 'one-for-all', children: abc }), { slow: true });
  t.strictSame(world.news(), ['start a']);
  world.pending.shift()?.();
  t.strictSame(world.news(), ['start b']);
  world.settle();
  t.strictSame(world.news(), ['start c', 'root is up']);
  world.crash('a');
  t.strictSame(world.news(), ['hold c']);
  world.pending.shift()?.();
  t.strictSame(world.news(), ['hold b']);
  world.settle();
  t.strictSame(world.news(), [], 'the delay is not over');
  world.clock.advance(10_000);
  t.strictSame(world.news(), ['start a']);
});

t.test(
  'a sibling that falls while its group is stopped is not counted; one that falls as it starts again is',
  async (t) => {
    const supervisor = defineSupervisor({ strategy: 'one-for-all', intensity: 2, children: abc });
    const world = new SupervisedWorld(supervisor, { slow: true });
    world.settle();
    world.news();
    world.crash('a');
    world.crash('c');
    world.crash('b');
    t.strictSame(world.wait(1_000), ['hold c', 'hold b', 'start a', 'start b', 'start c']);
    world.crash('a');
    world.clock.advance(100);
    world.pending.shift()?.();
    world.pending.shift()?.();
    world.clock.advance(100);
    world.pending.shift()?.();
    t.strictSame(world.news(), ['hold c', 'hold b', 'start a', 'start b']);
    world.crash('a');
    world.settle();
    t.match(world.news().slice(-5, -3), ['root gives up', 'node hears of root: ERR_ACADEMY_RESTART_LIMIT']);
  },
);

t.test('after more restarts than its intensity a supervisor stops its children and gives up', async (t) => {
  const supervisor = defineSupervisor({ intensity: 2, withinMs: 1_000, backoffMs: 1, children: abc });
  const world = new SupervisedWorld(supervisor, { slow: true });
  world.settle();
  for (const name of ['a', 'b']) {
    world.crash(name);
    world.wait(10);
  }
  world.crash('c');
  t.strictSame(world.news(), ['hold b'], 'the last of those that run');
  world.settle();
  t.match(world.news(), [
    'hold a',
    'root gives up',
    'node hears of root: ERR_ACADEMY_RESTART_LIMIT',
    /^release c: "c" falls more often than is allowed, the last time by: oops/,
    /^release b/,
    /^release a/,
  ]);
});

t.test('the window slides: restarts that are past do not count', async (t) => {
  const world = new SupervisedWorld(
    defineSupervisor({ intensity: 2, withinMs: 1_000, backoffMaxMs: 100, children: abc }),
  );
  for (let round = 0; round < 20; round++) {
    world.crash('a');
    world.wait(501);
  }
  t.equal(world.startsAtMs.get('a')?.length, 21);
  t.strictSame(world.living.size, 3);
});

t.test('a bound of its own gives up one child, and touches nobody else', async (t) => {
  for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
    const children = [child('a', { restart: { intensity: 3 } }), child('b'), child('c')];
    const world = new SupervisedWorld(defineSupervisor({ ...often, strategy, children }));
    for (let crash = 0; crash < 100; crash++) {
      world.crash('a');
      world.clock.advance(1_000);
    }
    t.equal(world.startsAtMs.get('a')?.length, 4);
    t.strictSame([...world.living].sort(), ['b', 'c']);
    t.ok(world.news().includes('release a: oops'));
  }
  const world = new SupervisedWorld(
    defineSupervisor({
      ...often,
      children: [child('a', { restart: { intensity: 0 }, beyond: 'escalate' }), child('b')],
    }),
  );
  world.crash('a');
  t.match(world.news().slice(-1), [/release a: "a" falls more often/]);
});

t.test(
  'a supervisor that gives up is started again by its parent with a clean slate; at last the node hears',
  async (t) => {
    const inner = defineSupervisor({
      strategy: 'one-for-all',
      intensity: 1,
      backoffMs: 1,
      children: [child('b'), child('c')],
    });
    const supervisor = defineSupervisor({
      strategy: 'rest-for-one',
      intensity: 1,
      backoffMs: 1,
      children: [child('a'), { name: 'inner', supervisor: inner }, child('d')],
    });
    const world = new SupervisedWorld(supervisor);
    t.strictSame(world.news(), ['start a', 'start b', 'start c', 'inner is up', 'start d', 'root is up']);
    world.crash('b');
    t.strictSame([...world.news(), ...world.wait(100)], ['hold c', 'start b', 'start c']);
    world.crash('b');
    t.strictSame(
      [...world.news(), ...world.wait(100)],
      ['hold c', 'inner gives up', 'hold d', 'start b', 'start c', 'inner is up', 'start d'],
    );
    world.crash('c');
    t.strictSame([...world.news(), ...world.wait(100)], ['hold b', 'start b', 'start c'], 'its slate was clean');
    world.crash('c');
    t.strictSame(
      [...world.news(), ...world.wait(100)],
      [
        'hold b',
        'inner gives up',
        'hold d',
        'hold a',
        'root gives up',
        'node hears of root: ERR_ACADEMY_RESTART_LIMIT',
        'release d: "inner" falls more often than is allowed, the last time by: "c" falls more often than is allowed, the last time by: oops',
        ...['release c', 'release b', 'release a'].map(
          (words) =>
            `${words}: "inner" falls more often than is allowed, the last time by: "c" falls more often than is allowed, the last time by: oops`,
        ),
      ],
    );
  },
);

t.test('the error chooses: go on, start again fresh or from the saved state, stop, or escalate', async (t) => {
  const onError = {
    ERR_ACADEMY_DEADLINE: 'resume',
    ERR_ACADEMY_STORE: 'restore',
    TypeError: 'stop',
    ERR_ACADEMY_ADMIN_REQUIRED: 'escalate',
    '*': 'restart',
  } as const;
  const fall = (code: string, errorName = ''): string[] => {
    const world = new SupervisedWorld(defineSupervisor({ onError, children: abc }));
    world.news();
    const error = { ...oops, code: code as 'ERR_ACADEMY_STORE' };
    world.crash('b', { error, errorName });
    return [...world.news(), ...world.wait()];
  };
  t.strictSame(fall('ERR_ACADEMY_DEADLINE'), ['resume b']);
  t.strictSame(fall('ERR_ACADEMY_STORE'), ['start b restore']);
  t.strictSame(fall('ERR_ACADEMY_INTERNAL', 'TypeError'), ['release b: oops']);
  t.strictSame(fall('ERR_ACADEMY_INTERNAL', 'RangeError'), ['start b fresh']);
  t.strictSame(fall('ERR_ACADEMY_ADMIN_REQUIRED').slice(0, 4), [
    'hold c',
    'hold a',
    'root gives up',
    'node hears of root: ERR_ACADEMY_ADMIN_REQUIRED',
  ]);
});

t.test('directives may be a function, whose own fault decides nothing', async (t) => {
  const byFunction = (onError: () => never) => new SupervisedWorld(defineSupervisor({ onError, children: abc }));
  const world = byFunction(() => {
    throw new Error('faulty');
  });
  world.news();
  world.crash('b');
  t.strictSame([...world.news(), ...world.wait()], ['start b']);
});

t.test('what the actor itself says about an error goes before what its supervisor says', async (t) => {
  const world = new SupervisedWorld(defineSupervisor({ onError: { '*': 'stop' }, children: abc }));
  world.news();
  world.crash('b', { directive: 'resume' });
  t.strictSame(world.news(), ['resume b']);
});

t.test('repeats of one message do not count, since its quarantine bounds them', async (t) => {
  const world = new SupervisedWorld(defineSupervisor({ intensity: 1, children: abc }));
  world.news();
  for (let repeat = 0; repeat < 5; repeat++) {
    world.crash('b', { isRepeat: repeat > 0 });
    t.strictSame([...world.news(), ...world.wait(3_000)], ['start b']);
  }
});

t.test('delays grow up to a bound, and begin anew after a quiet time', async (t) => {
  const supervisor = defineSupervisor({
    ...often,
    backoffMs: 100,
    backoffMaxMs: 400,
    quietMs: 5_000,
    children: [child('a')],
  });
  const world = new SupervisedWorld(supervisor);
  const delays: number[] = [];
  const fall = (): void => {
    world.crash('a');
    delays.push((world.clock.nextTimerMs ?? 0) - world.clock.monotonicMs());
    world.clock.advance(400);
  };
  for (let index = 0; index < 4; index++) fall();
  world.clock.advance(5_000);
  fall();
  for (const [index, wholeMs] of [100, 200, 400, 400, 100].entries()) {
    const delay = delays[index] ?? 0;
    t.ok(delay >= wholeMs / 2 && delay <= wholeMs, `${delay} is between half and the whole of ${wholeMs}`);
  }
});

t.test('a child without a delay starts again at once, however often it has', async (t) => {
  const supervisor = defineSupervisor({
    intensity: Number.POSITIVE_INFINITY,
    backoffMs: 0,
    backoffMaxMs: 0,
    children: [child('a')],
  });
  const world = new SupervisedWorld(supervisor);
  for (let fall = 0; fall < 2_000; fall++) {
    world.crash('a');
    world.clock.advance(1);
  }
  t.equal(world.startsAtMs.get('a')?.length, 2_001);
});

t.test('children end in reverse order, each within its limit, and are then ended by force', async (t) => {
  const inner = defineSupervisor({ children: [child('b', { shutdownMs: 100 }), child('c', { shutdownMs: 200 })] });
  const supervisor = defineSupervisor({ children: [child('a'), { name: 'inner', supervisor: inner }, child('d')] });
  const world = new SupervisedWorld(supervisor, { stubborn: ['b', 'c'] });
  world.news();
  world.tree.handle({ type: 'stop', name: 'root' });
  t.strictSame(world.news(), ['stop d', 'stop c']);
  t.strictSame(world.wait(199), []);
  t.strictSame(world.wait(1), ['kill c', 'stop b']);
  t.strictSame(world.wait(100), ['kill b', 'stop a']);
  t.equal(world.tree.get('root'), undefined, 'its name is free');
  t.equal(world.clock.pendingTimers, 0, 'no timer is left');
});

t.test('an ordered shutdown lasts no longer than the longest limit below: children share what is left', async (t) => {
  const inner = defineSupervisor({ children: [child('b', { shutdownMs: 400 }), child('c', { shutdownMs: 300 })] });
  const children = [
    child('a', { shutdownMs: 400 }),
    { name: 'inner', supervisor: inner },
    child('d', { shutdownMs: 200 }),
  ];
  const world = new SupervisedWorld(defineSupervisor({ children }), { stubborn: ['a', 'b', 'c', 'd'] });
  world.news();
  world.tree.handle({ type: 'stop', name: 'root' });
  t.strictSame(world.news(), ['stop d']);
  t.strictSame(world.wait(200), ['kill d', 'stop c'], 'its own limit');
  t.strictSame(world.wait(199), []);
  t.strictSame(world.wait(1).sort(), ['kill a', 'kill b', 'kill c', 'stop a', 'stop b'], 'all that is left, at once');
  t.equal(world.tree.get('root'), undefined);
  t.equal(world.clock.pendingTimers, 0, 'no timer is left');
});

t.test('the limit of a supervisor holds also while one that was ended by force has not answered', async (t) => {
  const children = ['a', 'b', 'c'].map((name) => child(name, { shutdownMs: name === 'c' ? 390 : 400 }));
  const world = new SupervisedWorld(defineSupervisor({ children }), { stubborn: ['a', 'b', 'c'], slow: true });
  world.settle();
  world.news();
  world.tree.handle({ type: 'stop', name: 'root' });
  t.strictSame(world.news(), ['stop c']);
  world.clock.advance(399);
  t.strictSame(world.news(), ['kill c'], 'which its thread does not answer');
  world.clock.advance(1);
  t.strictSame(world.news(), ['stop b', 'stop a', 'kill b', 'kill a']);
  world.settle();
  t.equal(world.tree.get('root'), undefined);
});

t.test('a supervisor that gives up ends its children within the same limit', async (t) => {
  const children = ['a', 'b', 'c'].map((name) => child(name, { shutdownMs: 300 }));
  const world = new SupervisedWorld(defineSupervisor({ intensity: 0, children }), { stubborn: ['a', 'b'] });
  world.news();
  world.crash('c');
  t.strictSame(world.news(), ['hold b']);
  t.strictSame(world.wait(300).slice(0, 4), ['kill b', 'hold a', 'kill a', 'root gives up']);
});

t.test('dynamic children are added while their supervisor runs, and all stop at once', async (t) => {
  const world = new SupervisedWorld(defineSupervisor({ strategy: 'dynamic', intensity: 3 }), { slow: true });
  for (const each of abc) world.tree.add('root', each);
  t.throws(() => world.tree.add('root', child('a')), { code: 'ERR_ACADEMY_NAME_TAKEN' });
  t.throws(() => world.tree.add('nobody', child('d')), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  world.settle();
  t.strictSame(world.news(), ['root is up', 'start a', 'start b', 'start c']);
  world.finish('b');
  t.strictSame(world.news(), ['release b']);
  t.equal(world.tree.get('b'), undefined);
  world.tree.handle({ type: 'stop', name: 'root' });
  t.strictSame(world.news(), ['stop c', 'stop a']);
  world.settle();
  t.throws(() => world.tree.add('root', child('d')), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
});

t.test(
  'a child that does not start ends its supervisor when that starts, and is refused when it is added',
  async (t) => {
    const failing = (name: string, world: SupervisedWorld): void => {
      world.pending.length = 0;
      world.tree.handle({ type: 'start-failed', name, error: oops });
      world.settle();
    };
    const world = new SupervisedWorld(defineSupervisor({ children: abc }), { slow: true });
    world.pending.shift()?.();
    failing('b', world);
    t.match(world.news(), [
      'start a',
      'start b',
      'hold a',
      'root gives up',
      'node hears of root: ERR_ACADEMY_INTERNAL',
    ]);
    const other = new SupervisedWorld(defineSupervisor({ children: [child('a')] }), { slow: true });
    other.settle();
    other.tree.add('root', child('b'));
    failing('b', other);
    t.strictSame(other.news().slice(-1), ['start b']);
    t.equal(other.tree.get('b'), undefined, 'its name is free');
    t.strictSame([...other.living], ['a']);
  },
);

t.test('a child that was stopped by somebody else stays away', async (t) => {
  const world = new SupervisedWorld(defineSupervisor({ ...often, strategy: 'one-for-all', children: abc }));
  world.news();
  world.tree.handle({ type: 'stop', name: 'b' });
  t.strictSame([...world.news(), ...world.wait()], ['stop b']);
  world.crash('a');
  t.strictSame([...world.news(), ...world.wait()], ['hold c', 'start a', 'start c']);
});
