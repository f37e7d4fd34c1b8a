import t from 'tap';
import { requireKnownAnswer } from '../../cli/control/requireKnownAnswer.js';

const known = new Map([
  ['ada', [{ id: 'ts-strict', title: 'turn on strict mode', capability: null }]],
  ['bo', [{ id: 'freeze_account', title: 'freeze account', capability: 'banking' }]],
]);
const ada = { id: 'ada', name: 'Ada', type: 'persona' } as const;
const ann = { id: 'ann', name: 'Ann', type: 'human' } as const;

t.test('an answer that a persona of the node has may be expected', (t) => {
  t.doesNotThrow(() => requireKnownAnswer('ts-strict', known, [ada, ann]));
  t.doesNotThrow(() => requireKnownAnswer('freeze_account', known, [ada, ann]));
  t.end();
});

t.test('an answer that nobody has is an error that says which was meant', (t) => {
  const code = 'ERR_ACADEMY_ANSWER_UNKNOWN';
  const expecting = (answerId: string) => () => requireKnownAnswer(answerId, known, [ada, ann]);
  t.throws(expecting('freeze_acount'), { code, remedy: 'did you mean freeze_account?' });
  t.throws(expecting('Turn on strict mode'), { code, remedy: 'did you mean ts-strict?' });
  t.throws(expecting('nothing like it'), { code, message: /nothing like it/, remedy: /knowledge pack/ });
  t.end();
});

t.test('who comes from elsewhere may know answers that are not known here', (t) => {
  const stranger = { id: 'cy', name: 'Cy', type: 'persona' } as const;
  t.doesNotThrow(() => requireKnownAnswer('apr', known, [ada, ann, stranger]));
  t.end();
});
