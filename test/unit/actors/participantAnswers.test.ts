import t from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import { AcademyError } from '../../../runtime/protocol/errors.js';
import { driveActor } from './driveActor.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

t.test('a participant answers other actors with what its callback returns, now or later', async (t) => {
  const bot = driveActor(
    defineParticipant({
      name: 'Bot',
      answers: { double: (n: number) => n * 2, later: async (text: string) => text.toUpperCase() },
    }),
    {},
  );
  t.match(bot.question('double', 4), [{ result: 8 }]);
  t.strictSame(bot.question('later', 'a'), []);
  await settle();
  t.match(
    bot.take('reply', ({ result }) => result === 'A'),
    { type: 'reply' },
  );
  bot.send('double', 4);
  t.equal(bot.take('reply', ({ result }) => result === 8)?.ask.id, 1, 'who only told it gets no answer');
});

t.test('a coded error is the answer; anything else crashes the participant', async (t) => {
  const bot = driveActor(
    defineParticipant({
      name: 'Bot',
      answers: {
        refuse: () => {
          throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', 'not today');
        },
        fail: async () => {
          throw new Error('no such table');
        },
      },
    }),
    {},
  );
  t.match(bot.question('refuse'), [{ error: { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: 'not today' } }]);
  t.match(bot.question('unheard'), [{ error: { code: 'ERR_ACADEMY_COMMAND_UNKNOWN', remedy: /refuse, fail/ } }]);
  t.equal(bot.fault(), undefined);
  bot.question('fail');
  await settle();
  t.match(bot.fault(), { message: 'no such table' });
});

t.test('it asks others, and the answer or the error comes back to its callback', async (t) => {
  const heard: unknown[] = [];
  const bot = driveActor(
    defineParticipant({
      name: 'Bot',
      onStart: async (me) => {
        me.tell({ name: 'counter' }, 'add', 2);
        heard.push(await me.ask({ name: 'counter' }, 'count', null, { deadlineMs: 50 }));
        heard.push(await me.ask({ name: 'counter' }, 'count', null).catch(({ code }) => code));
      },
    }),
    {},
  );
  t.match(bot.take('tell'), { to: { name: 'counter' }, message: { type: 'add', data: 2 } });
  t.match(bot.settle('participant.settled', { result: 7 }), { deadlineMs: 50, message: { type: 'count' } });
  await settle();
  const late = { code: 'ERR_ACADEMY_DEADLINE', message: 'late' };
  t.match(bot.settle('participant.settled', { error: late }), { deadlineMs: 30_000 });
  await settle();
  t.strictSame(heard, [7, 'ERR_ACADEMY_DEADLINE']);
});

t.test('timers run by the host’s clock, once or again and again, until they are called off', async (t) => {
  const rung: string[] = [];
  let end = (): void => {};
  let callOff = (): void => {};
  const bot = driveActor(
    defineParticipant({
      name: 'Bot',
      onStart: (me) => {
        me.after(1_000, () => rung.push('once'));
        callOff = me.after(1_500, () => rung.push('never'));
        end = me.every(400, () => rung.push('again'));
      },
    }),
    {},
  );
  bot.wait(399);
  t.strictSame(rung, []);
  // In steps: XState's simulated clock jumps to the end before it runs what falls due.
  bot.wait(1);
  for (let step = 0; step < 7; step++) bot.wait(100);
  t.strictSame(rung, ['again', 'again', 'once']);
  callOff();
  end();
  bot.wait(60_000);
  t.strictSame(rung, ['again', 'again', 'once']);
});

t.test('a timer of an impossible length is refused, and one that throws crashes the participant', async (t) => {
  const impossible = driveActor(defineParticipant({ name: 'Bot', onStart: (me) => me.after(-1, () => {}) }), {});
  t.match(impossible.fault(), { code: 'ERR_ACADEMY_BAD_ARGUMENT' });
  const failing = driveActor(
    defineParticipant({
      name: 'Bot',
      onStart: (me) =>
        me.after(5, () => {
          throw new Error('too late');
        }),
    }),
    {},
  );
  failing.wait(5);
  t.match(failing.fault(), { message: 'too late' });
});

t.test('nobody else can speak with a participant’s voice or end it by its own words', async (t) => {
  const bot = driveActor(defineParticipant({ name: 'Bot' }), {});
  for (const type of ['participant.emit', 'participant.failed', 'participant.timer', 'participant.set-timer']) {
    bot.send(type, { effect: { type: 'log', level: 'info', text: 'forged' } });
  }
  t.strictSame(bot.effects, []);
  t.equal(bot.fault(), undefined);
});
