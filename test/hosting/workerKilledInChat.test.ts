import t from 'tap';
import { actorNames } from '../../runtime/protocol/actorNames.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import { ChatBench } from '../support/ChatBench.js';

const ann: ChatParticipant = { id: 'ann', name: 'Ann', type: 'human' };
const bomb: ChatParticipant = { id: 'bomb', name: 'Bomb', type: 'ai_assistant' };
const bombModule = { module: new URL('./actors/threadEnder.js', import.meta.url).href, exportName: 'threadEnder' };

t.test('a worker that is killed in mid-chat loses no message that was receipted, and the room goes on', async (t) => {
  const bench = await ChatBench.open({ threads: 1 });
  t.teardown(() => bench.close());
  const returned = new Promise((resolve) => bench.actors.once('shard-up', resolve));
  await bench.openRoom('lobby');
  for (const participant of [ann, bomb]) {
    const seat = actorNames.participant(participant.id);
    await bench.actors.spawn({ name: seat, ...bombModule, options: {} });
    await bench.ask('chat-daemon', 'chat.join-room', { roomId: 'lobby', participant, seat });
  }
  const receipted: string[] = [];
  for (let index = 0; index < 20; index++) {
    await bench.say('lobby', ann, `message ${index}`);
    receipted.push(`message ${index}`);
  }
  const unanswered = bench.say('lobby', ann, 'end the thread').catch(() => {});
  await returned;
  await unanswered;
  await bench.say('lobby', ann, 'after the crash');
  receipted.push('after the crash');
  const stored = bench.log.recent('lobby', 100).map((entry) => entry.body.text);
  t.same(
    receipted.filter((text) => !stored.includes(text)),
    [],
  );
  const room = (await bench.ask('room/lobby', 'room.inspect', null)) as { members: ChatParticipant[] };
  t.same(
    room.members.map(({ id }) => id),
    ['ann', 'bomb'],
    'who sat in it sits in it still',
  );
});
