import t from 'tap';
import { surviveKills } from './surviveKills.js';

t.test('20 threads die at random under load: each kind of actor keeps what it promises', async (t) => {
  const { kills, said, receipted, slowestMs } = await surviveKills(t, { kills: 20, seed: 4 });
  t.ok(kills >= 20 && receipted > 0, `seed 4: ${kills} deaths, ${said} said, ${receipted} receipted, ${slowestMs} ms`);
});
