/** Supervision trees over actors on worker threads: what falls comes back in order, and siblings lose nothing. */
import t, { type Test } from 'tap';
import type { ActorSystemEvents } from '../../runtime/hosting/ActorSystem.js';
import { type DefineSupervisorOptions, defineSupervisor } from '../../runtime/hosting/supervision/defineSupervisor.js';
import type { ActorMessage } from '../../runtime/protocol/actors.js';
import type { SupervisedActor, SupervisorDefinition } from '../../runtime/protocol/supervision.js';
import { until } from '../../testing/realTime.js';
import type { TestShards, TestShardsOptions } from '../../testing.js';
import type { TallyReport } from './actors/tally.js';
import { openShards, reportOf } from './probes.js';

const module = new URL('./actors/tally.js', import.meta.url).href;

function child(name: string, rest: Partial<SupervisedActor> = {}): SupervisedActor {
  return { name, module, exportName: 'tally', options: { witness: 'witness' }, ...rest };
}

/** Quick, so that a test need not wait. */
function supervisor(options: DefineSupervisorOptions): SupervisorDefinition {
  return defineSupervisor({ backoffMs: 1, backoffMaxMs: 2, ...options });
}

interface World {
  readonly shards: TestShards;
  readonly system: TestShards['system'];
  readonly failed: TestShards['failures'];
  readonly escalated: ActorSystemEvents['escalated'][0][];
  readonly quarantined: ActorSystemEvents['quarantined'][0][];
  tell(name: string, type: string, data?: unknown): void;
  tally(name: string): Promise<TallyReport>;
  /** What the witness has heard since the last call. */
  heard(): Promise<string[]>;
}

async function makeWorld(t: Test, options: TestShardsOptions = {}): Promise<World> {
  const shards = await openShards(t, { threads: 2, ...options });
  const { system, failures: failed } = shards;
  const { probe } = await import('./actors/probe.js');
  system.spawnLocal('witness', probe);
  const escalated: World['escalated'] = [];
  const quarantined: World['quarantined'] = [];
  system.on('escalated', (detail) => escalated.push(detail));
  system.on('quarantined', (detail) => quarantined.push(detail));
  let known = 0;
  return {
    shards,
    system,
    failed,
    escalated,
    quarantined,
    tell: (name, type, data = null) => system.tell({ name }, { type, data } as ActorMessage),
    tally: (name) => system.ask({ name }, { type: 'report' }, { deadlineMs: 10_000 }) as Promise<TallyReport>,
    heard: async () => {
      const { notes } = await reportOf(system, 'witness');
      const fresh = notes.slice(known);
      known = notes.length;
      return [...fresh];
    },
  };
}

for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'] as const) {
  t.test(`${strategy}: 100 crashes in a row of one child stop it alone, and its siblings lose nothing`, async (t) => {
    const { system, failed, escalated, tell, heard, tally } = await makeWorld(t);
    const children = [
      child('ada', { shard: 1 }),
      child('ben', { shard: 2, restart: { intensity: 5 } }),
      child('cy', { shard: 1 }),
      child('dan', { shard: 2 }),
    ];
    await system.spawnSupervisor('root', supervisor({ strategy, intensity: 1_000, children }));
    for (let index = 0; index < 100; index++) {
      tell('ben', 'crash', 'Error');
      for (const name of ['ada', 'cy', 'dan']) tell(name, 'add', index);
    }
    await until('ben is given up', () => failed.length === 1);
    t.match(failed, [{ name: 'ben', error: { message: 'on purpose' } }]);
    const numbers = Array.from({ length: 100 }, (_, index) => `adds ${index}`);
    for (const name of ['ada', 'cy', 'dan']) await tally(name);
    const words = await heard();
    for (const name of ['ada', 'cy', 'dan']) {
      t.strictSame(
        words.filter((each) => each.startsWith(`${name} adds`)),
        numbers.map((each) => `${name} ${each}`),
        `${name} has heard all, once and in order`,
      );
    }
    t.strictSame(escalated, []);
    t.match(await system.counters(), { 'deadLetters.crashed': 6, 'deadLetters.stopped': 94, failures: 1 });
    t.equal(system.resolve('ben'), undefined);
  });
}

t.test('rest-for-one starts the later children again across shards, in order, at their addresses', async (t) => {
  const { system, tell, heard, tally } = await makeWorld(t);
  const children = ['ada', 'ben', 'cy', 'dan'].map((name, index) => child(name, { shard: 1 + (index % 2) }));
  await system.spawnSupervisor('root', supervisor({ strategy: 'rest-for-one', children }));
  t.strictSame(await heard(), ['ada starts', 'ben starts', 'cy starts', 'dan starts']);
  const addresses = children.map(({ name }) => system.resolve(name));
  tell('ben', 'crash', 'Error');
  tell('ben', 'add', 1);
  tell('dan', 'add', 2);
  await until(
    'dan is back',
    async () => (await tally('dan')).restarts === 1 && system.supervisors()[0]?.status === 'running',
  );
  await tally('ben');
  const words = await heard();
  t.strictSame(
    words.filter((each) => !each.includes('adds')),
    ['dan stops', 'cy stops', 'ben starts', 'cy starts', 'dan starts'],
  );
  t.strictSame(words.filter((each) => each.includes('adds')).sort(), ['ben adds 1', 'dan adds 2']);
  t.strictSame(
    children.map(({ name }) => system.resolve(name)),
    addresses,
  );
  t.strictSame(await tally('ada'), { sum: 0, restarts: 0 }, 'who was started before is untouched');
  const { restarts } = await tally('ben');
  t.equal(restarts, 1);
});

t.test('the death of a thread is a fall of its children: those that follow start again after them', async (t) => {
  const { shards, system, tell, heard, tally, failed } = await makeWorld(t);
  const children = [child('ada', { shard: 2 }), child('ben', { shard: 1 }), child('cy', { shard: 2 })];
  await system.spawnSupervisor('root', supervisor({ strategy: 'rest-for-one', children }));
  const addresses = children.map(({ name }) => system.resolve(name));
  await heard();
  system.on('shard-down', () => {
    for (const name of ['ada', 'ben', 'cy']) tell(name, 'add', 1);
  });
  await shards.kill(1);
  for (const name of ['ada', 'ben', 'cy']) {
    await until(`${name} has heard it`, async () => (await tally(name)).sum === 1);
  }
  const words = await heard();
  t.strictSame(
    words.filter((each) => !each.includes('adds')),
    ['cy stops', 'ben starts', 'cy starts'],
  );
  t.strictSame(
    children.map(({ name }) => system.resolve(name)),
    addresses,
    'addresses stay',
  );
  t.strictSame(failed, []);
  t.match(system.supervisors(), [{ name: 'root', status: 'running', recentRestarts: 0 }]);
});

t.test('a shard that is given up: supervisors start its children on another one', async (t) => {
  const { shards, system, tally } = await makeWorld(t, { shardRestart: { intensity: 0 } });
  const children = [child('ada', { shard: 2 }), child('ben', { shard: 1 }), child('cy', { shard: 2 })];
  await system.spawnSupervisor('root', supervisor({ strategy: 'one-for-all', children }));
  await t.rejects(shards.kill(1), { message: /shard 1 was given up/ });
  await until('ben is back', async () => (await tally('ben').catch(() => null)) !== null);
  await until('all run', () => system.supervisors()[0]?.status === 'running');
  t.equal(system.resolve('ben')?.shard, 2);
  t.equal((await tally('cy')).restarts, 1);
});

t.test('a message that kills every life of its actor is set aside with its cause, and the actor goes on', async (t) => {
  for (const supervised of [true, false]) {
    const { system, tell, heard, tally, failed, quarantined } = await makeWorld(t);
    const spec = child('ada', {
      shard: 1,
      exportName: 'redeliveringTally',
      options: { witness: 'witness', poison: 13 },
      restart: { intensity: 3 },
    });
    if (supervised) await system.spawnSupervisor('root', supervisor({ intensity: 3, children: [spec] }));
    else await system.spawn(spec);
    for (const number of [1, 2, 13, 3, 13, 4]) tell('ada', 'add', number);
    const asked = system.ask({ name: 'ada' }, { type: 'add', data: 13 }, { deadlineMs: 10_000 });
    await t.rejects(asked, { code: 'ERR_ACADEMY_ASK_FAILED' }, 'who asked is told');
    t.equal((await tally('ada')).restarts, 9);
    t.strictSame(
      (await heard()).filter((each) => each.includes('adds')),
      ['ada adds 1', 'ada adds 2', 'ada adds 3', 'ada adds 4'],
    );
    t.strictSame(failed, [], 'what is tried again counts once');
    await until('the node is told', () => quarantined.length === 3);
    const expected = { name: 'ada', messageType: 'add', data: '13', failures: 3, error: { message: 'cannot bear 13' } };
    t.match(await system.quarantined(), [expected, expected, expected]);
    t.match(await system.counters(), { 'deadLetters.quarantined': 3, 'deadLetters.crashed': 0, messagesWaiting: 0 });
    t.match(
      (await system.infos()).find(({ name }) => name === 'ada'),
      supervised ? { quarantined: 3, supervisor: 'root' } : { quarantined: 3 },
    );
    await system.shutdown({ limitMs: 2_000 });
  }
});

t.test(
  'who falls too often takes its supervisor along, that one its parent, and at last the node hears of it',
  async (t) => {
    const { system, tell, heard, escalated, failed, tally } = await makeWorld(t);
    const inner = supervisor({ strategy: 'one-for-all', intensity: 2, children: [child('ben'), child('cy')] });
    const outer = supervisor({ intensity: 1, children: [child('ada'), { name: 'inner', supervisor: inner }] });
    const restarted: unknown[] = [];
    system.on('supervisor-restarted', (detail) => restarted.push(detail));
    await system.spawnSupervisor('outer', outer);
    await heard();
    const address = system.resolve('cy');
    for (let crash = 0; crash < 3; crash++) {
      await tally('ben');
      tell('ben', 'crash', 'ERR_ACADEMY_STORE');
    }
    await until('the inner supervisor is back', () => restarted.length === 1);
    t.match(restarted, [
      { name: 'inner', restarts: 1, error: { code: 'ERR_ACADEMY_RESTART_LIMIT', message: /on purpose/ } },
    ]);
    t.strictSame(system.resolve('cy'), address);
    t.strictSame(await tally('ada'), { sum: 0, restarts: 0 });
    await heard();
    for (let crash = 0; crash < 3; crash++) {
      await tally('ben');
      tell('ben', 'crash', 'ERR_ACADEMY_STORE');
    }
    await until('the node hears of it', () => escalated.length === 1);
    t.match(escalated, [
      { name: 'outer', error: { code: 'ERR_ACADEMY_RESTART_LIMIT', message: /"inner" .* "ben" .* on purpose/ } },
    ]);
    await until('all are given up', () => failed.length === 3);
    t.strictSame(system.supervisors(), []);
    t.equal((await heard()).at(-1), 'ada stops');
    await t.rejects(tally('ada'), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
    await system.spawnSupervisor('outer', outer);
    t.equal((await tally('ben')).restarts, 0, 'all names are free again');
  },
);

t.test('children end in reverse order, and one that hangs is ended by force when its limit has passed', async (t) => {
  const { system, tell, heard } = await makeWorld(t, { hangMs: 60_000 });
  const inner = supervisor({ children: [child('ben', { shard: 1 }), child('cy', { shard: 2, shutdownMs: 50 })] });
  const children = [child('ada', { shard: 1 }), { name: 'inner', supervisor: inner }, child('dan', { shard: 1 })];
  await system.spawnSupervisor('root', supervisor({ children }));
  await heard();
  tell('cy', 'work', 3_600_000);
  await until('it hangs', async () => (await system.counters()).messagesWaiting === 1);
  tell('ben', 'add', 7);
  await system.stop({ name: 'root' });
  t.strictSame(await heard(), ['ben adds 7', 'dan stops', 'ben stops', 'ada stops']);
  t.equal(system.resolve('cy'), undefined);
  t.strictSame(system.supervisors(), []);
  await system.shutdown({ limitMs: 100 });
});

t.test(
  'an ordered shutdown ends a thread that hangs, once for all its children; the others on it come back',
  async (t) => {
    const { shards, system, tell, tally, heard } = await makeWorld(t, { hangMs: 60_000 });
    const names = ['ada', 'ben', 'cy', 'dan'];
    const children = names.map((name) => child(name, { shard: 2, shutdownMs: 100 }));
    await system.spawnSupervisor('root', supervisor({ children: [child('eve', { shard: 1 }), ...children] }));
    await system.spawn(child('neighbour', { shard: 2, restart: { kind: 'permanent' } }));
    await heard();
    tell('cy', 'work', 3_600_000);
    await until('it hangs', async () => (await system.counters()).messagesWaiting === 1);
    await system.stop({ name: 'root' });
    t.strictSame(await heard(), ['eve stops']);
    for (const name of names) t.equal(system.resolve(name), undefined, name);
    t.match(await tally('neighbour'), { sum: 0 }, 'it runs on the spare');
    t.match(shards.downs, [{ shard: 2, cause: /did not end "dan" within \d+ ms/, isReplaced: true }]);
    t.match(await system.counters(), { shardRestarts: 1 });
    t.strictSame(shards.failures, [], 'who was to end has not failed');
  },
);

t.test('the error chooses: go on, begin anew, go on later with the state before, give up, or escalate', async (t) => {
  const { system, tell, tally, failed, escalated } = await makeWorld(t);
  await system.spawn(child('careful', { exportName: 'carefulTally' }));
  await system.spawn(child('proud', { exportName: 'proudTally' }));
  tell('careful', 'add', 5);
  tell('careful', 'crash', 'TypeError');
  t.strictSame(await tally('careful'), { sum: 5, restarts: 0 }, 'it goes on');
  tell('careful', 'crash', 'ERR_ACADEMY_STORE');
  t.equal((await tally('careful')).sum, 5, 'its next life has the state of the one before');
  tell('careful', 'crash', 'Error');
  t.strictSame(await tally('careful'), { sum: 0, restarts: 2 });
  tell('careful', 'crash', 'ERR_ACADEMY_DEADLINE');
  await until('it is given up', () => failed.length === 1);
  tell('proud', 'crash', 'Error');
  await until('the node hears of it', () => escalated.length === 1);
  t.match(escalated, [{ name: 'proud', error: { message: 'on purpose' } }]);

  const byTable = supervisor({ onError: { TypeError: 'resume' }, children: [child('ada')] });
  const byFunction = supervisor({
    onError: (_, name) => (name === 'TypeError' ? 'escalate' : 'stop'),
    children: [child('ben')],
  });
  await system.spawnSupervisor('table', byTable);
  await system.spawnSupervisor('function', byFunction);
  tell('ada', 'add', 5);
  tell('ada', 'crash', 'TypeError');
  t.strictSame(await tally('ada'), { sum: 5, restarts: 0 });
  tell('ben', 'crash', 'TypeError');
  await until('the node hears of that', () => escalated.length === 2);
  t.match(escalated[1], { name: 'function', error: { message: 'on purpose' } });
});

t.test('what comes while an actor is down waits up to a bound; the senders of the rest are told', async (t) => {
  const { system, tell, tally, heard } = await makeWorld(t);
  const slow = defineSupervisor({
    backoffMs: 10_000,
    backoffMaxMs: 10_000,
    children: [child('ada', { restart: { stash: 3 } })],
  });
  await system.spawnSupervisor('root', slow);
  tell('ada', 'crash', 'Error');
  await until('it is down', () => system.supervisors()[0]?.recentRestarts === 1);
  const answers = Promise.allSettled(Array.from({ length: 5 }, () => tally('ada')));
  await until('two are refused', async () => (await system.counters())['deadLetters.mailbox-full'] === 2);
  t.equal((await system.infos()).find(({ name }) => name === 'ada')?.mailboxDepth, 3);
  await system.stop({ name: 'root' });
  t.strictSame((await answers).map((each) => each.status === 'rejected' && each.reason.code).sort(), [
    ...new Array(3).fill('ERR_ACADEMY_ACTOR_STOPPED'),
    ...new Array(2).fill('ERR_ACADEMY_MAILBOX_FULL'),
  ]);
  t.strictSame(
    (await heard()).filter((each) => each.includes('adds')),
    [],
  );
});

t.test('dynamic children come and go, and come back with their supervisor', async (t) => {
  const { system, tell, tally } = await makeWorld(t);
  await system.spawnSupervisor('pool', supervisor({ strategy: 'dynamic', intensity: 3 }));
  for (const name of ['ada', 'ben', 'cy']) await system.spawn({ ...child(name), supervisor: 'pool' });
  await t.rejects(system.spawn({ ...child('ada'), supervisor: 'pool' }), { code: 'ERR_ACADEMY_NAME_TAKEN' });
  await t.rejects(system.spawn({ ...child('dan'), supervisor: 'nobody' }), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
  await t.rejects(system.spawn({ ...child('dan'), exportName: 'missing', supervisor: 'pool' }), {
    code: 'ERR_ACADEMY_ACTOR_MODULE',
  });
  t.match(system.supervisors(), [{ name: 'pool', strategy: 'dynamic', children: ['ada', 'ben', 'cy'] }]);
  tell('ada', 'crash', 'Error');
  t.equal((await tally('ada')).restarts, 1);
  await system.stop({ name: 'ben' });
  t.match(system.supervisors(), [{ children: ['ada', 'cy'] }]);
  await system.spawn({ ...child('ben'), supervisor: 'pool' });
  t.equal((await tally('ben')).restarts, 0);
});

t.test('a supervisor one of whose children does not start is refused, and leaves nothing behind', async (t) => {
  const { system, heard } = await makeWorld(t);
  const children = [child('ada'), child('ben', { exportName: 'missing' }), child('cy')];
  await t.rejects(system.spawnSupervisor('root', supervisor({ children })), {
    code: 'ERR_ACADEMY_ACTOR_MODULE',
    message: /no export "missing"/,
  });
  t.strictSame(await heard(), ['ada starts', 'ada stops']);
  await until('all names are free', () => system.resolve('ada') === undefined);
  await system.spawnSupervisor('root', supervisor({ children: [child('ada')] }));
  await t.rejects(system.spawnSupervisor('other', supervisor({ children: [child('ada')] })), {
    code: 'ERR_ACADEMY_NAME_TAKEN',
  });
});
