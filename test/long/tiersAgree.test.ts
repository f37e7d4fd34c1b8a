import t from 'tap';
import { checkTiersAgree } from '../unit/hosting/tiers/tiersAgree.js';

t.test('thirty thousand machines made by chance do the same in every tier as in XState', async (t) => {
  for (let batch = 0; batch < 30; batch++) checkTiersAgree(1_000);
  t.pass('none differed');
});
