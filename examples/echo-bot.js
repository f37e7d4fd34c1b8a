// A participant of one's own. Start it with:  npx academy-mesh up --participant ./echo-bot.js
// and say "@Echo hello" in the lobby. It runs in a worker thread; if it throws, its supervisor starts it again.
import { defineParticipant } from 'academy-mesh';

export default defineParticipant({
  name: 'Echo',
  capabilities: ['repeats what it hears'],
  rooms: ['lobby'],

  // Each room keeps its own state, for as long as the participant lives.
  onMention: (message, me) => {
    const room = me.room(message.roomId);
    room.state = (room.state ?? 0) + 1;
    return me.reply(message, `(${room.state}) You said: ${message.text.replace(/@echo\s*/i, '')}`);
  },

  // What people think of its answers arrives as training signals.
  onSignal: ({ personaId, signal }, me) => {
    if (personaId === me.self.id) me.log('info', `judged with ${signal.value}`);
  },
});
