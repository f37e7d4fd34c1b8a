import t from 'tap';
import { checkTiersAgree } from './tiersAgree.js';

/** What the compiled tier promises to do as XState does it. */
const promised = [
  'action with params',
  'after',
  'always',
  'and',
  'assign',
  'cancel',
  'compound',
  'context from input',
  'deep history',
  'delayed raise',
  'delayed sendTo',
  'done',
  'emit',
  'enqueueActions',
  'entry',
  'exit',
  'final',
  'forbidden event',
  'function',
  'guard',
  'guard with params',
  'initial actions',
  'log',
  'machine output',
  'nested',
  'not',
  'or',
  'output',
  'parallel',
  'partial wildcard',
  'raise',
  'reenter',
  'self',
  'sendParent',
  'sendTo',
  'several targets',
  'shallow history',
  'stateIn',
  'tags',
  'transition actions',
  'wildcard',
];

t.test('machines made by chance do the same in every tier as in XState, from any snapshot of any tier', async (t) => {
  const machines = 400;
  const counts = checkTiersAgree(machines);
  for (const feature of promised) {
    const count = counts.get(feature) ?? 0;
    t.comment(`${feature}: in ${((100 * count) / machines).toFixed(0)} % of the machines`);
    t.ok(count >= 0.05 * machines, `${feature} occurs in one machine of twenty, or more`);
  }
  t.strictSame([...counts.keys()].sort(), promised, 'nothing occurs that is not promised');
});
