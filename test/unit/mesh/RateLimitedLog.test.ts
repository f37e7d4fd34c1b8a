import t from 'tap';
import { RateLimitedLog } from '../../../runtime/mesh/RateLimitedLog.js';
import { ManualClock, rememberingLog } from './meshFixtures.js';

t.test('each kind of trouble is written once a minute, with how often it came meanwhile', async (t) => {
  const clock = new ManualClock();
  const { lines, log } = rememberingLog();
  const limited = new RateLimitedLog(log, clock);
  for (let index = 0; index < 5; index++) limited.report('damage', 'warn', 'damaged', { index });
  limited.report('flood', 'warn', 'flooded');
  t.strictSame(lines, [
    { level: 'warn', text: 'damaged', fields: { index: 0 } },
    { level: 'warn', text: 'flooded', fields: {} },
  ]);
  await clock.advance(60_000);
  limited.report('damage', 'warn', 'damaged', { index: 9 });
  limited.report('flood', 'warn', 'flooded');
  t.strictSame(lines.slice(2), [
    { level: 'warn', text: 'damaged', fields: { index: 9, sinceLastLine: 4 } },
    { level: 'warn', text: 'flooded', fields: {} },
  ]);
});

t.test('ever new kinds do not make it write for ever', async (t) => {
  const { lines, log } = rememberingLog();
  const limited = new RateLimitedLog(log, new ManualClock());
  for (let index = 0; index < 5_000; index++) limited.report(`kind ${index}`, 'warn', 'trouble');
  t.ok(lines.length <= 1_001, `${lines.length} lines`);
});
