import t from 'tap';
import { identityFromSeed, type NodeId } from '../../../runtime/protocol/identity.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { type Delivery, type LinkConditions, MemoryNetwork } from '../../../transports/memory/MemoryNetwork.js';
import { MemoryReliableTransport, memoryHost } from '../../../transports/memory/MemoryReliableTransport.js';
import { MemoryTransport } from '../../../transports/memory/MemoryTransport.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

const identities = [1, 2, 3].map((seed) => identityFromSeed(new Uint8Array(32).fill(seed)));
const [a, b, c] = identities.map(({ nodeId }) => nodeId) as [NodeId, NodeId, NodeId];

/** A network under virtual time with a datagram group of three nodes, and what each has heard. */
async function world(seed: number, conditions: Partial<LinkConditions> = {}) {
  const clock = new VirtualClock();
  const trace: Delivery[] = [];
  const network = new MemoryNetwork({
    clock,
    random: seededRandom(seed),
    conditions,
    onDelivery: (delivery) => trace.push(delivery),
  });
  const heard = new Map<NodeId, number[]>();
  const transports = new Map<NodeId, MemoryTransport>();
  for (const { nodeId } of identities) {
    const numbers: number[] = [];
    const transport = new MemoryTransport({ network, nodeId, channel: 'training' });
    await transport.start((bytes) => numbers.push(Buffer.from(bytes).readUInt32BE(0)));
    heard.set(nodeId, numbers);
    transports.set(nodeId, transport);
  }
  const say = async (from: NodeId, count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(number, 0);
      await transports.get(from)?.send(bytes);
      clock.advance(1);
    }
  };
  return { clock, network, trace, heard: (nodeId: NodeId) => heard.get(nodeId) as number[], transports, say };
}

const rough: Partial<LinkConditions> = {
  lossPerMille: 100,
  delayMs: 3,
  jitterMs: 4,
  reorderPerMille: 50,
  reorderMs: 6,
  duplicatePerMille: 30,
};
const inOrder = (numbers: readonly number[]) =>
  numbers.every((number, i) => i === 0 || number >= (numbers[i - 1] ?? 0));

t.test('the same seed gives the same deliveries, another seed others', async (test) => {
  const traceOf = async (seed: number): Promise<string> => {
    const { clock, trace, say } = await world(seed, rough);
    await say(a, 300);
    await say(b, 300);
    await clock.run();
    return JSON.stringify(trace);
  };
  const first = await traceOf(42);
  test.equal(await traceOf(42), first);
  test.not(await traceOf(43), first);
});

t.test('without conditions all arrives, once, in order, and at the sender too', async (test) => {
  const { clock, network, heard, say } = await world(1);
  await say(a, 100);
  await clock.run();
  for (const nodeId of [a, b, c]) test.strictSame(heard(nodeId), [...Array(100).keys()]);
  test.match(network.counters(), { offered: 300, delivered: 300, lost: 0, duplicated: 0, reordered: 0 });
});

t.test('loss is counted per link, and a node always hears itself', async (test) => {
  const { clock, network, heard, say } = await world(2, { lossPerMille: 200 });
  await say(a, 1_000);
  await clock.run();
  const { lost, delivered, offered } = network.counters(a, b);
  test.equal(lost + delivered, offered);
  test.equal(heard(b).length, delivered);
  test.ok(lost > 140 && lost < 260, `${lost} of 1000 at 200 per mille`);
  test.equal(heard(a).length, 1_000);
});

t.test('a link can have conditions of its own, one way only', async (test) => {
  const { clock, network, heard, say } = await world(3);
  network.setLink(a, b, { lossPerMille: 1_000 });
  await say(a, 50);
  await say(b, 50);
  await clock.run();
  test.equal(heard(b).length, 50, 'only its own');
  test.equal(heard(a).length, 100);
  test.equal(heard(c).length, 100);
  test.equal(network.counters(a, b).lost, 50);
});

t.test('delay and jitter put off but do not reorder; reordering does', async (test) => {
  const jittery = await world(4, { delayMs: 10, jitterMs: 20 });
  await jittery.say(a, 200);
  test.ok(jittery.heard(b).length < 200, 'some are on their way');
  await jittery.clock.run();
  test.equal(jittery.heard(b).length, 200);
  test.ok(inOrder(jittery.heard(b)));

  const shuffling = await world(4, { delayMs: 1, reorderPerMille: 200, reorderMs: 5 });
  await shuffling.say(a, 200);
  await shuffling.clock.run();
  test.equal(shuffling.heard(b).length, 200);
  test.notOk(inOrder(shuffling.heard(b)));
  test.ok(shuffling.network.counters(a, b).reordered > 0);
});

t.test('duplicates arrive twice and are counted', async (test) => {
  const { clock, network, heard, say } = await world(5, { duplicatePerMille: 500 });
  await say(a, 100);
  await clock.run();
  const { duplicated } = network.counters(a, b);
  test.ok(duplicated > 20);
  test.equal(heard(b).length, 100 + duplicated);
});

t.test('a partition separates groups until it is healed', async (test) => {
  const { clock, network, heard, say } = await world(6);
  network.partition([a], [b]);
  test.ok(network.isPartitioned(a, b) && network.isPartitioned(b, c), 'who is not named is on no side');
  await say(a, 10);
  await clock.run();
  test.strictSame([heard(a).length, heard(b).length, heard(c).length], [10, 0, 0]);
  test.equal(network.counters(a, b).partitioned, 10);
  network.heal();
  await say(a, 10);
  await clock.run();
  test.strictSame([heard(a).length, heard(b).length, heard(c).length], [20, 10, 10]);
});

t.test('what arrives after its receiver has stopped is not delivered', async (test) => {
  const { clock, heard, say, transports } = await world(7, { delayMs: 50 });
  await say(a, 10);
  await transports.get(b)?.stop();
  await clock.run();
  test.equal(heard(b).length, 0);
  test.equal(heard(c).length, 10);
});

t.test('conditions that make no sense are refused', async (test) => {
  const { network } = await world(8);
  for (const wrong of [{ lossPerMille: 1_001 }, { delayMs: -1 }, { jitterMs: Number.NaN }]) {
    test.throws(() => network.setConditions(wrong), { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, JSON.stringify(wrong));
  }
});

t.test('reliable links', async (t) => {
  async function pair(conditions: Partial<LinkConditions> = {}) {
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: seededRandom(9), conditions });
    const [left, right] = identities.map(
      (identity) => new MemoryReliableTransport({ network, identity, academyId: 'memory', connectionKey: null }),
    ) as [MemoryReliableTransport, MemoryReliableTransport];
    const packets: number[] = [];
    await left.start(() => {});
    await right.start((bytes) => packets.push(bytes[0] ?? -1));
    left.setPeer({ nodeId: b, host: memoryHost, port: right.port });
    right.onRequest(async (_from, request) => request);
    return { clock, network, left, right, packets };
  }

  t.test('loss only delays, and keeps the order', async (test) => {
    const { clock, network, left, packets } = await pair({ lossPerMille: 300, delayMs: 2, jitterMs: 3 });
    const sent = Array.from({ length: 50 }, (_, number) => left.send(Uint8Array.of(number), [b]));
    await clock.run();
    test.ok((await Promise.all(sent)).every(({ receipt }) => receipt === 'received'));
    test.strictSame(packets, [...Array(50).keys()]);
    test.ok(network.counters().retransmitted > 0);
  });

  t.test('a request in a partition fails exactly at its deadline', async (test) => {
    const { clock, network, left } = await pair();
    network.partition([a], [b]);
    let failedAtMs = 0;
    const request = left.request(b, Uint8Array.of(1), { deadlineMs: 700 }).catch((fault) => {
      failedAtMs = clock.monotonicMs();
      return fault;
    });
    await clock.run(2_000);
    test.match(await request, { code: 'ERR_ACADEMY_DEADLINE' });
    test.equal(failedAtMs, 700);
    test.equal(clock.pendingTimers, 0, 'and nothing is tried any more');
  });

  t.test('a partition that heals in time costs only time', async (test) => {
    const { clock, network, left } = await pair();
    network.partition([a], [b]);
    const request = left.request(b, Uint8Array.of(7), { deadlineMs: 5_000 });
    await clock.run(1_000);
    network.heal();
    await clock.run(1_000);
    test.strictSame(await request, Uint8Array.of(7));
    test.equal(clock.pendingTimers, 0, 'the deadline of what is answered is cleared');
  });

  t.test('an answer that a partition holds back counts as none', async (test) => {
    const { clock, network, left, right } = await pair({ delayMs: 10 });
    right.onRequest(async (_from, request) => {
      network.partition([a], [b]);
      return request;
    });
    const request = left.request(b, Uint8Array.of(1), { deadlineMs: 500 });
    const rejected = test.rejects(request, { code: 'ERR_ACADEMY_DEADLINE' });
    await clock.run(1_000);
    await rejected;
  });

  t.test('a port is given to one listener', async (test) => {
    const { network, right } = await pair();
    const identity = identityFromSeed(new Uint8Array(32).fill(9));
    const options = { network, identity, academyId: 'memory', connectionKey: null };
    const third = new MemoryReliableTransport({ ...options, port: right.port });
    await test.rejects(
      third.start(() => {}),
      { code: 'ERR_ACADEMY_PORT_IN_USE' },
    );
  });
});
