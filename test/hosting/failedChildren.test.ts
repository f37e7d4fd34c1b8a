/** Children that a supervisor has given up stay known, with their error, until somebody starts or removes them. */
import t, { type Test } from 'tap';
import { defineSupervisor } from '../../runtime/hosting/supervision/defineSupervisor.js';
import type { ActorInfo } from '../../runtime/protocol/actors.js';
import { until } from '../../testing/realTime.js';
import type { TestShards } from '../../testing.js';
import { openShards, probeSpec } from './probes.js';

const seats = { supervisor: 'seats', restart: { intensity: 1, backoffMs: 1, backoffMaxMs: 1 } } as const;

async function openSeats(t: Test): Promise<TestShards['system']> {
  const { system } = await openShards(t, { threads: 1 });
  await system.spawnSupervisor('seats', defineSupervisor({ strategy: 'dynamic', intensity: 100 }));
  return system;
}

async function infoOf(system: TestShards['system'], name: string): Promise<ActorInfo | undefined> {
  return (await system.infos()).find((info) => info.name === name);
}

async function fail(system: TestShards['system'], name: string): Promise<void> {
  for (let falls = 0; falls < 2; falls++) system.tell({ name }, { type: 'crash', data: 'on purpose' });
  await until('it is given up', () => system.resolve(name) === undefined);
}

t.test('a child that falls too often stays known below its supervisor, until it is started again', async (t) => {
  const system = await openSeats(t);
  await system.spawn(probeSpec('ada', seats));
  await fail(system, 'ada');
  t.match(await infoOf(system, 'ada'), {
    status: 'failed',
    supervisor: 'seats',
    restarts: 1,
    lastError: { message: 'on purpose', place: /probe\.js/ },
  });
  t.strictSame(system.supervisors()[0]?.children, [], 'the supervisor itself has forgotten it');
  await system.spawn(probeSpec('ada', seats));
  t.match(await infoOf(system, 'ada'), { status: 'running', supervisor: 'seats', restarts: 0 });
});

t.test('a child that was given up is known no longer when somebody stops it', async (t) => {
  const system = await openSeats(t);
  await system.spawn(probeSpec('ada', seats));
  await fail(system, 'ada');
  await system.stop({ name: 'ada' });
  t.equal(await infoOf(system, 'ada'), undefined);
});

t.test('a child whose module does not load is refused, and stays known with the reason', async (t) => {
  const system = await openSeats(t);
  const spec = probeSpec('ada', { ...seats, exportName: 'nobody' });
  const message = /has no export "nobody"/;
  await t.rejects(system.spawn(spec), { code: 'ERR_ACADEMY_ACTOR_MODULE', message });
  t.match(await infoOf(system, 'ada'), { status: 'failed', supervisor: 'seats', lastError: { message } });
  t.match(await system.inspect({ name: 'ada' }), { status: 'failed', supervisor: 'seats', running: null });
});

t.test('an actor without a supervisor that is refused is its spawner’s alone to tell', async (t) => {
  const { system } = await openShards(t, { threads: 0 });
  await t.rejects(system.spawn(probeSpec('ada', { exportName: 'nobody' })), { code: 'ERR_ACADEMY_ACTOR_MODULE' });
  t.equal(await infoOf(system, 'ada'), undefined);
});
