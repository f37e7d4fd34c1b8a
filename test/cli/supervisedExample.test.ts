import { spawnSync } from 'node:child_process';
import t from 'tap';
import { packageFile } from '../../packageRoot.js';

t.test('the example of typed actors under a supervisor shows a crash and what comes of it', async (t) => {
  const program = packageFile('dist', 'examples', 'supervised-tills.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 });
  t.strictSame(stdout.trim().split('\n'), [
    'north was started again: nobody is paid for taking rubbish',
    'north: 7 EUR',
    'south: 5 EUR, and has noticed nothing',
    'north was started again: nobody is paid for taking rubbish',
    'tills gave up: "north" falls more often than is allowed, the last time by: nobody is paid for taking rubbish',
  ]);
  t.strictSame([status, stderr], [0, '']);
});
