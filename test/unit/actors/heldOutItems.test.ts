import t from 'tap';
import { HeldOutItems } from '../../../actors/HeldOutItems.js';

t.test('each capability keeps its newest items, and a question that is judged again its newest answer', async (t) => {
  const heldOut = new HeldOutItems();
  for (let n = 0; n < 310; n++) heldOut.add('banking', { input: `q${n}`, expected: 'old' });
  t.equal(heldOut.count('banking'), 300);
  t.equal(heldOut.answerTo('q9'), undefined, 'the oldest went');
  heldOut.add('banking', { input: 'q10', expected: null });
  t.equal(heldOut.answerTo('q10'), null);
  t.equal(heldOut.size, 300);
  t.same(HeldOutItems.from(heldOut.all).all, heldOut.all, 'they are saved and read back');
});

t.test('an exam is held on the capabilities of a genome and guarded by all others', async (t) => {
  const heldOut = new HeldOutItems();
  heldOut.add('banking', { input: 'b', expected: 'x' });
  heldOut.add('travel', { input: 't', expected: 'y' });
  t.same(heldOut.paperFor(new Set(['banking', 'cooking'])), {
    items: [{ input: 'b', expected: 'x' }],
    guard: [{ input: 't', expected: 'y' }],
  });
});
