import t from 'tap';
import { CommandLine, eventually } from './CommandLine.js';

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
