import t from 'tap';
import { surviveKills } from '../hosting/surviveKills.js';

for (let seed = 1; seed <= 10; seed++) {
  t.test(`200 threads die at random under load, by the dice of seed ${seed}`, { timeout: 600_000 }, async (t) => {
    const { kills, said, receipted, slowestMs } = await surviveKills(t, { kills: 200, seed });
    t.ok(kills >= 200 && receipted > 0, `${kills} deaths, ${said} said, ${receipted} receipted, ${slowestMs} ms`);
  });
}
