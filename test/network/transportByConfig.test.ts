import t from 'tap';
import { type NodeProcess, TestAcademy, until } from './support/NodeProcess.js';

t.test(
  'a family of events goes by another transport when the configuration says so, and nothing else changes',
  async (t) => {
    const academy = new TestAcademy();
    t.teardown(() => academy.close());
    const options = { transports: { 'academy.chat.*': 'tcp-reliable', 'academy.training.*': 'tcp-reliable' } };
    const nodes = await Promise.all(['a', 'b'].map((name) => academy.node(name, options)));
    const [a, b] = nodes as [NodeProcess, NodeProcess];
    for (const node of nodes) await until(async () => ((await node.call('nodes')) as string[]).length === 2);
    await a.call('join', 'ann', ['lobby']);
    await b.call('join', 'bob', ['lobby']);
    const before = (await a.call('packetsSent')) as Record<string, number>;
    const said = (await a.call('say', 'lobby', 'over a connection')) as { messageId: string };
    await until(async () => ((await b.call('heard')) as string[]).includes('over a connection'));
    await a.call('judge', 'lobby', said.messageId, 1);
    await until(async () => ((await b.call('signals')) as string[]).includes(said.messageId));
    const after = (await a.call('packetsSent')) as Record<string, number>;
    t.ok((after['tcp-reliable'] ?? 0) >= (before['tcp-reliable'] ?? 0) + 2, 'by the reliable transport');
  },
);

t.test('nodes that multicast does not join meet by address, and talk', async (t) => {
  const academy = new TestAcademy();
  t.teardown(() => academy.close());
  // Two UDP ports are two networks to multicast.
  const a = await academy.node('a', { udp: { port: 47_901 } });
  const port = (await a.call('reliablePort')) as number;
  const b = await academy.node('b', { udp: { port: 47_902 }, peers: [`127.0.0.1:${port}`] });
  for (const node of [a, b]) await until(async () => ((await node.call('nodes')) as string[]).length === 2);
  await a.call('join', 'ann', ['lobby']);
  await b.call('join', 'bob', ['lobby']);
  await a.call('say', 'lobby', 'can you hear me?');
  await until(async () => ((await b.call('heard')) as string[]).includes('can you hear me?'));
  await b.call('say', 'lobby', 'yes');
  await until(async () => ((await a.call('heard')) as string[]).includes('yes'));
  t.pass('both ways');
});
