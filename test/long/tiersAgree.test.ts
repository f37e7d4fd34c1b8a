import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { checkTiersAgree } from '../unit/hosting/tiers/tiersAgree.js';

const batches = 30;

for (let batch = 1; batch <= batches; batch++) {
  t.test(
    `a thousand machines made by chance do the same in every tier as in XState (${batch} of ${batches})`,
    async (t) => {
      // What weak references hold is given back between turns only.
      for (let part = 0; part < 10; part++) {
        checkTiersAgree(100);
        await turn();
      }
      t.pass('none differed');
    },
  );
}
