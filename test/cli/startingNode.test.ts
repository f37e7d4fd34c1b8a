import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dataFile } from '../../packageRoot.js';
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
  await eventually(async () => said.includes('seating the participants'));
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  t.strictSame(await exit, [0, null]);
  t.notMatch(shown, /ready in/);
  const again = await commandLine.up('data', ['--threads', '1']);
  t.equal(await again.end('SIGTERM'), 0, 'no lock and no socket were left');
  t.strictSame(again.leftovers, []);
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
