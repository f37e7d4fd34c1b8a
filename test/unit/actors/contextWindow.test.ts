import fc from 'fast-check';
import t from 'tap';
import { buildContextWindow, contextWindowDefaults } from '../../../actors/contextWindow.js';
import type { ChatMessage } from '../../../runtime/protocol/schemas/chat.js';
import { chatMessage } from './chatFixtures.js';

const self = { id: 'ada', name: 'Ada' };
const textsOf = (history: readonly ChatMessage[], options = {}, current?: ChatMessage): string[] =>
  buildContextWindow(history, self, options, current).entries.map(({ text }) => text);
const small = (count: number): ChatMessage[] => Array.from({ length: count }, (_, n) => chatMessage(`small talk ${n}`));

const anyMessage = fc.record({
  text: fc.oneof(
    fc.string({ minLength: 1 }),
    fc.lorem({ maxCount: 80 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  ),
  mentions: fc.constantFrom<(string[] | undefined)[]>(undefined, ['ada'], ['bob']),
  messageType: fc.constantFrom('text' as const, 'decision' as const, 'notice' as const),
  repliesTo: fc.nat({ max: 40 }),
});

t.test('a window is never above its budget, whatever the history', async () => {
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 40 }),
      fc.nat({ max: 600 }),
      fc.boolean(),
      (drawn, budgetTokens, byCharacters) => {
        const history: ChatMessage[] = [];
        for (const { text, mentions, messageType, repliesTo } of drawn) {
          const replyTo = history[repliesTo]?.messageId;
          history.push(
            chatMessage(text, { messageType, ...(mentions ? { mentions } : {}), ...(replyTo ? { replyTo } : {}) }),
          );
        }
        const countTokens = byCharacters ? (text: string) => text.length : contextWindowDefaults.countTokens;
        const window = buildContextWindow(history, self, { budgetTokens, countTokens });
        const counted = window.entries.reduce((sum, { tokens }) => sum + tokens, 0);
        const places = window.entries.map(({ message }) => history.indexOf(message));
        return (
          counted === window.tokens &&
          counted <= budgetTokens &&
          new Set(places).size === places.length &&
          places.every((place, index) => index === 0 || place > (places[index - 1] as number)) &&
          window.entries.every(({ message, text }) => message.text.startsWith(text.replace(/…$/, '')))
        );
      },
    ),
    { numRuns: 1_000 },
  );
});

t.test('the last messages are there, as many as configured', async (t) => {
  const history = small(30);
  t.same(
    textsOf(history),
    history.slice(-9).map(({ text }) => text),
    'the current one and eight before it',
  );
  t.equal(textsOf(history, { recentMessages: 5 }).length, 6);
  t.same(textsOf([]), []);
});

t.test('a similar message 5,000 back is selected', async (t) => {
  const planted = chatMessage('the flamingo database lost its write-ahead log on tuesday');
  const history = [planted, ...small(5_000), chatMessage('what happened to the flamingo log?')];
  const window = buildContextWindow(history, self);
  t.same(window.entries[0], { ...window.entries[0], message: planted, because: 'relevant' });
});

t.test('replying pulls in the chain of replies', async (t) => {
  const root = chatMessage('root');
  const middle = chatMessage('middle', { replyTo: root.messageId });
  const history = [root, middle, ...small(50), chatMessage('leaf', { replyTo: middle.messageId })];
  const window = buildContextWindow(history, self);
  t.same(
    window.entries.filter(({ because }) => because === 'thread').map(({ text }) => text),
    ['root', 'middle'],
  );
  const loop = chatMessage('loop', { messageId: 'loop', replyTo: 'loop' });
  t.same(textsOf([loop]), ['loop'], 'a chain that bites its tail ends');
});

t.test('mentions and decisions are always there, shortened before they are left out', async (t) => {
  const mention = chatMessage('Ada should look at this', { mentions: ['ada'] });
  const called = chatMessage('and @Ada, also at that');
  const decision = chatMessage('we use tabs', { messageType: 'decision' });
  const history = [mention, called, decision, ...small(100)];
  t.same(textsOf(history).slice(0, 3), [mention.text, called.text, decision.text]);

  const long = chatMessage(`@ada ${'very '.repeat(500)}long`);
  const tight = buildContextWindow([long, decision, ...small(5)], self, { budgetTokens: 60, recentMessages: 0 });
  t.same(
    tight.entries.map(({ because }) => because),
    ['mention', 'decision', 'current'],
  );
  t.match(tight.entries[0]?.text, /…$/);
  const tiny = buildContextWindow([long, decision, ...small(5)], self, { budgetTokens: 20, recentMessages: 0 });
  t.match(tiny, { omitted: 2, entries: [{ because: 'current' }] });
});
