import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { ActorReport } from '../../index.js';
import { PROJECT_ROOT } from '../unit/project/projectSources.js';
import { CommandLine, eventually } from './CommandLine.js';

t.test('one actor is shown with all that is known of it, also when it has failed, and without a key', async (t) => {
  const commandLine = await CommandLine.open(t);
  const file = join(commandLine.folder, 'fragile.mjs');
  const library = pathToFileURL(join(PROJECT_ROOT, 'dist', 'index.js')).href;
  writeFileSync(
    file,
    `import { defineParticipant } from '${library}';
    export default defineParticipant({
      name: 'Fragile',
      onStart: (me) => { me.every(60_000, () => {}); },
      onJoin: ({ roomId }, me) => { me.room(roomId).state = { greeted: 2, apiKey: 'sk-1' }; },
      onMention: () => { throw new Error('the glass broke'); },
    });`,
  );
  const node = await commandLine.up('data', ['--threads', '1', '--participant', file]);
  const at = ['--data', node.data];
  await node.connection.request('say', { roomId: 'lobby', text: '@Fragile careful' });
  const name = 'participant/fragile';
  await eventually(async () => (await node.connection.request('inspect', { name })).restarts === 1);
  const { code, stdout } = await commandLine.run(['inspect', name, ...at]);
  t.equal(code, 0);
  t.match(stdout, /^participant\/fragile: running\n/);
  for (const line of [
    /^ {2}state +participating$/m,
    /^ {2}machine +participant:fragile, compiled$/m,
    /^ {2}module +\S+fragile\.mjs#default$/m,
    /^ {2}address +1\/\d+\/\d+, in thread 1$/m,
    /^ {2}supervisor +node\/participants, dynamic$/m,
    /^ {2}restarts +1; transient, 1 of 5 within 10 s$/m,
    /^ {2}mailbox +0 messages of 10000, when full: reject$/m,
    /^ {2}timers +participant\.timer in \d+(\.\d)? s$/m,
    /^ {2}last error +ERR_ACADEMY_ACTOR_STOPPED, [\d.]+ m?s ago\n +the glass broke \(\S+fragile\.mjs:6:\d+\)$/m,
    /^ {2}context +desk:\n +\[ParticipantDesk\]\n +rooms:\n +lobby:\n +members:\n( +- .*\n)+/m,
    /^ +messagesKept: \d+\n +state:\n +greeted: 2\n +apiKey: \[hidden\]\n +questionsOpen: 0\n +timers: 1$/m,
  ]) {
    t.match(stdout, line);
  }
  for (let falls = 0; falls < 6; falls++) {
    await node.connection.request('say', { roomId: 'lobby', text: `@Fragile careful, ${falls}` });
  }
  await eventually(async () => (await node.connection.request('inspect', { name })).status === 'failed');
  t.match(await commandLine.run(['tree', ...at]), {
    stdout: /^ {6}participant\/fragile +failed, 5 restarts: the glass broke \(\S+fragile\.mjs:6:\d+\)$/m,
  });
  t.match(await commandLine.run(['inspect', name, ...at]), {
    code: 0,
    stdout: /^participant\/fragile: failed; this is what was known last\n(.*\n)* {2}supervisor +node\/participants\n/,
  });

  const key = readFileSync(join(node.data, 'node.key'));
  for (const holder of ['room/lobby', 'genome-manager']) {
    const shown = JSON.stringify(await commandLine.json<ActorReport>(['inspect', holder, ...at]));
    t.match(shown, /"nodeKeySeed":"\[hidden\]"/);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) t.notMatch(shown, key.toString(encoding));
    t.notMatch(shown, key.toString('utf8').trim());
  }
  t.match(await commandLine.run(['inspect', 'fragile', ...at]), {
    code: 1,
    stderr: /ERR_ACADEMY_ACTOR_STOPPED: there is no actor "fragile".*\nremedy: did you mean participant\/fragile\?/,
  });
  t.match(await commandLine.run(['inspect', 'node/rooms', ...at]), { code: 1, stderr: /no actor but a supervisor/ });
  t.equal(await node.end('SIGTERM'), 0);
  t.match(await commandLine.run(['inspect', name, ...at]), { code: 4, stderr: /ERR_ACADEMY_NODE_NOT_RUNNING/ });
  t.match(await commandLine.run(['inspect']), { code: 2, stderr: /missing required argument 'name'/ });
});
