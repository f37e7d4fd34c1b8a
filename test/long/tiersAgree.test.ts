import t from 'tap';
import { checkTiersAgree } from '../unit/hosting/tiers/tiersAgree.js';

const batches = 30;

for (let batch = 1; batch <= batches; batch++) {
  t.test(
    `a thousand machines made by chance do the same in every tier as in XState (${batch} of ${batches})`,
    async (t) => {
      checkTiersAgree(1_000);
      t.pass('none differed');
    },
  );
}
