/** The supervision tree of a whole node: what its daemons cannot survive, and what the operator wants then. */
import t, { type Test } from 'tap';
import { type AcademyNode, createAcademyNode } from '../../index.js';

async function openNode(t: Test, escalation: 'degrade' | 'stop'): Promise<AcademyNode> {
  const node = await createAcademyNode({
    academyId: `tree-${process.pid}-${escalation}`,
    data: t.testdir(),
    name: 'Ada',
    threads: 1,
    udp: { port: 0 },
    rooms: [{ id: 'lobby', consent: 'local' }],
    personas: [],
    log: { level: 'silent' },
    supervision: { escalation },
  });
  t.teardown(() => node.stop());
  return node;
}

/** Makes a daemon fall until something happens. */
async function wearOut(node: AcademyNode, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    // A message without data is the daemon's undoing.
    await node.ask('academy-daemon', 'academy.message', null).catch(() => {});
  }
}

t.test('daemons that fall too often start afresh together, and the node serves on', async (t) => {
  const node = await openNode(t, 'degrade');
  t.match(node.supervisors(), [
    { name: 'node', parent: null, strategy: 'one-for-one', status: 'running' },
    {
      name: 'node/daemons',
      parent: 'node',
      children: ['chat-daemon', 'academy-daemon', 'persona-manager', 'genome-manager'],
    },
    { name: 'node/rooms', strategy: 'dynamic', children: ['room/lobby'] },
    { name: 'node/participants', strategy: 'dynamic', children: ['participant/system'] },
  ]);
  const restarted: string[] = [];
  node.supervision.on('supervisor-restarted', ({ name }) => restarted.push(name));
  await wearOut(node, () => restarted.length > 0);
  t.strictSame(restarted, ['node/daemons']);
  const { rooms } = await node.status();
  t.equal(rooms, 1);
  t.match(await node.ask('chat-daemon', 'chat.get-history', { roomId: 'lobby', limit: 1 }), { messages: Array });
});

t.test('what no supervisor can mend stops the node, if its operator wants that', async (t) => {
  const node = await openNode(t, 'stop');
  const escalated: unknown[] = [];
  node.supervision.on('escalated', (detail) => escalated.push(detail));
  await wearOut(node, () => escalated.length > 0);
  t.match(escalated, [{ name: 'node', error: { code: 'ERR_ACADEMY_RESTART_LIMIT', message: /"academy-daemon"/ } }]);
  await node.stop();
  await t.rejects(node.ask('room/lobby', 'room.inspect', null), { code: 'ERR_ACADEMY_NODE_STOPPED' });
});

t.test('else the node goes on without what failed', async (t) => {
  const node = await openNode(t, 'degrade');
  const escalated: unknown[] = [];
  node.supervision.on('escalated', (detail) => escalated.push(detail));
  await wearOut(node, () => escalated.length > 0);
  t.strictSame(node.supervisors(), []);
  t.equal((await node.status()).rooms, 1, 'its services answer');
  await t.rejects(node.ask('chat-daemon', 'chat.get-history', {}), { code: 'ERR_ACADEMY_ACTOR_STOPPED' });
});
