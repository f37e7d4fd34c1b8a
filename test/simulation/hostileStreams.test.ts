import t from 'tap';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { type Random, seededRandom } from '../../runtime/protocol/Random.js';
import { datagramKinds, dataHeader } from '../../transports/udp/stream/streamDatagrams.js';
import { StreamWorld, upTo } from './StreamWorld.js';

/** All that was said to the group, as somebody on the network hears it. */
function recorderOf(world: StreamWorld): Uint8Array[] {
  const recorded: Uint8Array[] = [];
  const nodeId = world.identity().nodeId;
  world.network.join('stream training', { nodeId, receive: (bytes) => recorded.push(bytes) });
  return recorded;
}

/** One to four bytes are others, or the end is cut off, or something is appended. */
function mutated(datagram: Uint8Array, random: Random): Uint8Array {
  const pick = (below: number): number => Math.floor(random.next() * below);
  const kind = pick(10);
  if (kind === 0) return datagram.slice(0, pick(datagram.length));
  if (kind === 1) return new Uint8Array([...datagram, ...random.bytes(1 + pick(40))]);
  const copy = datagram.slice();
  for (let changes = 1 + pick(4); changes > 0; changes--) {
    // Headers are where damage is dangerous.
    const at = pick(kind < 6 ? Math.min(60, copy.length) : copy.length);
    copy[at] = pick(256);
  }
  return copy;
}

t.test('a recorded session that is played to somebody else delivers nothing', async (t) => {
  const world = new StreamWorld({ seed: 1 });
  const recorded = recorderOf(world);
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  speaker.sayAll(50);
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length === 50);
  speaker.publisher.close();
  speaker.network.close();
  const newcomer = world.listener();
  const forger = world.identity().nodeId;
  for (const from of [forger, speaker.identity.nodeId]) {
    for (const datagram of recorded) world.network.broadcast('stream training', from, datagram);
    world.clock.advance(3_000);
  }
  t.strictSame(newcomer.numbers, []);
  t.strictSame(listener.numbers, upTo(50), 'and whoever has heard it hears nothing twice');
});

t.test(
  'the setup of a living stream that another one repeats first keeps nobody from hearing the stream',
  async (t) => {
    const world = new StreamWorld({ seed: 2 });
    const recorded = recorderOf(world);
    const speaker = world.speaker();
    world.clock.advance(1_500);
    const listener = world.listener();
    const forger = world.identity().nodeId;
    for (const datagram of recorded) world.network.broadcast('stream training', forger, datagram);
    speaker.awaitMembers(1);
    speaker.sayAll(20);
    speaker.publisher.flush();
    world.until('all is heard', () => listener.numbers.length === 20);
    t.strictSame(listener.numbers, upTo(20));
  },
);

t.test('who has not the key of the academy is neither heard nor admitted', async (t) => {
  const world = new StreamWorld({ seed: 3 });
  const listener = world.listener();
  const stranger = world.speaker({ datagramKey: new Uint8Array(32).fill(1) });
  const unkeyed = world.speaker({ datagramKey: null });
  const member = world.speaker();
  member.awaitMembers(1);
  for (const speaker of [stranger, unkeyed, member]) {
    speaker.sayAll(10);
    speaker.publisher.flush();
  }
  world.until('the member is heard', () => listener.numbers.length >= 10);
  world.clock.advance(3_000);
  t.strictSame(
    listener.heard.map(({ source }) => source.nodeId),
    [member.identity.nodeId],
  );
  t.ok(listener.receiver.stats().badSetups >= 2, 'and it is counted');
  const curious = world.listener({ datagramKey: new Uint8Array(32).fill(1) });
  world.clock.advance(3_000);
  t.equal(member.publisher.members, 1);
  t.notOk(curious.heard.some(({ source }) => source.nodeId === member.identity.nodeId));
});

t.test(
  'datagrams that are damaged, cut, doubled and forged under the address of the publisher change nothing',
  async (t) => {
    const world = new StreamWorld({ seed: 4, conditions: { lossPerMille: 20, duplicatePerMille: 20 } });
    const random = seededRandom(44);
    const recorded = recorderOf(world);
    const listeners = [world.listener(), world.listener()];
    const speaker = world.speaker();
    speaker.awaitMembers(2);
    let forged = 0;
    for (let burst = 0; burst < 200; burst++) {
      speaker.sayAll(10, () => 200);
      world.clock.advance(1);
      for (let count = 0; count < 5; count++) {
        const datagram = recorded[Math.floor(random.next() * recorded.length)] as Uint8Array;
        world.network.broadcast('stream training', speaker.identity.nodeId, mutated(datagram, random));
        forged += 1;
      }
    }
    speaker.publisher.flush();
    world.until('all is heard', () => listeners.every(({ numbers }) => numbers.length >= 2_000));
    world.clock.advance(2_000);
    for (const listener of listeners) {
      t.strictSame(listener.numbers, upTo(2_000));
      t.equal(listener.heard[0]?.damaged, 0);
      const { badTags, malformed, duplicates, badControl } = listener.stats;
      t.ok(badTags + malformed + duplicates + badControl > forged / 10, 'and is counted');
    }
    t.equal(speaker.publisher.members, 2, 'a forger evicts nobody');
  },
);

t.test('damaged answers to a publisher are counted and move nothing', async (t) => {
  const world = new StreamWorld({ seed: 5 });
  const random = seededRandom(55);
  const answers: Uint8Array[] = [];
  const speaker = world.speaker();
  const direct = `stream-direct ${speaker.identity.nodeId}`;
  world.network.join(direct, { nodeId: world.identity().nodeId, receive: (bytes) => answers.push(bytes) });
  const listener = world.listener();
  speaker.awaitMembers(1);
  for (let burst = 0; burst < 100; burst++) {
    speaker.sayAll(10, () => 500);
    world.clock.advance(2);
    for (let count = 0; count < 5; count++) {
      const answer = answers[Math.floor(random.next() * answers.length)] as Uint8Array;
      world.network.broadcast(direct, listener.identity.nodeId, mutated(answer, random));
    }
  }
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length >= 1_000);
  t.strictSame(listener.numbers, upTo(1_000));
  t.ok(speaker.publisher.stats().badControl > 100);
  t.equal(speaker.publisher.members, 1);
});

t.test('a request to join that was recorded holds nobody up', async (t) => {
  const world = new StreamWorld({ seed: 6 });
  const answers: Uint8Array[] = [];
  const speaker = world.speaker();
  const direct = `stream-direct ${speaker.identity.nodeId}`;
  world.network.join(direct, { nodeId: world.identity().nodeId, receive: (bytes) => answers.push(bytes) });
  const [gone, there] = [world.listener(), world.listener()];
  speaker.awaitMembers(2);
  const recorded = [...answers];
  gone.receiver.stop();
  gone.network.close();
  world.until('it has left', () => speaker.publisher.members === 1);
  for (const answer of recorded) world.network.broadcast(direct, gone.identity.nodeId, answer);
  world.clock.advance(20);
  speaker.sayAll(1_000, () => 1_000);
  speaker.publisher.flush();
  world.until('all is heard', () => there.numbers.length === 1_000);
  t.equal(speaker.publisher.stats().membersEvicted, 0);
});

t.test(
  'requests to join that are played at any rate bring whoever is named by them a bounded number of bytes',
  async (t) => {
    const world = new StreamWorld({ seed: 12 });
    const speaker = world.speaker();
    for (let index = 0; index < 200; index++) speaker.publisher.define(Buffer.alloc(100, index));
    const requests: Uint8Array[] = [];
    const direct = `stream-direct ${speaker.identity.nodeId}`;
    world.network.join(direct, { nodeId: world.identity().nodeId, receive: (bytes) => requests.push(bytes) });
    const gone = world.listener();
    speaker.awaitMembers(1);
    gone.receiver.stop();
    gone.network.close();
    const joins = requests.filter((datagram) => datagram[3] === datagramKinds.join);
    t.ok(joins.length > 1, 'some of them know the token of the answer');
    const victims = [world.identity().nodeId, world.identity().nodeId];
    let bytes = 0;
    for (const nodeId of victims) {
      const receive = (datagram: Uint8Array): void => {
        bytes += datagram.length;
      };
      world.network.join(`stream-direct ${nodeId}`, { nodeId, receive });
    }
    const play = (victim: NodeId, ms: number): number => {
      bytes = 0;
      for (let spentMs = 0; spentMs < ms; spentMs += 10) {
        for (let count = 0; count < 50; count++) {
          for (const join of joins) world.network.broadcast(direct, victim, join);
        }
        world.clock.advance(10);
      }
      return bytes;
    };
    const [one, other] = victims as [NodeId, NodeId];
    const perSecond = play(one, 5_000) / 5;
    t.ok(perSecond > 10_000 && perSecond < 80_000, `${Math.round(perSecond)} bytes a second`);
    t.ok(play(other, 1_000) > 10_000, 'and others are still answered');
    const budget = speaker.publisher.stats().answersOverBudget;
    t.ok(budget > 1_000, `${budget} were not answered`);
    const listener = world.listener();
    speaker.awaitMembers(1);
    speaker.sayAll(5);
    speaker.publisher.flush();
    world.until('a true one hears', () => listener.numbers.length === 5);
  },
);

t.test('a status that was recorded keeps no member alive that has gone', async (t) => {
  const world = new StreamWorld({ seed: 7 });
  const answers: Uint8Array[] = [];
  const speaker = world.speaker();
  const direct = `stream-direct ${speaker.identity.nodeId}`;
  world.network.join(direct, { nodeId: world.identity().nodeId, receive: (bytes) => answers.push(bytes) });
  const gone = world.listener();
  speaker.awaitMembers(1);
  gone.network.close();
  const recorded = [...answers];
  for (let waitedMs = 0; waitedMs < 6_000; waitedMs += 200) {
    for (const answer of recorded) world.network.broadcast(direct, gone.identity.nodeId, answer);
    world.clock.advance(200);
  }
  t.equal(speaker.publisher.members, 0);
  t.equal(speaker.publisher.stats().membersEvicted, 1);
});

t.test('a setup that nobody signed makes a node deaf to no stream', async (t) => {
  const world = new StreamWorld({ seed: 8 });
  const recorded = recorderOf(world);
  const speaker = world.speaker();
  world.clock.advance(10);
  const listener = world.listener();
  const forged = recorded[0]?.slice() as Uint8Array;
  // As if the stream were the listener's own.
  forged.set(Buffer.from(listener.identity.nodeId, 'hex'), 12);
  world.network.broadcast('stream training', speaker.identity.nodeId, forged);
  speaker.awaitMembers(1);
  speaker.sayAll(5);
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length === 5);
  t.ok(listener.receiver.stats().badSetups > 0);
});

t.test(
  'a session that is over is not heard again by who was its member, with all its answers recorded too',
  async (t) => {
    const world = new StreamWorld({ seed: 9 });
    const recorded = recorderOf(world);
    const listener = world.listener();
    const answers: Uint8Array[] = [];
    const direct = `stream-direct ${listener.identity.nodeId}`;
    world.network.join(direct, { nodeId: world.identity().nodeId, receive: (bytes) => answers.push(bytes) });
    const speaker = world.speaker();
    speaker.awaitMembers(1);
    speaker.sayAll(20);
    speaker.publisher.flush();
    world.until('all is heard', () => listener.numbers.length === 20);
    // Killed: nobody says that it is over.
    speaker.network.close();
    world.until('it is given up', () => listener.heard[0]?.end === 'silent');
    // What is played is heard by the recorder, too.
    const [played, answered] = [[...recorded], [...answers]];
    for (let round = 0; round < 20; round++) {
      for (const datagram of played) world.network.broadcast('stream training', speaker.identity.nodeId, datagram);
      for (const answer of answered) world.network.broadcast(direct, speaker.identity.nodeId, answer);
      world.clock.advance(50);
    }
    t.strictSame(listener.numbers, upTo(20));
  },
);

t.test('more forged runs than may be checked delay what is true, and stop nothing', async (t) => {
  const world = new StreamWorld({ seed: 10 });
  const recorded = recorderOf(world);
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  speaker.sayAll(10);
  speaker.publisher.flush();
  world.until('it begins', () => listener.numbers.length === 10);
  const data = recorded.find((datagram) => datagram[3] === 0) as Uint8Array;
  for (let burst = 0; burst < 60; burst++) {
    for (let count = 0; count < 120; count++) {
      const forged = Buffer.from(data);
      // A run of one slot that claims to be the next one, or one of the next.
      forged.writeUInt32BE(speaker.publisher.sequence + (count % 2), 14);
      forged[60 + (count % 20)] = count;
      world.network.broadcast('stream training', speaker.identity.nodeId, forged);
    }
    speaker.sayAll(10, () => 300);
    world.clock.advance(10);
  }
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length >= speaker.said, 20_000);
  t.strictSame(listener.numbers, upTo(speaker.said));
  t.ok(listener.stats.badTags >= 2_000, `${listener.stats.badTags} were checked, as many as may be in a second`);
});

t.test('a forged slot that begins a run of more slots than there will be stops nothing', async (t) => {
  const world = new StreamWorld({ seed: 21 });
  const recorded = recorderOf(world);
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  speaker.sayAll(20);
  speaker.publisher.flush();
  world.until('that is heard', () => listener.numbers.length === 20);
  const data = recorded.filter((datagram) => datagram[3] === datagramKinds.data).at(-1) as Uint8Array;
  for (const claimed of [40, 200]) {
    const forged = Buffer.from(data);
    forged.writeUIntBE(speaker.publisher.sequence, dataHeader.sequence, 6);
    forged[dataHeader.index] = 0;
    forged[dataHeader.count] = claimed;
    world.network.broadcast('stream training', speaker.identity.nodeId, forged);
    world.clock.advance(1);
    speaker.sayAll(20);
    speaker.publisher.flush();
    world.until('the true one is heard', () => listener.numbers.length === speaker.said, 5_000);
  }
  t.strictSame(listener.numbers, upTo(60));
});
