import t, { type Test } from 'tap';
import { assign, emit, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import { actorEffects } from '../../../runtime/protocol/actorEffects.js';
import type { ActorReference } from '../../../runtime/protocol/actors.js';
import type { ActorTypes } from '../../../runtime/protocol/contract.js';
import { Simulation, TestActors } from '../../../testing.js';

interface CounterMessages {
  add: { tell: number };
  count: { ask: null; answer: number };
  nap: { tell: null };
}

const counter = defineActor({
  machine: setup({
    types: {} as ActorTypes<CounterMessages, { start: number }, { count: number }>,
  }).createMachine({
    context: ({ input }) => ({ count: input.options.start }),
    initial: 'awake',
    states: {
      awake: { on: { nap: 'asleep' } },
      asleep: { after: { 60000: 'awake' } },
    },
    on: {
      add: { actions: assign({ count: ({ context, event }) => context.count + event.data }) },
      count: { actions: emit(({ context, event }) => actorEffects.reply(event, context.count)) },
    },
  }),
});

/** Hands each ball to its friend, for ever. */
const player = defineActor({
  machine: setup({
    types: {} as ActorTypes<{ ball: { tell: number } }, { friend: string }, { friend: string }>,
  }).createMachine({
    context: ({ input }) => input.options,
    on: {
      ball: { actions: emit(({ context, event }) => actorEffects.tell({ name: context.friend }, 'ball', event.data)) },
    },
  }),
});

async function open(t: Test, seed = 1): Promise<TestActors> {
  const actors = await TestActors.open({ seed });
  t.teardown(() => actors.close());
  return actors;
}

t.test('a spawned actor is told and asked under virtual time, and a transcript shows who said what', async (t) => {
  const actors = await open(t);
  const handle = actors.spawn('counter', counter, { start: 5 });
  const probe = actors.probe('ann');
  probe.tell(handle.address, 'add', 2);
  t.equal(await probe.ask(handle.address, 'count', null), 7);
  handle.tell('add', 1);
  t.equal(await actors.ask(handle.address, 'count', null), 8);
  t.strictSame(
    actors.trace
      .transcript()
      .split('\n')
      .map((line) => line.trim()),
    [
      '0 ms  ann -> counter: add 2',
      '0 ms  ann -> counter: count? null',
      '0 ms  ann <- counter: count = 7',
      '0 ms  test -> counter: add 1',
      '0 ms  test -> counter: count? null',
      '0 ms  test <- counter: count = 8',
    ],
  );
});

t.test('a minute’s sleep takes no time, and time stands still until it is told to go on', async (t) => {
  const actors = await open(t);
  const handle = actors.spawn('counter', counter, { start: 0 });
  handle.tell('nap', null);
  await actors.untilIdle();
  t.match(await actors.info('counter'), { state: 'asleep' });
  await actors.advance(59_999);
  t.match(await actors.info('counter'), { state: 'asleep' });
  await actors.advance(1);
  t.match(await actors.info('counter'), { state: 'awake' });
});

t.test('a probe waits for what it expects, answers it, and says what it received instead', async (t) => {
  const actors = await open(t);
  const ann = actors.probe('ann');
  const ben = actors.probe('ben');
  ben.tell({ name: 'ann' } as ActorReference, 'noise', 1);
  const asked = ben.ask({ name: 'ann' } as ActorReference, 'question', 'why?', { deadlineMs: 500 });
  const question = await ann.expectMessage<string>('question');
  t.match(question, { data: 'why?', from: ben.address });
  ann.reply(question, 'because');
  t.equal(await asked, 'because');
  await t.rejects(ann.expectMessage('answer', { withinMs: 50 }), {
    message: /waited in vain for 50 ms until "ann" receives "answer" \(repeat with ACADEMY_SEED=1\).*noise 1/s,
  });
  await t.rejects(ann.expectNothing('noise', { withinMs: 10 }), { message: /received noise 1, and should not/ });
  await ann.expectNothing('music');
});

t.test('an unanswered question fails by its deadline in virtual time', async (t) => {
  const actors = await open(t);
  actors.probe('ann');
  const began = actors.simulation.clock.monotonicMs();
  await t.rejects(actors.ask({ name: 'ann' }, 'question', null, { deadlineMs: 86_400_000 }), {
    code: 'ERR_ACADEMY_DEADLINE',
  });
  t.equal(actors.simulation.clock.monotonicMs() - began, 86_400_000);
});

t.test('a crashed actor is started again by its supervisor, after its back-off and not before', async (t) => {
  const actors = await open(t);
  actors.spawn('counter', counter, { start: 5 });
  actors.crash({ name: 'counter' }, 'a cosmic ray');
  await actors.untilIdle();
  t.match(await actors.info('counter'), { status: 'restarting', lastError: { message: 'a cosmic ray' } });
  await actors.advance(2_000);
  t.match(await actors.info('counter'), { status: 'running', restarts: 1 });
});

t.test('messages are lost, late, doubled and cut off as a test wants it, and the transcript says so', async (t) => {
  const actors = await open(t);
  const handle = actors.spawn('counter', counter, { start: 0 });
  const ann = actors.probe('ann');
  const takeBack = actors.faults.set({ type: 'add' }, { lossPerMille: 1000 });
  ann.tell(handle.address, 'add', 1);
  await actors.untilIdle();
  takeBack();
  const doubled = actors.faults.set({ from: 'an*', type: 'add' }, { duplicatePerMille: 1000, delayMs: 20 });
  ann.tell(handle.address, 'add', 10);
  t.equal(await ann.ask(handle.address, 'count', null), 0, 'it is on its way');
  await actors.advance(20);
  doubled();
  t.equal(await ann.ask(handle.address, 'count', null), 20, 'twice');
  actors.faults.partition(['ann'], ['counter']);
  await t.rejects(ann.ask(handle.address, 'count', null), { code: 'ERR_ACADEMY_DEADLINE' });
  actors.faults.heal();
  t.equal(await ann.ask(handle.address, 'count', null), 20);
  for (const fate of ['[lost]', '[20 ms late, twice, 20 ms late]', '[cut off]']) {
    t.ok(actors.trace.transcript().includes(fate), fate);
  }
});

t.test(
  'after a power cut what persists goes on, the rest begins anew, and nothing of the life before happens',
  async (t) => {
    const actors = await open(t);
    const mindful = actors.spawn('mindful', { ...counter, persist: 'journal' }, { start: 0 });
    const forgetful = actors.spawn('forgetful', counter, { start: 0 });
    const ann = actors.probe('ann');
    for (const { address } of [mindful, forgetful]) {
      ann.tell(address, 'add', 5);
      ann.tell(address, 'nap', null);
      t.equal(await ann.ask(address, 'count', null), 5);
    }
    actors.faults.set({ type: 'add' }, { delayMs: 20 });
    for (const { address } of [mindful, forgetful]) ann.tell(address, 'add', 1);
    await actors.untilIdle();
    actors.faults.clear();
    actors.system.tell({ name: 'mindful' }, { type: 'add', data: 2 });
    actors.trace.clear();
    await actors.powerCut();
    await actors.advance(20);
    t.equal(actors.trace.transcript(), '', 'what was late, and what waited, is lost');
    t.equal(await actors.ask(mindful.address, 'count', null), 5);
    t.equal(await actors.ask(forgetful.address, 'count', null), 0);
    t.match(await actors.info('mindful'), { state: 'asleep' });
    t.match(await actors.info('forgetful'), { state: 'awake' });
    await actors.advance(60_000);
    t.match(await actors.info('mindful'), { state: 'awake' }, 'its timer went on');
    mindful.tell('add', 1);
    ann.tell(mindful.address, 'add', 1);
    await actors.untilIdle();
    await actors.powerCut();
    t.equal(await ann.ask(mindful.address, 'count', null), 7);
  },
);

t.test('the same seed gives the same run, another seed another one', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const actors = await TestActors.open({ seed });
    actors.spawn('ann', player, { friend: 'ben' });
    actors.spawn('ben', player, { friend: 'ann' });
    actors.faults.set(
      { type: 'ball' },
      { jitterMs: 10, lossPerMille: 20, duplicatePerMille: 30, reorderPerMille: 100 },
    );
    for (let ball = 0; ball < 5; ball++) actors.system.tell({ name: 'ann' }, { type: 'ball', data: ball });
    await actors.advance(500);
    const transcript = actors.trace.transcript();
    await actors.close();
    return transcript;
  };
  const first = await run(7);
  t.ok(first.split('\n').length > 100);
  t.equal(await run(7), first);
  t.not(await run(8), first);
});

t.test('a failure under Simulation.run says which seed repeats it', async (t) => {
  const failing = Simulation.run(
    async (simulation) => {
      if (simulation.random.next() >= 0) throw new Error('it went wrong');
    },
    { seed: 42 },
  );
  await t.rejects(failing, { message: /it went wrong\nrepeat with ACADEMY_SEED=42/ });
});

t.test('a published event is kept, and comes back to those who subscribed', async (t) => {
  const actors = await open(t);
  const ann = actors.probe('ann');
  const typing = {
    participantId: 'ben',
    username: 'Ben',
    roomId: 'lobby',
    academyId: 'a',
    expiresInMs: 5,
    timestamp: 1,
  };
  ann.emit({ type: 'subscribe', event: 'academy.chat.typing', roomId: 'lobby' });
  await actors.untilIdle();
  ann.emit({ type: 'publish', event: 'academy.chat.typing', data: typing });
  t.match(await ann.expectMessage('academy.event'), { data: { name: 'academy.chat.typing', data: typing } });
  t.equal(actors.mesh.published.length, 1);
});
