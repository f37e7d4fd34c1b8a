/** Deadlines, back-off and a machine's own timers go by the clock that is handed in, and by no other. */
import t from 'tap';
import { emit, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type { ActorEffect, ActorInput, DeliveredMessage } from '../../../runtime/protocol/actors.js';
import type { RecordingMesh } from '../../../testing.js';
import { crashesOnStart } from '../../hosting/actors/crashesOnStart.js';
import { probe } from '../../hosting/actors/probe.js';
import { makeStill } from './makeStill.js';

const sleeper = defineActor({
  restart: { backoffMs: 1_000, backoffMaxMs: 60_000 },
  machine: setup({
    types: {} as {
      context: ActorInput;
      events: DeliveredMessage<'crash', null>;
      emitted: ActorEffect;
      input: ActorInput;
    },
  }).createMachine({
    context: ({ input }) => input,
    initial: 'asleep',
    entry: emit(({ context }) => ({ type: 'log', level: 'info', text: `life ${context.restarts}` })),
    on: {
      crash: {
        actions: () => {
          throw new Error('on purpose');
        },
      },
    },
    states: {
      asleep: { after: { 3600000: 'awake' } },
      awake: { entry: emit(({ context }) => ({ type: 'log', level: 'info', text: `woke at ${context.nowMs()}` })) },
    },
  }),
});

function saidBySleeper({ logged }: RecordingMesh): string[] {
  return logged.filter(({ actor }) => actor === 'sleeper').map(({ text }) => text);
}

t.test('a machine sleeps an hour in no time', async (t) => {
  const { clock, system, mesh, run } = await makeStill();
  system.spawnLocal('sleeper', sleeper);
  await run();
  clock.advance(3_600_000);
  t.strictSame(saidBySleeper(mesh), ['life 0', `woke at ${clock.nowMs()}`]);
});

t.test('a crashed actor is back after its back-off, not before, and dead machines keep no timer', async (t) => {
  const { clock, system, mesh, run } = await makeStill();
  system.spawnLocal('sleeper', sleeper);
  system.tell({ name: 'sleeper' }, { type: 'crash', data: null });
  await run();
  t.match(await system.infos(), [{ status: 'restarting', lastError: { message: 'on purpose' } }]);
  t.equal(clock.pendingTimers, 1);
  const delayMs = (clock.nextTimerMs ?? 0) - clock.monotonicMs();
  t.ok(delayMs >= 500 && delayMs <= 1_000, `${delayMs} ms`);
  const lives = (): string[] => saidBySleeper(mesh).filter((text) => text.startsWith('life'));
  clock.advance(delayMs - 1);
  t.equal(lives().length, 1);
  clock.advance(1);
  t.equal(lives().length, 2);
  t.match(await system.infos(), [{ status: 'running', restarts: 1, state: 'asleep' }]);
});

t.test('an actor that is stopped while it waits for its restart does not come back', async (t) => {
  const { clock, system, mesh, run } = await makeStill();
  system.spawnLocal('sleeper', sleeper);
  system.tell({ name: 'sleeper' }, { type: 'crash', data: null });
  await run();
  system.tell({ name: 'sleeper' }, { type: 'crash', data: null });
  await system.stop({ name: 'sleeper' });
  t.equal(clock.pendingTimers, 0);
  t.strictSame(saidBySleeper(mesh), ['life 0']);
  t.match(await system.counters(), { actors: 0, 'deadLetters.stopped': 1, messagesWaiting: 0 });
});

t.test('an actor whose first start failed does not come back, and harms nobody in its place', async (t) => {
  const { clock, system, run } = await makeStill();
  t.throws(() => system.spawnLocal('broken', crashesOnStart), { code: 'ERR_ACADEMY_ACTOR_MODULE' });
  system.spawnLocal('ada', probe);
  await run();
  t.equal(clock.pendingTimers, 0, 'no restart is due');
  clock.advance(60_000);
  await run();
  t.match(await system.infos(), [{ name: 'ada', status: 'running', restarts: 0 }]);
  t.match(await system.counters(), { actors: 1, restarts: 0, failures: 0 });
});

t.test('a question waits for its deadline by the clock', async (t) => {
  const { clock, system, run } = await makeStill();
  system.spawnLocal('ada', probe);
  let code = 'open';
  system.ask({ name: 'ada' }, { type: 'keep' }, { deadlineMs: 86_400_000 }).catch((error) => {
    code = error.code;
  });
  await run();
  clock.advance(86_399_999);
  await run();
  t.equal(code, 'open');
  clock.advance(1);
  await run();
  t.equal(code, 'ERR_ACADEMY_DEADLINE');
});

t.test('a shutdown that an actor holds up is over at its limit', async (t) => {
  const { clock, system, mesh, turns } = await makeStill();
  system.spawnLocal('ada', probe);
  const ended = system.shutdown({ limitMs: 5_000 });
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(turns.length > 0, 'the turns are never run');
  clock.advance(5_000);
  await ended;
  t.match(mesh.logged, [{ text: /1 actors did not stop within 5000 ms/ }]);
});

t.test('a turn leaves room for others, whatever one actor sends itself', async (t) => {
  const { system, turns } = await makeStill();
  const address = system.spawnLocal('ada', probe);
  const message = { type: 'emit', data: {} };
  Object.assign(message.data, { type: 'tell', to: address, message });
  system.tell(address, message);
  for (let turn = 0; turn < 3; turn++) turns.shift()?.();
  t.equal(turns.length, 1, 'it comes to an end, and there is another one');
});
