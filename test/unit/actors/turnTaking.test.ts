import fc from 'fast-check';
import t from 'tap';
import { defaultTurnPolicy, type SpokenTurn, TurnHistory } from '../../../actors/room/turnTaking.js';

const person = (messageId: string): SpokenTurn => ({ messageId, participantId: 'ann', ai: false });
const ai = (messageId: string, participantId: string, replyTo?: string): SpokenTurn => ({
  messageId,
  participantId,
  ai: true,
  replyTo,
  confidence: 0.9,
});
const request = (participantId: string, replyTo: string, confidence = 0.9, mentioned = false) => ({
  participantId,
  ai: true,
  replyTo,
  confidence,
  mentioned,
  askedElsewhere: false,
});

t.test('a person speaks at once', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  t.same(turns.request({ participantId: 'ann', ai: false, confidence: 1, mentioned: false, askedElsewhere: false }), {
    turn: 'speak',
  });
});

t.test('a surer answer waits less than an unsure one', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  turns.note(person('q'));
  const sure = turns.request(request('ada', 'q', 0.95));
  const unsure = turns.request(request('bo', 'q', 0.3));
  t.equal(sure.turn, 'hold');
  t.equal(unsure.turn, 'hold');
  if (sure.turn === 'hold' && unsure.turn === 'hold') t.ok(sure.holdMs < unsure.holdMs);
});

t.test('personas beside the person who asks answer before those of other nodes', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  turns.note(person('q'));
  const beside = turns.request(request('ada', 'q', 0));
  const elsewhere = turns.request({ ...request('ada', 'q', 1), askedElsewhere: true });
  if (beside.turn !== 'hold' || elsewhere.turn !== 'hold') return t.fail('both should wait');
  t.ok(beside.holdMs < elsewhere.holdMs);
});

t.test('an answer is withdrawn when another one was heard while it waited', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  turns.note(person('q'));
  turns.note(ai('a', 'ada', 'q'));
  t.match(turns.release(request('bo', 'q')), { turn: 'withdraw', reason: /another answer/ });
});

t.test('who is called by name answers even after another', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  turns.note(person('q'));
  turns.note(ai('a', 'ada', 'q'));
  t.same(turns.request(request('bo', 'q', 0.4, true)), { turn: 'speak' });
});

t.test('nobody answers itself', async (t) => {
  const turns = new TurnHistory(defaultTurnPolicy);
  turns.note(ai('a', 'ada'));
  t.match(turns.request(request('ada', 'a', 1, true)), { turn: 'withdraw' });
});

t.test('in any talk, chains of AI answers end and a waiting person is always answered', async (t) => {
  const participants = ['ada', 'bo', 'mia'];
  const step = fc.record({
    who: fc.constantFrom('ann', ...participants),
    target: fc.nat(),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const turns = new TurnHistory(defaultTurnPolicy);
      const said: (SpokenTurn & { chain: number })[] = [];
      steps.forEach(({ who, target, confidence }, index) => {
        const messageId = `m${index}`;
        if (who === 'ann') {
          const turn = person(messageId);
          turns.note(turn);
          said.push({ ...turn, chain: 0 });
          return;
        }
        const answered = said[target % Math.max(1, said.length)];
        if (!answered) return;
        const decision = turns.release(request(who, answered.messageId, confidence));
        const unanswered = !answered.ai && !said.some((turn) => turn.replyTo === answered.messageId);
        if (unanswered) t.equal(decision.turn, 'speak');
        if (decision.turn !== 'speak') return;
        t.not(answered.participantId, who);
        const turn = ai(messageId, who, answered.messageId);
        turns.note(turn);
        const chain = answered.chain + 1;
        t.ok(chain <= defaultTurnPolicy.aiChainMax);
        said.push({ ...turn, chain });
      });
    }),
    { numRuns: 100 },
  );
});
