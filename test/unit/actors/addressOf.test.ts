import t from 'tap';
import { addressOf, isMentioned, withoutCalls } from '../../../actors/addressOf.js';
import { chatMessage } from './chatFixtures.js';

const ada = { id: 'ada', name: 'Ada Lovelace' };

t.test('a name is called only by its whole', async (t) => {
  t.ok(isMentioned(chatMessage('hello @ada!'), ada));
  t.ok(isMentioned(chatMessage('hello @Ada Lovelace'), ada));
  t.notOk(isMentioned(chatMessage('hello @adam'), ada));
  t.notOk(isMentioned(chatMessage('ada is nice'), ada));
  t.notOk(isMentioned(chatMessage('@ada is me', { participantId: 'ada' }), ada));
});

t.test("a message speaks to anyone, to who is called, or to nobody's business", async (t) => {
  t.equal(addressOf(chatMessage('how?'), ada), 'anyone');
  t.equal(addressOf(chatMessage('how?', { mentions: ['ada', 'bob'] }), ada), 'called');
  t.equal(addressOf(chatMessage('how?', { mentions: ['bob'] }), ada), 'none');
  t.equal(addressOf(chatMessage('so', { aiGenerated: true }), ada), 'none');
  t.equal(addressOf(chatMessage('@ada so?', { aiGenerated: true }), ada), 'called');
  t.equal(addressOf(chatMessage('@ada', { messageType: 'notice' }), ada), 'none');
  t.equal(addressOf(chatMessage('mine', { participantId: 'ada' }), ada), 'none');
});

t.test('the question is what is left without the calls', async (t) => {
  t.equal(withoutCalls('@ADA how does @types/node work, @ada lovelace', ada), 'how does @types/node work,');
  t.equal(withoutCalls('@adam how?', ada), '@adam how?');
});
