import t from 'tap';
import { checkTiersAgree } from './tiersAgree.js';

t.test('machines made by chance do the same in every tier as in XState', async (t) => {
  const counts = checkTiersAgree(500);
  for (const [feature, count] of counts) t.comment(`${feature}: ${count}`);
});
