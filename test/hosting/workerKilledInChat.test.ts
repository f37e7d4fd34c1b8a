import t from 'tap';
import { actorNames } from '../../runtime/protocol/actorNames.js';
import type { ChatParticipant } from '../../runtime/protocol/schemas/participant.js';
import { TestRooms } from '../../testing.js';

const bomb = { module: new URL('./actors/threadEnder.js', import.meta.url).href, exportName: 'threadEnder' };

t.test('a worker that is killed in mid-chat loses no message that was receipted, and the room goes on', async (t) => {
  const rooms = await TestRooms.openOnThreads({ threads: 1, folder: t.testdir() });
  t.teardown(() => rooms.close());
  const ann = await rooms.person('Ann');
  await rooms.seat(bomb, { rooms: ['lobby'] });
  const receipted: string[] = [];
  for (let index = 0; index < 20; index++) {
    await ann.say(`message ${index}`);
    receipted.push(`message ${index}`);
  }
  const unanswered = ann.say('end the thread').catch(() => {});
  await rooms.actors.until('the shard is back', () => rooms.actors.ups.length === 1);
  await unanswered;
  await ann.say('after the crash');
  receipted.push('after the crash');
  const stored = rooms.log.recent('lobby', 100).map((entry) => entry.body.text);
  t.same(
    receipted.filter((text) => !stored.includes(text)),
    [],
  );
  const room = await rooms.actors.ask({ name: actorNames.room('lobby') }, 'room.inspect', null);
  t.same(
    (room as { members: ChatParticipant[] }).members.map(({ id }) => id),
    ['ann', 'bomb'],
    'who sat in it sits in it still',
  );
});
