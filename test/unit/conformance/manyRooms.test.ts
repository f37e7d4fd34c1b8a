import t from 'tap';
import { defineParticipant } from '../../../actors/defineParticipant.js';
import type { RoomStatus } from '../../../index.js';
import { actorNames } from '../../../runtime/protocol/actorNames.js';
import { TestRooms } from '../../../testing.js';

t.test('of 1,000 rooms with ten members each, a message touches the ten of its room', async (t) => {
  const rooms = await TestRooms.open({ seed: 5 });
  t.teardown(() => rooms.close());
  const { simulation, system } = rooms.actors;
  const roomIds = Array.from({ length: 1_000 }, (_, index) => `room-${index}`);
  const heard: string[] = [];
  const speaker = await rooms.person('Speaker', roomIds);
  const listeners = Array.from({ length: 9 }, (_, index) => `listener-${index}`);
  for (const id of listeners) {
    const onMessage = ({ roomId }: { roomId: string }) => heard.push(`${id} in ${roomId}`);
    await rooms.seat(defineParticipant({ name: id, id, onMessage }), { rooms: roomIds });
  }
  const inspect = (roomId: string) =>
    system.ask({ name: actorNames.room(roomId) }, { type: 'room.inspect' }, { deadlineMs: 1_000 });
  const inspectAll = () => simulation.settled(Promise.all(roomIds.map(inspect))) as Promise<RoomStatus[]>;
  const before = await inspectAll();
  t.ok(before.every(({ localMembers }) => localMembers === 10));

  await speaker.say('hello', { roomId: 'room-500' });
  await simulation.until('all have heard it', () => heard.length >= 9);
  const after = await inspectAll();
  const touched = roomIds.flatMap((roomId, index) => {
    const deliveries = (after[index]?.deliveries ?? 0) - (before[index]?.deliveries ?? 0);
    return deliveries === 0 ? [] : [{ roomId, deliveries }];
  });
  t.strictSame(touched, [{ roomId: 'room-500', deliveries: 10 }]);
  t.strictSame(
    heard.toSorted(),
    listeners.map((id) => `${id} in room-500`),
  );
});
