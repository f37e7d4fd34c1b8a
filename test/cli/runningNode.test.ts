import { statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CommandLine, eventually } from './CommandLine.js';

interface HistoryPage {
  readonly messages: readonly { readonly text: string }[];
}

t.test('a node is started, spoken to, judged, looked at and stopped by commands', async (t) => {
  const commandLine = await CommandLine.open(t);
  const node = await commandLine.up('data', [
    ...['--name', 'Sam Smith', '--alias', 'desk'],
    ...['--threads', '1', '--max-heap-mb', '512', '--hang-ms', '9000'],
  ]);
  const at = ['--data', node.data];
  t.equal(statSync(join(node.data, 'control.sock')).mode & 0o777, 0o600, 'the control socket is its owner’s');
  t.match(await commandLine.json(['status', ...at]), {
    nodeId: node.nodeId,
    alias: 'desk',
    academyId: commandLine.academyId,
    person: { id: 'sam-smith', name: 'Sam Smith', type: 'human' },
    rooms: 3,
    threads: 1,
    maxHeapMb: 512,
    hangMs: 9_000,
    dataFolder: node.data,
    pid: node.child.pid,
  });

  const question = 'Should I use an interface or a type alias?';
  const said = await commandLine.json<{ messageId: string; receipt: string }>([
    'say',
    'typescript-help',
    question,
    ...at,
  ]);
  t.equal(said.receipt, 'stored');
  const answer = await eventually(async () => {
    const { messages } = await node.connection.request('history', { roomId: 'typescript-help' });
    return messages.find(({ replyTo }) => replyTo === said.messageId);
  });
  t.match(answer, { aiGenerated: true, username: 'Ada', answerId: 'ts-interface-vs-type' });

  const signals = async (): Promise<number> => {
    const personas = await node.connection.request('personas', {});
    return personas.find(({ personaId }) => personaId === 'ada')?.signals ?? 0;
  };
  t.equal(await signals(), 0);
  t.match(await commandLine.json(['feedback', answer.messageId, '--expected', 'ts-interface-vs-type', ...at]), {
    roomId: 'typescript-help',
    personaId: 'ada',
    value: 1,
    propagated: true,
  });
  await eventually(async () => (await signals()) === 1);

  const mistyped = await commandLine.run(['feedback', answer.messageId, '--expected', 'ts-interface-v-type', ...at]);
  t.match(mistyped, { code: 1, stderr: /ERR_ACADEMY_ANSWER_UNKNOWN: .*\nremedy: did you mean ts-interface-vs-type\?/ });
  const unknown = await commandLine.run(['say', 'nowhere', 'hello', ...at]);
  t.match(unknown, { code: 1, stderr: /ERR_ACADEMY_ROOM_UNKNOWN: .*nowhere/ });
  const lost = await commandLine.run(['feedback', 'no-such-message', '--value', '1', ...at]);
  t.match(lost, { code: 1, stderr: /ERR_ACADEMY_MESSAGE_NOT_FOUND/ });

  t.match(await commandLine.json(['nodes', ...at]), [{ nodeId: node.nodeId, alias: 'desk', self: true }]);
  const rooms = await commandLine.json<{ roomId: string; members: { id: string }[] }[]>(['rooms', ...at]);
  t.strictSame(rooms.map(({ roomId }) => roomId).sort(), ['academy-training', 'lobby', 'typescript-help']);
  const actors = await commandLine.json<{ name: string; machine: string; state: string }[]>(['tree', ...at]);
  t.match(
    actors.find(({ name }) => name === 'participant/ada'),
    { machine: 'persona', state: String },
  );
  t.match(await commandLine.run(['tree', ...at]), { code: 0, stdout: /participant\/ada +persona/ });
  t.match(await commandLine.run(['tree', ...at]), {
    stdout: /^ {4}node\/daemons +one-for-one +running, 0 of 5 restarts/m,
  });
  t.match(await commandLine.run(['quarantine', ...at]), { code: 0, stdout: /nothing was set aside/ });
  t.match(await commandLine.json(['move', 'participant/ada', '0', ...at]), {
    name: 'participant/ada',
    address: { shard: 0 },
  });
  t.match(await commandLine.run(['forget', 'nobody', ...at]), { code: 1, stderr: /remedy: look for its name/ });
  t.match(await commandLine.run(['move', 'nobody', '0', ...at]), { code: 1, stderr: /ERR_ACADEMY_ACTOR_STOPPED/ });
  t.match(await commandLine.run(['move', 'participant/ada', 'away', ...at]), { code: 2, stderr: /"away" is no shard/ });
  const tiers = await commandLine.run(['tree', '--tiers', ...at]);
  t.match(tiers, { code: 0, stdout: /participant\/ada +persona +(compiled|hosted|full) / });
  t.match(tiers.stdout, /all machines are compiled|is (hosted|full):\n {2}\S+/);

  const second = await commandLine.run(['up', '--no-scene', ...at]);
  t.equal(second.code, 5, 'the folder is in use');
  t.match(second.stderr, /ERR_ACADEMY_DATA_IN_USE[\s\S]*academy chat[\s\S]*academy up --data/);

  t.match(await commandLine.json(['stop', ...at]), { stopped: true });
  t.strictSame(node.leftovers, []);
  t.equal((await commandLine.run(['status', ...at])).code, 4);

  const again = await commandLine.up('data');
  t.equal(again.nodeId, node.nodeId, 'it is the same node after a restart');
  const { messages } = await commandLine.json<HistoryPage>(['history', 'typescript-help', ...at]);
  t.match(messages, [{ text: question }, { text: answer.text }], 'and knows what was said');
  t.equal(await again.end('SIGTERM'), 0);
});

t.test('Ctrl-C and SIGTERM end a node cleanly, during the start too', async (t) => {
  const commandLine = await CommandLine.open(t);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const node = await commandLine.up('data', ['--threads', '1']);
    t.equal(await node.end(signal), 0, signal);
    t.strictSame(node.leftovers, []);
  }
  const child = commandLine.spawn(['up', '--no-scene', '--data', join(commandLine.folder, 'data')]);
  const exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  // The first word of progress: the folder is being opened.
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  child.kill('SIGINT');
  t.equal(await exit, 0);
  const node = await commandLine.up('data', ['--threads', '1']);
  t.equal(await node.end('SIGTERM'), 0, 'nothing was left that would stop the next one');
});
