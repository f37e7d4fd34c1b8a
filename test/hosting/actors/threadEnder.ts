/** A participant that ends its whole thread on a word: the hardest way to go that a module has. */
import { defineParticipant } from '../../../actors/defineParticipant.js';

export const threadEnder = defineParticipant({
  name: 'Bomb',
  onMessage: (message, me) => {
    if (message.text === 'end the thread' && me.self.id === 'bomb') process.exit(3);
  },
});
