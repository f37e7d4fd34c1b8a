import t from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import type { RoomStatus } from '../../../index.js';
import { actorNames } from '../../../runtime/protocol/actorNames.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { ChatBench } from '../../support/ChatBench.js';

t.test('of 1,000 rooms with ten members each, a message touches the ten of its room', async (t) => {
  const bench = await ChatBench.open();
  t.teardown(() => bench.close());
  const rooms = Array.from({ length: 1_000 }, (_, index) => `room-${index}`);
  const heard: string[] = [];
  const members = Array.from({ length: 10 }, (_, index): ChatParticipant => {
    return { id: `member-${index}`, name: `Member ${index}`, type: 'human' };
  });
  await Promise.all(rooms.map((roomId) => bench.openRoom(roomId)));
  for (const member of members) {
    const onMessage = ({ roomId }: { roomId: string }) => heard.push(`${member.id} in ${roomId}`);
    await bench.seat(member, defineParticipant({ name: member.name, id: member.id, onMessage }), []);
    const seat = actorNames.participant(member.id);
    const join = (roomId: string) => bench.ask('chat-daemon', 'chat.join-room', { roomId, participant: member, seat });
    await Promise.all(rooms.map(join));
  }
  const inspect = (roomId: string) => bench.ask(`room/${roomId}`, 'room.inspect', null) as Promise<RoomStatus>;
  const before = await Promise.all(rooms.map(inspect));
  t.ok(before.every(({ localMembers }) => localMembers === 10));

  await bench.say('room-500', members[0] as ChatParticipant, 'hello');
  // A callback participant is not called with what it said itself.
  while (heard.length < 9) await new Promise((resolve) => setImmediate(resolve));
  const after = await Promise.all(rooms.map(inspect));
  const touched = rooms.flatMap((roomId, index) => {
    const deliveries = (after[index]?.deliveries ?? 0) - (before[index]?.deliveries ?? 0);
    return deliveries === 0 ? [] : [{ roomId, deliveries }];
  });
  t.strictSame(touched, [{ roomId: 'room-500', deliveries: 10 }]);
  t.strictSame(
    heard.toSorted(),
    members
      .slice(1)
      .map(({ id }) => `${id} in room-500`)
      .toSorted(),
  );
});
