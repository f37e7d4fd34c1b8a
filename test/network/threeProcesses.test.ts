import t from 'tap';
import { type NodeProcess, TestAcademy, until } from './support/NodeProcess.js';

const texts = async (node: NodeProcess) => (await node.call('history', 'lobby')) as string[];

t.test('three nodes find each other, talk in one room, and end with the same history', async (t) => {
  const academy = new TestAcademy();
  t.teardown(() => academy.close());
  const nodes = await Promise.all(['a', 'b', 'c'].map((name) => academy.node(name)));
  const [a, b, c] = nodes as [NodeProcess, NodeProcess, NodeProcess];
  for (const node of nodes) await until(async () => ((await node.call('nodes')) as string[]).length === 3);
  await Promise.all(nodes.map((node, index) => node.call('join', `person-${index}`, ['lobby'])));
  const said = ['one', 'two', 'three', 'four', 'five', 'six'];
  for (const [index, text] of said.entries()) await nodes[index % 3]?.call('say', 'lobby', text);
  for (const node of nodes) await until(async () => (await texts(node)).length === said.length);
  t.same(await texts(a), await texts(b));
  t.same(await texts(b), await texts(c));
  t.same([...(await texts(a))].sort(), [...said].sort());

  t.test('each hears a message once, however many nodes there are', async (t) => {
    for (const node of nodes) t.same([...((await node.call('heard')) as string[])].sort(), [...said].sort());
  });

  t.test('feedback on one node is a signal on all of them, once', async (t) => {
    const receipt = (await a.call('say', 'lobby', 'judge me')) as { messageId: string };
    await until(async () => (await texts(b)).includes('judge me'));
    await a.call('judge', 'lobby', receipt.messageId, 1);
    for (const node of nodes) {
      await until(async () => ((await node.call('signals')) as string[]).length === 1);
      t.same(await node.call('signals'), [receipt.messageId]);
    }
  });

  t.test('a command runs on another node, and one that is not allowed is refused with its code', async (t) => {
    t.same(await a.call('execute', b.nodeId, 'echo', { hello: 1 }), { hello: 1 });
    await t.rejects(a.call('execute', b.nodeId, 'ban-user', {}), { code: 'ERR_ACADEMY_COMMAND_UNKNOWN' });
  });

  t.test('a node that ends is gone at once for the others', async (t) => {
    await c.end();
    await until(async () => ((await a.call('nodes')) as string[]).length === 2);
    await until(async () => {
      const room = (await a.call('inspect', 'lobby')) as { remoteNodes: string[] };
      return !room.remoteNodes.includes(c.nodeId);
    });
    t.pass('its members are gone too');
  });
});

t.test('what was receipted as stored survives kill -9, and the others give back what the node missed', async (t) => {
  const academy = new TestAcademy();
  t.teardown(() => academy.close());
  const [a, b] = (await Promise.all([academy.node('a'), academy.node('b')])) as [NodeProcess, NodeProcess];
  await Promise.all([a.call('join', 'ann', ['lobby']), b.call('join', 'bob', ['lobby'])]);
  await until(async () => ((await a.call('nodes')) as string[]).length === 2);
  const receipted: string[] = [];
  const talking = (async () => {
    for (let index = 0; ; index++) {
      await a.call('say', 'lobby', `from a ${index}`);
      receipted.push(`from a ${index}`);
    }
  })().catch(() => {});
  await until(async () => receipted.length >= 20);
  await a.kill();
  await talking;
  await b.call('say', 'lobby', 'while a was away');
  const again = await academy.node('a');
  t.equal(again.nodeId, a.nodeId, 'the node has its key, and with it its id, still');
  const stored = await texts(again);
  t.same(
    receipted.filter((text) => !stored.includes(text)),
    [],
    'nothing that was receipted is lost',
  );
  await until(async () => (await texts(again)).includes('while a was away'));
  await again.call('join', 'ann', ['lobby']);
  await again.call('say', 'lobby', 'back again');
  await until(async () => (await texts(b)).includes('back again'));
  t.same(await texts(b), await texts(again), 'one history on both');
});
