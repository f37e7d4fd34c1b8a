/** What mailboxes do with what waits in them: conflate, join, raise alarms, and let the urgent through. */
import t from 'tap';
import { assign, emit, enqueueActions, setup } from 'xstate';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import type {
  ActorDefinition,
  ActorEffect,
  ActorInput,
  AskToken,
  DeadLetter,
  DeliveredMessage,
  MailboxAlarm,
} from '../../../runtime/protocol/actors.js';
import { limits } from '../../../runtime/protocol/limits.js';
import { probe } from '../../hosting/actors/probe.js';
import { makeStill, type StillSystem } from './makeStill.js';

/** Writes down every event with its data, and answers `heard`. */
function recorder(rest: Partial<ActorDefinition>): ActorDefinition {
  return defineActor({
    machine: setup({
      types: {} as {
        context: { heard: unknown[] };
        events: DeliveredMessage;
        emitted: ActorEffect;
      },
    }).createMachine({
      id: 'recorder',
      context: { heard: [] },
      on: {
        heard: {
          actions: emit(({ context, event }) => ({
            type: 'reply',
            ask: event.ask as AskToken,
            result: [...context.heard],
          })),
        },
        crash: {
          actions: () => {
            throw new Error('on purpose');
          },
        },
        '*': {
          actions: [
            assign({ heard: ({ context, event }) => [...context.heard, [event.type, event.data]] }),
            enqueueActions(({ event, enqueue }) => {
              if (event.ask) enqueue.emit({ type: 'reply', ask: event.ask, result: 'answered' });
            }),
          ],
        },
      },
    }),
    restart: { backoffMs: 1 },
    ...rest,
  });
}

async function heardOf({ system, run }: StillSystem, name = 'ada'): Promise<unknown> {
  const heard = system.ask({ name }, { type: 'heard' }, { deadlineMs: 1_000 });
  await run();
  return heard;
}

function tell({ system }: StillSystem, type: string, data: unknown): void {
  system.tell({ name: 'ada' }, { type, data });
}

t.test('a message takes the place of a waiting one of its key, and the latest wins', async (t) => {
  const still = await makeStill();
  still.system.spawnLocal('ada', recorder({ mailbox: { policy: 'conflate', conflateBy: 'of.room', capacity: 3 } }));
  await still.run();
  for (const [room, at] of [
    ['kitchen', 1],
    ['hall', 2],
    ['kitchen', 3],
    ['kitchen', 4],
  ] as const) {
    tell(still, 'moved', { of: { room }, at });
  }
  tell(still, 'left', { of: { room: 'hall' } });
  tell(still, 'moved', { of: { room: 'attic' } });
  await still.run();
  t.strictSame(await heardOf(still), [
    ['moved', { of: { room: 'kitchen' }, at: 4 }],
    ['moved', { of: { room: 'hall' }, at: 2 }],
    ['left', { of: { room: 'hall' } }],
  ]);
  t.match(await still.system.counters(), {
    messagesConflated: 2,
    'deadLetters.mailbox-full': 1,
    'deadLetters.dropped-oldest': 0,
    messagesWaiting: 0,
  });
});

t.test('a key may be a function; what has none, and a question, is not conflated', async (t) => {
  const still = await makeStill();
  const conflateBy = ({ data }: { data?: unknown }): string | undefined =>
    typeof data === 'number' ? String(data % 2) : undefined;
  still.system.spawnLocal('ada', recorder({ mailbox: { policy: 'conflate', conflateBy } }));
  await still.run();
  for (const data of [1, 2, 'a', 3, 'a', 4]) tell(still, 'note', data);
  const answer = still.system.ask({ name: 'ada' }, { type: 'note', data: 5 }, { deadlineMs: 1_000 });
  tell(still, 'note', 7);
  await still.run();
  t.equal(await answer, 'answered');
  t.strictSame(
    ((await heardOf(still)) as [string, unknown][]).map(([, data]) => data),
    [7, 4, 'a', 'a', 5],
  );
});

t.test('messages of one type that wait in a row become one event, in order and bounded', async (t) => {
  const still = await makeStill();
  still.system.spawnLocal('ada', recorder({ batch: { type: 'signal', as: 'signals', max: 4 } }));
  await still.run();
  for (const data of [1, 2, 3, 4, 5]) tell(still, 'signal', data);
  tell(still, 'note', 'in between');
  tell(still, 'signal', 6);
  const answer = still.system.ask({ name: 'ada' }, { type: 'signal', data: 7 }, { deadlineMs: 1_000 });
  tell(still, 'signal', 8);
  t.strictSame(await heardOf(still), [
    ['signals', [1, 2, 3, 4]],
    ['signals', [5]],
    ['note', 'in between'],
    ['signals', [6]],
    ['signal', 7],
    ['signals', [8]],
  ]);
  t.equal(await answer, 'answered');
  t.match(await still.system.counters(), { messagesHandled: 10, messagesWaiting: 0 });
});

t.test('a crash in a joined event loses all that were joined, and counts them', async (t) => {
  const still = await makeStill();
  still.system.spawnLocal('ada', recorder({ batch: { type: 'signal', as: 'crash' } }));
  await still.run();
  for (const data of [1, 2, 3]) tell(still, 'signal', data);
  tell(still, 'note', 'behind');
  await still.run();
  still.clock.advance(1_000);
  t.strictSame(await heardOf(still), [['note', 'behind']]);
  t.match(await still.system.counters(), { 'deadLetters.crashed': 3, restarts: 1, messagesWaiting: 0 });
});

t.test('what the mesh answers is handled before the messages that wait', async (t) => {
  const still = await makeStill();
  still.mesh.commands.set('/a', () => 'answer');
  still.system.spawnLocal('ada', recorder({}));
  still.system.spawnLocal('ben', probe);
  const execute = { type: 'execute', endpoint: '/a', payload: 1, deadlineMs: 1_000, settles: 'settled', tag: 'first' };
  still.system.tell({ name: 'ben' }, { type: 'emit', data: execute });
  still.turns.shift()?.();
  for (const data of ['a', 'b', 'c']) still.system.tell({ name: 'ben' }, { type: 'note', data });
  await new Promise((resolve) => setImmediate(resolve));
  const report = still.system.ask({ name: 'ben' }, { type: 'report', data: null }, { deadlineMs: 1_000 });
  await still.run();
  t.match(((await report) as { notes: string[] }).notes, [/^first: /, 'a', 'b', 'c']);
});

t.test('a mailbox that fills up raises one alarm, and another one only after it was better', async (t) => {
  const still = await makeStill();
  const alarms: MailboxAlarm[] = [];
  still.system.on('mailbox-alarm', (alarm) => alarms.push(alarm));
  still.system.spawnLocal('ada', recorder({ mailbox: { capacity: 10, alarmDepth: 5 } }));
  await still.run();
  for (let count = 0; count < 12; count++) tell(still, 'note', count);
  t.match(await still.system.infos(), [{ name: 'ada', alarm: 'depth', mailboxDepth: 10 }]);
  t.match(alarms, [{ name: 'ada', kind: 'depth', depth: 5 }]);
  await still.run();
  t.notOk((await still.system.infos())[0]?.alarm);
  for (let count = 0; count < 6; count++) tell(still, 'note', count);
  await still.run();
  t.equal(alarms.length, 2);
  t.match(await still.system.counters(), { mailboxAlarms: 2 });
});

t.test('messages that have waited too long raise an alarm', async (t) => {
  const still = await makeStill();
  const alarms: MailboxAlarm[] = [];
  still.system.on('mailbox-alarm', (alarm) => alarms.push(alarm));
  still.system.spawnLocal('ada', recorder({}));
  await still.run();
  for (let count = 0; count < 3; count++) tell(still, 'note', count);
  still.clock.advance(limits.mailboxAgeAlarmMs + 1);
  await still.run();
  t.match(alarms, [{ name: 'ada', kind: 'age', ageMs: limits.mailboxAgeAlarmMs + 1 }]);
  tell(still, 'note', 'fresh');
  await still.run();
  t.equal(alarms.length, 1);
});

t.test('a flood of alarms shows some a second, and counts all', async (t) => {
  const still = await makeStill();
  const alarms: MailboxAlarm[] = [];
  still.system.on('mailbox-alarm', (alarm) => alarms.push(alarm));
  const definition = recorder({ mailbox: { capacity: 10, alarmDepth: 2 } });
  for (let count = 0; count < 100; count++) still.system.spawnLocal(`actor ${count}`, definition);
  await still.run();
  for (let count = 0; count < 100; count++) {
    for (let note = 0; note < 3; note++) still.system.tell({ name: `actor ${count}` }, { type: 'note' });
  }
  await still.run();
  t.equal(alarms.length, limits.mailboxAlarmsPerSecondMax);
  t.match(await still.system.counters(), { mailboxAlarms: 100 });
});

t.test('slow messages leave time for timers and I/O after 5 ms, and no actor waits for another', async (t) => {
  const still = await makeStill();
  const heard: string[] = [];
  const slow = defineActor({
    machine: setup({
      types: {} as { context: ActorInput; events: DeliveredMessage<'work', null>; input: ActorInput },
    }).createMachine({
      context: ({ input }) => input,
      on: {
        work: {
          actions: ({ context }) => {
            heard.push(context.name);
            still.clock.advance(1);
          },
        },
      },
    }),
  });
  for (const name of ['ada', 'ben']) still.system.spawnLocal(name, slow);
  await still.run();
  for (let count = 0; count < 200; count++) {
    for (const name of ['ada', 'ben']) still.system.tell({ name }, { type: 'work' });
  }
  still.turns.shift()?.();
  t.equal(heard.length, 5);
  t.equal(still.turns.length, 1, 'the rest has a turn of its own');
  for (let turn = 0; turn < 30; turn++) still.turns.shift()?.();
  t.equal(heard.length, 155);
  const of = (name: string): number => heard.filter((each) => each === name).length;
  t.ok(Math.abs(of('ada') - of('ben')) <= limits.turnMessagesMax, `${of('ada')} of ada, ${of('ben')} of ben`);
  await still.run();
  t.equal(heard.length, 400);
});

t.test('a chain of 100,000 messages overflows no stack', async (t) => {
  const still = await makeStill();
  const relay = defineActor({
    machine: setup({
      types: {} as {
        context: ActorInput;
        events: DeliveredMessage<'hop', number>;
        emitted: ActorEffect;
        input: ActorInput;
      },
    }).createMachine({
      context: ({ input }) => input,
      on: {
        hop: {
          actions: enqueueActions(({ context, event, enqueue }) => {
            const { options: next } = context as ActorInput<string>;
            if (event.data === 0) enqueue.emit({ type: 'log', level: 'info', text: 'the end' });
            else enqueue.emit({ type: 'tell', to: { name: next }, message: { type: 'hop', data: event.data - 1 } });
          }),
        },
      },
    }),
  });
  still.system.spawnLocal('ada', relay, 'ben');
  still.system.spawnLocal('ben', relay, 'ada');
  tell(still, 'hop', 100_000);
  await still.run();
  t.match(still.mesh.logged, [{ actor: 'ada', text: 'the end' }]);
  t.match(await still.system.counters(), { messagesHandled: 100_001 });
});

t.test('who floods a slow actor is told how many were refused', async (t) => {
  const still = await makeStill();
  const told: DeadLetter[] = [];
  const sender = defineActor({
    machine: setup({
      types: {} as {
        events: DeliveredMessage<'flood', number> | DeliveredMessage<'academy.undelivered', DeadLetter>;
        emitted: ActorEffect;
      },
    }).createMachine({
      on: {
        flood: {
          actions: enqueueActions(({ event, enqueue }) => {
            const count = event.data as number;
            for (let sent = 0; sent < count; sent++) {
              enqueue.emit({ type: 'tell', to: { name: 'ada' }, message: { type: 'note', data: sent } });
            }
          }),
        },
        'academy.undelivered': { actions: ({ event }) => void told.push(event.data as DeadLetter) },
      },
    }),
  });
  still.system.spawnLocal('ada', recorder({ mailbox: { capacity: 10 } }));
  still.system.spawnLocal('sender', sender);
  await still.run();
  still.system.tell({ name: 'sender' }, { type: 'flood', data: 5_000 });
  await still.run();
  t.ok(told.length < 100, `${told.length} notices`);
  t.equal(
    told.reduce((sum, { further = 0 }) => sum + 1 + further, 0),
    4_990,
  );
});
