import t from 'tap';
import { type NodeProcess, TestAcademy, until } from '../../network/support/NodeProcess.js';

/** Ids of the people who sit in the room, as that node knows it; each node's system participant sits there too. */
async function membersAt(node: NodeProcess): Promise<string[]> {
  const { members } = (await node.call('inspect', 'lobby')) as { members: { id: string; type: string }[] };
  return members.flatMap(({ id, type }) => (type === 'human' ? [id] : [])).sort();
}

async function allKnow(nodes: readonly NodeProcess[], ids: readonly string[]): Promise<void> {
  for (const node of nodes) await until(async () => (await membersAt(node)).join() === ids.join());
}

t.test('who comes and who goes is known on every node: a late one, one that leaves, one that was killed', async (t) => {
  const academy = new TestAcademy();
  t.teardown(() => academy.close());
  const [a, b] = (await Promise.all([academy.node('a'), academy.node('b')])) as [NodeProcess, NodeProcess];
  await a.call('join', 'ann', ['lobby']);
  await allKnow([a, b], ['ann']);
  t.pass('a member that came grows the list everywhere');
  await b.call('join', 'bob', ['lobby']);
  await allKnow([a, b], ['ann', 'bob']);

  const c = await academy.node('c');
  await c.call('join', 'cyd', ['lobby']);
  await allKnow([a, b, c], ['ann', 'bob', 'cyd']);
  t.pass('who comes late gets the whole list');

  await b.kill();
  await allKnow([a, c], ['ann', 'cyd']);
  t.pass('the lease of a node that was killed ends');
  await c.end();
  await allKnow([a], ['ann']);
});
