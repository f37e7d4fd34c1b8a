import t, { type Test } from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import { TestRooms } from '../../../testing.js';

const echo = defineParticipant({
  name: 'Echo',
  onMention: (message, me) => me.reply(message, `You said: ${message.text}`),
  onSignal: ({ signal }, me) => me.log('info', `judged ${signal.value}`),
  answers: { rooms: (_: null, me) => [...me.rooms] },
});

async function open(t: Test): Promise<TestRooms> {
  const rooms = await TestRooms.open({ seed: 3 });
  t.teardown(() => rooms.close());
  return rooms;
}

t.test('a participant in a room answers who mentions it, and hears how it is judged', async (t) => {
  const rooms = await open(t);
  const seated = await rooms.seat(echo);
  const ann = await rooms.person('Ann');
  const { receipt } = await ann.say('@Echo hello');
  t.equal(receipt, 'stored');
  const answer = await ann.expectMessage({ from: 'echo' });
  t.equal(answer.text, 'You said: @Echo hello');
  await ann.judge(answer, { value: 1 });
  await rooms.advance(0);
  t.match(rooms.logged, [{ level: 'info', actor: 'participant/echo', text: 'judged 1' }]);
  t.strictSame(await rooms.actors.ask(seated.address, 'rooms', null), ['lobby']);
});

t.test('what nobody says is found out in no time, and what is said instead is told', async (t) => {
  const rooms = await open(t);
  await rooms.seat(echo);
  const [ann, ben] = [await rooms.person('Ann'), await rooms.person('Ben')];
  await ann.say('not to anybody');
  await ben.expectSilence({ from: 'echo', withinMs: 60_000 });
  await t.rejects(ben.expectMessage({ from: 'echo' }), { message: /received.*room\.message.*not to anybody/s });
  t.match(await ben.expectMessage({ text: /anybody$/ }), { participantId: 'ann' });
});

t.test('a participant that crashes is back in its rooms', async (t) => {
  const rooms = await open(t);
  await rooms.seat(echo, { rooms: ['lobby', 'kitchen'] });
  const ann = await rooms.person('Ann', ['kitchen']);
  rooms.crash('echo');
  await rooms.advance(3_000);
  t.match(await rooms.actors.info('participant/echo'), { restarts: 1, status: 'running' });
  await ann.say('@Echo still there?');
  t.match(await ann.expectMessage({ from: 'echo' }), { text: /still there/, roomId: 'kitchen' });
});
