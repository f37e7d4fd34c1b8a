import t, { type Test } from 'tap';
import type { PersonSeat } from '../../../node/PersonSeat.js';
import { TestMesh, type TestMeshOptions, type TestNode } from '../../../testing.js';

async function open(t: Test, options: TestMeshOptions): Promise<TestMesh> {
  const mesh = await TestMesh.open({ seed: 5, ...options });
  t.teardown(() => mesh.close());
  return mesh;
}

function seat(mesh: TestMesh, { node }: TestNode, id: string): Promise<PersonSeat> {
  return mesh.settled(node.person({ id, name: id, type: 'human' }, ['lobby']));
}

async function heardBy(mesh: TestMesh, { node }: TestNode): Promise<string[]> {
  const { messages } = await mesh.settled(node.history({ roomId: 'lobby', limit: 50 }));
  return messages.map(({ text }) => text);
}

t.test('whole nodes find each other, and what is said on one is heard on all', async (t) => {
  const mesh = await open(t, { nodes: 3 });
  const [left, middle, right] = mesh.nodes as [TestNode, TestNode, TestNode];
  const ann = await seat(mesh, left, 'ann');
  const ben = await seat(mesh, right, 'ben');
  const heard: string[] = [];
  ben.onNotice(({ type, data }) => {
    if (type === 'room.message') heard.push(data.message.text);
  });
  const { receipt } = await mesh.settled(ann.say({ roomId: 'lobby', text: 'Hello' }));
  t.equal(receipt, 'stored');
  await mesh.until('Ben hears it', () => heard.includes('Hello'));
  t.strictSame(await heardBy(mesh, right), ['Hello']);
  t.equal(middle.node.nodes().length, 3);
});

t.test('after a partition, over a bad network, both sides have the whole history in the same order', async (t) => {
  const mesh = await open(t, { conditions: { lossPerMille: 100, delayMs: 5, jitterMs: 10, duplicatePerMille: 50 } });
  const [left, right] = mesh.nodes as [TestNode, TestNode];
  const ann = await seat(mesh, left, 'ann');
  const ben = await seat(mesh, right, 'ben');
  mesh.partition([left], [right]);
  await mesh.settled(ann.say({ roomId: 'lobby', text: 'left' }));
  await mesh.advance(200);
  await mesh.settled(ben.say({ roomId: 'lobby', text: 'right' }));
  await mesh.advance(20_000);
  t.strictSame([await heardBy(mesh, left), await heardBy(mesh, right)], [['left'], ['right']]);
  mesh.heal();
  await mesh.advance(20_000);
  t.strictSame(await heardBy(mesh, left), ['left', 'right']);
  t.strictSame(await heardBy(mesh, right), ['left', 'right']);
});

t.test('a node that crashes is missed by the others after a while, one that stops at once', async (t) => {
  const mesh = await open(t, { nodes: 3 });
  const [left, middle, right] = mesh.nodes as [TestNode, TestNode, TestNode];
  await mesh.crash(right);
  await mesh.advance(1_000);
  t.equal(left.node.nodes().length, 3);
  await mesh.until('it is missed', () => left.node.nodes().length === 2, 60_000);
  await mesh.stop(middle);
  await mesh.until('it has gone', () => left.node.nodes().length === 1, 100);
  const added = await mesh.add();
  const pair = [left, added];
  await mesh.until('they find each other', () => pair.every(({ node }) => node.nodes().length === 2));
  t.strictSame(mesh.nodes, pair);
});

t.test('a node whose clock is a minute ahead and too fast still takes part', async (t) => {
  const mesh = await open(t, { nodes: 2 });
  const [left, right] = mesh.nodes as [TestNode, TestNode];
  const ann = await seat(mesh, left, 'ann');
  await seat(mesh, right, 'ben');
  left.clock.setAhead(60_000);
  await mesh.settled(ann.say({ roomId: 'lobby', text: 'a minute ahead' }));
  await mesh.advance(5_000);
  t.strictSame(await heardBy(mesh, right), ['a minute ahead']);
  left.clock.setRate(1.001);
  await mesh.advance(60_000);
  await mesh.settled(ann.say({ roomId: 'lobby', text: 'and too fast' }));
  await mesh.advance(5_000);
  t.strictSame(await heardBy(mesh, right), ['a minute ahead', 'and too fast']);
});

t.test('what is said an hour ahead is refused and told with both clocks, and arrives when it is time', async (t) => {
  const mesh = await open(t, { nodes: 2 });
  const [left, right] = mesh.nodes as [TestNode, TestNode];
  const ann = await seat(mesh, left, 'ann');
  const ben = await seat(mesh, right, 'ben');
  left.clock.setAhead(3_600_000);
  t.match(await mesh.settled(ann.say({ roomId: 'lobby', text: 'an hour ahead' })), { receipt: 'stored' });
  await mesh.advance(60_000);
  t.strictSame(await heardBy(mesh, right), []);
  const { drops } = await mesh.settled(right.node.room('lobby'));
  const refused = drops['clock-skew'] ?? 0;
  t.ok(refused > 0 && refused < 12, `${refused} times, and not at every digest`);
  const [ahead] = right.logged.filter(({ msg }) => /messages of ann@.* are refused/.test(String(msg)));
  t.match(ahead, { theirClock: /T01:00:0/, ownClock: /T00:00:0/, remedy: /set the clock that is wrong/ });
  const toldTo = ({ logged }: TestNode) => logged.filter(({ msg }) => /clock is 60 minutes/.test(String(msg)));
  t.match(toldTo(right)[0], { msg: /ahead of/, node: left.nodeId, theirClock: /T01:/, ownClock: /T00:/ });
  t.match(toldTo(left)[0], { msg: /behind/, node: right.nodeId, theirClock: /T00:/, ownClock: /T01:/ });
  await mesh.settled(ben.say({ roomId: 'lobby', text: 'on time' }));
  await mesh.advance(5_000);
  t.strictSame(await heardBy(mesh, left), ['on time', 'an hour ahead'], 'who is behind is heard');

  left.clock.setAhead(0);
  await mesh.settled(ann.say({ roomId: 'lobby', text: 'after the clock was set' }));
  await mesh.advance(15_000);
  t.strictSame(await heardBy(mesh, right), ['on time'], 'a room’s time never goes back');
  for (const { clock } of [left, right]) clock.setAhead(3_600_000);
  await mesh.advance(15_000);
  t.strictSame(await heardBy(mesh, right), ['on time', 'an hour ahead', 'after the clock was set']);
});

t.test('the same seed gives the same deliveries on the network, another seed others', async (t) => {
  const run = async (seed: number): Promise<string> => {
    const conditions = { lossPerMille: 50, delayMs: 2, jitterMs: 5, reorderPerMille: 50 };
    const mesh = await TestMesh.open({ seed, nodes: 3, conditions });
    const people = [];
    for (const [place, node] of mesh.nodes.entries()) people.push(await seat(mesh, node, `person-${place}`));
    for (const [place, person] of people.entries()) {
      await mesh.settled(person.say({ roomId: 'lobby', text: `hello from ${place}` }));
    }
    await mesh.advance(5_000);
    const deliveries = mesh.deliveries.map(
      ({ atMs, kind, from, to, bytes }) => `${atMs} ${kind} ${from} ${to} ${bytes}`,
    );
    await mesh.close();
    return deliveries.join('\n');
  };
  const first = await run(11);
  t.ok(first.split('\n').length > 50);
  t.equal(await run(11), first);
  t.not(await run(12), first);
});
