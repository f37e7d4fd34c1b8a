import t from 'tap';
import type { OutgoingStreamStats } from '../../runtime/protocol/streams.js';
import { type NodeProcess, TestAcademy, until } from './support/NodeProcess.js';

const signals = 20_000;
const wholeAndInOrder = { received: signals, lost: 0, disordered: 0, corrupt: 0 };

interface PublisherView {
  readonly members: number;
  readonly stats: OutgoingStreamStats;
}

const viewOf = (node: NodeProcess) => node.call('publisher') as Promise<PublisherView>;

for (const [name, options] of [
  ['what a node publishes at speed another one hears once and in order', {}],
  ['the same where both demand that signals prove their node', { proofOfSource: { 'academy.training.*': true } }],
] as const) {
  t.test(name, async (t) => {
    const academy = new TestAcademy();
    t.teardown(() => academy.close());
    const [speaker, listener] = (await Promise.all([
      academy.node('speaker', options),
      academy.node('listener', options),
    ])) as [NodeProcess, NodeProcess];
    await listener.call('hearSignals');
    await speaker.call('openPublisher', {});
    await until(async () => (await viewOf(speaker)).members === 1);
    await speaker.call('publish', signals);
    t.strictSame(await listener.call('heardSignals'), wholeAndInOrder, 'flush() has waited until it was there');
    const { members, stats } = await viewOf(speaker);
    t.equal(members, 1);
    t.ok(stats.framesWritten >= signals && stats.runsSent > 0 && stats.bytesSent > signals * 100);
    t.equal(stats.membersJoined, 1);
    await listener.end();
    await until(async () => (await viewOf(speaker)).members === 0);
    t.equal((await viewOf(speaker)).stats.membersLeft, 1, 'who ends has said so');
  });
}

t.test('a node whose flow tag paces a publisher misses nothing, and others hear it as well', async (t) => {
  const academy = new TestAcademy();
  t.teardown(() => academy.close());
  const [speaker, trainer, watcher] = (await Promise.all([
    academy.node('speaker', { udp: { limitByTag: 'trainer' } }),
    academy.node('trainer', { udp: { flowTag: 'trainer' } }),
    academy.node('watcher'),
  ])) as [NodeProcess, NodeProcess, NodeProcess];
  for (const node of [trainer, watcher]) await node.call('hearSignals');
  await speaker.call('openPublisher', {});
  await until(async () => (await viewOf(speaker)).members === 2);
  await speaker.call('publish', signals);
  t.strictSame(await trainer.call('heardSignals'), wholeAndInOrder);
  await until(async () => ((await watcher.call('heardSignals')) as { received: number }).received > 0);
  t.match(await watcher.call('heardSignals'), { disordered: 0, corrupt: 0 });
});
