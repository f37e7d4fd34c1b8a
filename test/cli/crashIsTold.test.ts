import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { PROJECT_ROOT } from '../unit/project/projectSources.js';
import { CommandLine, eventually } from './CommandLine.js';

t.test('who has started a node is told which actor crashed and by what, and so is who looks for it', async (t) => {
  const commandLine = await CommandLine.open(t);
  const file = join(commandLine.folder, 'fragile.mjs');
  const library = pathToFileURL(join(PROJECT_ROOT, 'dist', 'index.js')).href;
  writeFileSync(
    file,
    `import { defineParticipant } from '${library}';
    export default defineParticipant({ name: 'Fragile', onMention: () => { throw new Error('the glass broke'); } });`,
  );
  const node = await commandLine.up('data', ['--no-scene', '--threads', '1', '--participant', file]);
  const at = ['--data', node.data];
  let told = '';
  node.child.stdout?.on('data', (text) => {
    told += String(text);
  });
  await node.connection.request('say', { roomId: 'lobby', text: '@Fragile careful' });
  await eventually(async () => told.includes('\n'));
  t.match(JSON.parse(told), {
    event: 'actor-restarted',
    name: 'participant/fragile',
    restarts: 1,
    error: { message: 'the glass broke', place: `${file}:2:82` },
  });
  t.match(await commandLine.run(['tree', ...at]), {
    stdout:
      /participant\/fragile .*1 restart, last error ERR_ACADEMY_ACTOR_STOPPED: the glass broke \(.*fragile\.mjs:2:82\)/,
  });
  t.match(await commandLine.run(['deadletters', ...at]), {
    stdout: /crashed +room\.message +to participant\/fragile +from room\/lobby/,
  });
  t.equal(await node.end('SIGTERM'), 0);
});
