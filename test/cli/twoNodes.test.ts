import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import type { AttachedView, NoticeView } from '../../cli/control/views.js';
import { CommandLine, eventually, type RunningNode } from './CommandLine.js';

t.test('two nodes of one user find each other, talk, and learn from what is judged on either', async (t) => {
  const commandLine = await CommandLine.open(t);
  const [first, second] = await Promise.all([
    commandLine.up('first', ['--alias', 'first', '--name', 'Ann']),
    commandLine.up('second', ['--alias', 'second', '--name', 'Ben']),
  ]);
  for (const [node, other] of [
    [first, second],
    [second, first],
  ] as const) {
    await eventually(async () =>
      (await node.connection.request('nodes', {})).some(({ nodeId }) => nodeId === other.nodeId),
    );
  }
  const listed = await commandLine.json<{ nodeId: string }[]>(['nodes', '--data', first.data]);
  t.strictSame(
    listed.map(({ nodeId }) => nodeId),
    [first.nodeId, second.nodeId],
    'a node lists itself, and the other',
  );

  const roomId = 'typescript-help';
  const text = 'How do I turn on strict mode?';
  const { messageId } = await first.connection.request('say', { roomId, text });
  const heard = await eventually(async () => {
    const { messages } = await second.connection.request('history', { roomId });
    return messages.find((message) => message.messageId === messageId);
  });
  t.match(heard, { text, username: 'Ann', node: { alias: 'first', nodeId: first.nodeId } });

  await t.test('who types on one node is seen to type on the other', async (t) => {
    const notices: (AttachedView | NoticeView)[] = [];
    const hearing = new AbortController();
    const stream = second.connection.stream('attach', {}, (event) => notices.push(event), { signal: hearing.signal });
    // The stream may begin after the first one, and a datagram may be lost.
    const typing = await eventually(async () => {
      await first.connection.request('typing', { roomId });
      return notices.find(({ type }) => type === 'typing');
    });
    t.match(typing, { roomId, participantId: 'ann', username: 'Ann', expiresInMs: Number });
    hearing.abort();
    await stream;
  });

  const signals = async (): Promise<number> => {
    const personas = await second.connection.request('personas', {});
    return personas.find(({ personaId }) => personaId === 'ada')?.signals ?? 0;
  };
  t.equal(await signals(), 0);
  const judged = await first.connection.request('feedback', { messageId, expected: 'ts-strict' });
  t.match(judged, { roomId, propagated: true });
  t.ok(await eventually(async () => (await signals()) === 1), 'the other node’s persona has learnt from it');

  t.strictSame(await Promise.all([first.end('SIGINT'), second.end('SIGTERM')]), [0, 0]);
  t.strictSame([...first.leftovers, ...second.leftovers], []);
});

t.test('a node is known to another one as it says it is', async (t) => {
  const commandLine = await CommandLine.open(t);
  const config = join(commandLine.folder, 'cook.json');
  await writeFile(config, JSON.stringify({ specializations: ['cooking', 'baking'], threads: 0 }));
  const [cook, other] = await Promise.all([
    commandLine.up('cook', ['--config', config]),
    commandLine.up('other', ['--threads', '0']),
  ]);
  const entry = async ({ connection }: RunningNode) =>
    (await connection.request('nodes', {})).find(({ nodeId }) => nodeId === cook.nodeId);
  const seen = await eventually(() => entry(other));
  const own = await entry(cook);
  t.equal(seen.academyId, commandLine.academyId);
  t.strictSame(seen.capabilities, own?.capabilities, 'what it can do');
  t.strictSame(seen.capabilities.specializations, ['cooking', 'baking'], 'as it was configured');
  const personas = await cook.connection.request('personas', {});
  t.strictSame([...seen.capabilities.personas].sort(), personas.map(({ personaId }) => personaId).sort());
  for (const port of ['trainingPort', 'genomePort', 'collaborationPort'] as const) {
    t.ok(seen.network[port] > 0, port);
    t.equal(seen.network[port], own?.network[port], port);
  }
  t.strictSame(await Promise.all([cook.end('SIGTERM'), other.end('SIGTERM')]), [0, 0]);
});

t.test('a node that only serves tells which other nodes come and go', async (t) => {
  const commandLine = await CommandLine.open(t);
  const first = await commandLine.up('first', ['--threads', '0']);
  const told: unknown[] = [];
  createInterface({ input: first.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    told.push(JSON.parse(line));
  });
  const second = await commandLine.up('second', ['--threads', '0', '--alias', 'second']);
  await eventually(async () => told.length > 0);
  t.equal(await second.end('SIGTERM'), 0);
  await eventually(async () => told.length > 1);
  const { nodeId } = second;
  t.strictSame(told, [
    { event: 'node-joined', nodeId, alias: 'second' },
    { event: 'node-left', nodeId, alias: 'second' },
  ]);
  t.equal(await first.end('SIGTERM'), 0);
});
