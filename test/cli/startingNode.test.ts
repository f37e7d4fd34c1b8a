import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dataFile } from '../../packageRoot.js';
import { PROJECT_ROOT } from '../unit/project/projectSources.js';
import { CommandLine, eventually } from './CommandLine.js';

t.test('a signal is heard during the start, also when a participant’s module never loads', async (t) => {
  const commandLine = await CommandLine.open(t);
  const data = join(commandLine.folder, 'data');
  const module = join(commandLine.folder, 'never.mjs');
  writeFileSync(module, 'await new Promise(() => {});');
  const child = commandLine.spawn(['up', '--no-scene', '--threads', '1', '--data', data, '--participant', module]);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let shown = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  await eventually(async () => said.includes('loading the participants'));
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.notMatch(shown, /ready in/);
  const again = await commandLine.up('data', ['--threads', '1']);
  t.equal(await again.end('SIGTERM'), 0, 'no lock and no socket were left');
  t.strictSame(again.leftovers, []);
});

t.test('participants are loaded before network and rooms are opened, once, and a mistyped room is told', async (t) => {
  const commandLine = await CommandLine.open(t);
  const file = (name: string): string => join(commandLine.folder, name);
  mkdirSync(file('node_modules'));
  symlinkSync(PROJECT_ROOT, file('node_modules/academy-mesh'));
  writeFileSync(file('faulty.mjs'), 'export default 1;\nnowhere();\n');
  const faulty = await commandLine.run([
    'up',
    '--no-scene',
    '--data',
    file('data'),
    '--participant',
    file('faulty.mjs'),
  ]);
  t.match(faulty, { code: 1, stderr: /ERR_ACADEMY_ACTOR_MODULE: .*nowhere is not defined \(line 2, column 1\)/ });
  t.match(faulty.stderr, /loading the participants/);
  t.notMatch(faulty.stderr, /opening the (network|rooms)/);

  writeFileSync(
    file('bot.mjs'),
    `import { appendFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    import { defineParticipant } from 'academy-mesh';
    appendFileSync(${JSON.stringify(file('loaded'))}, isMainThread ? 'm' : 'w');
    export default defineParticipant({ name: 'Bot', rooms: ['loby'] });`,
  );
  for (const flags of [[], ['--watch']]) {
    writeFileSync(file('loaded'), '');
    const args = ['up', '--no-scene', '--data', file('data'), '--threads', '1', '--participant', file('bot.mjs')];
    const child = commandLine.spawn([...args, ...flags]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    await eventually(async () => said.includes('ready in'));
    t.match(said, /! "bot" sits in the room "loby", which nobody else names: did you mean "lobby"\?/);
    t.equal(readFileSync(file('loaded'), 'utf8'), 'mw', `once on each thread${flags.join('')}`);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }
});

t.test('a user who is called like a persona has a seat and the name, and the same seat after a restart', async (t) => {
  const commandLine = await CommandLine.open(t);
  const person = { id: 'mia-2', name: 'mia', type: 'human' };
  for (const start of ['first', 'second']) {
    const node = await commandLine.up('data', ['--name', 'mia', '--threads', '1']);
    t.match(await node.connection.request('status', {}), { person }, `${start} start`);
    const { members } = await node.connection.request('who', { roomId: 'lobby' });
    t.strictSame(
      members
        .filter(({ name }) => name.toLowerCase() === 'mia')
        .map(({ id }) => id)
        .sort(),
      ['mia', 'mia-2'],
    );
    t.equal(await node.end('SIGTERM'), 0);
  }
});

t.test('the tree lists every kind of participant, rooms and daemons, each with its machine and state', async (t) => {
  const commandLine = await CommandLine.open(t);
  const bot = dataFile('..', 'examples', 'echo-bot.js');
  const node = await commandLine.up('data', ['--name', 'Ann', '--threads', '1', '--participant', bot]);
  const actors = await commandLine.json<{ name: string; machine: string; state: string; status: string }[]>([
    'tree',
    '--data',
    node.data,
  ]);
  const kinds = ['participant/ann', 'participant/echo', 'participant/ada', 'participant/system', 'room/lobby'];
  for (const name of [...kinds, 'chat-daemon', 'academy-daemon', 'persona-manager', 'genome-manager']) {
    const actor = actors.find((candidate) => candidate.name === name);
    t.match(actor, { machine: /./, state: /./, status: 'running' }, name);
  }
  t.equal(await node.end('SIGTERM'), 0);
});
