import t from 'tap';
import { RoomContexts } from '../../../actors/RoomContexts.js';
import type { ChatParticipant } from '../../../runtime/protocol/schemas/participant.js';
import { chatMessage } from '../actors/chatFixtures.js';

const ada: ChatParticipant = { id: 'ada', name: 'Ada', type: 'persona' };
const roles = { architecture: 'expert', training: 'learner', debugging: 'moderator' } as const;
const rooms = Object.keys(roles) as (keyof typeof roles)[];

t.test('one persona sits in three rooms with a role and a state of its own in each', async (t) => {
  const contexts = new RoomContexts<{ notes: string[] }>({ self: ada, roles, personalState: () => ({ notes: [] }) });
  for (const roomId of rooms) {
    contexts.note({ type: 'room.joined', data: { roomId, members: [ada], consent: 'academy', recent: [] } });
  }
  for (const roomId of rooms) {
    contexts.setPersonalState(roomId, { notes: [`seen in ${roomId}`] });
    const message = chatMessage(`about ${roomId}`, { roomId });
    contexts.note({ type: 'room.message', data: { roomId, message } });
  }
  t.strictSame(contexts.roomIds.toSorted(), rooms.toSorted());
  for (const roomId of rooms) {
    const context = contexts.get(roomId);
    t.match(context, { roomId, myRole: roles[roomId], personalState: { notes: [`seen in ${roomId}`] } });
    t.strictSame(
      context?.conversationHistory.map(({ text }) => text),
      [`about ${roomId}`],
    );
  }
});
