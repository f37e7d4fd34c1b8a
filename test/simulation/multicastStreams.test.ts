import fc from 'fast-check';
import t from 'tap';
import { StreamWorld, upTo } from './StreamWorld.js';

const conditions = fc.record({
  lossPerMille: fc.integer({ min: 0, max: 200 }),
  delayMs: fc.integer({ min: 0, max: 20 }),
  jitterMs: fc.integer({ min: 0, max: 10 }),
  reorderPerMille: fc.integer({ min: 0, max: 200 }),
  reorderMs: fc.integer({ min: 1, max: 30 }),
  duplicatePerMille: fc.integer({ min: 0, max: 200 }),
});

t.test('every member hears every frame once and in order, whatever the network does to datagrams', async () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.nat(1_000_000),
        conditions,
        runSlotsMax: fc.constantFrom(1, 3, 46),
        listeners: fc.integer({ min: 1, max: 4 }),
        sizes: fc.array(fc.integer({ min: 4, max: 1_300 }), { minLength: 1, maxLength: 40 }),
        frames: fc.integer({ min: 1, max: 1_500 }),
        pauses: fc.integer({ min: 1, max: 200 }),
      }),
      ({ listeners: count, frames, sizes, pauses, ...options }) => {
        const world = new StreamWorld(options);
        const listeners = Array.from({ length: count }, () => world.listener());
        const speaker = world.speaker();
        speaker.awaitMembers(count);
        for (let said = 0; said < frames; said += pauses) {
          speaker.sayAll(Math.min(pauses, frames - said), (index) => sizes[(said + index) % sizes.length] as number);
          world.clock.advance(1);
        }
        speaker.publisher.flush();
        world.until('all is heard', () => listeners.every(({ numbers }) => numbers.length >= frames));
        world.clock.advance(2_000);
        for (const listener of listeners) {
          const isWhole = listener.numbers.every((number, index) => number === index);
          if (!isWhole || listener.numbers.length !== frames) return false;
          if (listener.heard[0]?.damaged !== 0 || listener.stats.lost !== 0) return false;
        }
        return true;
      },
    ),
    { numRuns: 60 },
  );
});

t.test('of an unordered stream every frame comes once, and does not wait for what is missing before it', async (t) => {
  let early = 0;
  fc.assert(
    fc.property(fc.record({ seed: fc.nat(1_000_000), conditions, runSlotsMax: fc.constantFrom(1, 46) }), (options) => {
      const world = new StreamWorld(options);
      const listener = world.listener();
      const speaker = world.speaker({ streamClass: 'unordered' });
      speaker.awaitMembers(1);
      for (let burst = 0; burst < 30; burst++) {
        speaker.sayAll(20, () => 300);
        world.clock.advance(1);
      }
      world.until('all is heard', () => listener.numbers.length >= 600);
      world.clock.advance(2_000);
      early += listener.numbers.filter((number, index) => number > index).length;
      const sorted = [...listener.numbers].sort((left, right) => left - right);
      return sorted.length === 600 && sorted.every((number, index) => number === index) && listener.stats.lost === 0;
    }),
    { numRuns: 30 },
  );
  t.ok(early > 0, 'some came before their turn');
});

t.test('a lossy stream delivers the newest, never an older one after it, and counts what it passed over', async (t) => {
  const world = new StreamWorld({
    seed: 5,
    conditions: { lossPerMille: 100, reorderPerMille: 100, duplicatePerMille: 50 },
  });
  const listener = world.listener();
  const speaker = world.speaker({ streamClass: 'lossy' });
  speaker.awaitMembers(1);
  for (let index = 0; index < 500; index++) {
    speaker.say();
    world.clock.advance(2);
  }
  const { numbers, stats } = listener;
  t.ok(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number)));
  t.equal(numbers.length + stats.lost, (numbers.at(-1) as number) + 1, 'each slot held one frame');
  t.ok(stats.lost > 20 && stats.naks === 0, 'nothing is asked for again');
  t.equal(speaker.publisher.stats().slotsRepaired, 0);
});

t.test(
  'at the limit of a member that hears nothing more, writing says so, and goes on once it is evicted',
  async (t) => {
    const world = new StreamWorld({ seed: 1 });
    const [quick, cut] = [world.listener(), world.listener()];
    const speaker = world.speaker();
    speaker.awaitMembers(2);
    const left: unknown[] = [];
    speaker.publisher.events.on('left', ({ reason }) => left.push(reason));
    world.network.partition([cut.identity.nodeId], [speaker.identity.nodeId, quick.identity.nodeId]);
    let taken = 0;
    while (speaker.say(1_000) && taken < 10_000) taken += 1;
    t.ok(taken < 256, 'nothing that a member may still ask for is overwritten');
    t.ok(speaker.publisher.stats().backPressure > 0);
    world.until('it is taken again', () => speaker.say(1_000), 10_000);
    t.strictSame(left, ['silent']);
    speaker.sayAll(500, () => 1_000);
    speaker.publisher.flush();
    world.until('the other one hears all', () => quick.numbers.length === speaker.said);
    t.strictSame(quick.numbers, upTo(speaker.said));
    t.equal(speaker.publisher.stats().membersEvicted, 1);
  },
);

t.test(
  'one that was cut off and evicted joins again, and what it can not have any more is counted as lost',
  async (t) => {
    const world = new StreamWorld({ seed: 2 });
    const listener = world.listener();
    const speaker = world.speaker();
    speaker.awaitMembers(1);
    speaker.sayAll(10, () => 1_000);
    world.until('the first are heard', () => listener.numbers.length === 10);
    world.network.partition([listener.identity.nodeId], [speaker.identity.nodeId]);
    speaker.sayAll(2_000, () => 1_000);
    world.network.heal();
    world.until('it is a member again', () => speaker.publisher.members === 1);
    speaker.sayAll(50, () => 1_000);
    speaker.publisher.flush();
    world.until('it hears the end', () => listener.numbers.at(-1) === speaker.said - 1);
    const { numbers } = listener;
    t.ok(
      numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number)),
      'in order and once',
    );
    const lost = listener.receiver.streams().reduce((sum, { stats }) => sum + stats.lost, 0);
    t.ok(numbers.length < speaker.said && lost > 0, `${speaker.said - numbers.length} frames missed`);
  },
);

t.test('a short cut loses nothing: what is still kept is sent again', async (t) => {
  const world = new StreamWorld({ seed: 3 });
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  world.network.partition([listener.identity.nodeId], [speaker.identity.nodeId]);
  speaker.sayAll(60, () => 1_000);
  speaker.publisher.flush();
  world.clock.advance(1_000);
  world.network.heal();
  world.until('all is heard', () => listener.numbers.length === 60);
  t.strictSame(listener.numbers, upTo(60));
  t.equal(listener.stats.lost, 0);
});

t.test('while a gap is repaired the publisher goes on, as far as is kept behind the gap', async (t) => {
  const world = new StreamWorld({ seed: 11, conditions: { delayMs: 20 }, runSlotsMax: 1 });
  const windowSlots = 128;
  const lost = 10;
  let datagrams = 0;
  const listener = world.listener({ isLost: () => ++datagrams === lost }, windowSlots);
  const speaker = world.speaker({ ringSlots: 4_096 });
  speaker.awaitMembers(1);
  datagrams = 0;
  let ahead = 0;
  for (let elapsedMs = 0; elapsedMs < 400; elapsedMs++) {
    while (speaker.say(1_300));
    world.clock.advance(1);
    if (listener.numbers.length < lost) ahead = Math.max(ahead, speaker.said - listener.numbers.length);
  }
  t.ok(ahead > 1.5 * windowSlots, `${ahead} slots ahead of the gap`);
  t.ok(ahead <= 4 * windowSlots, 'but no more than is kept');
  speaker.publisher.flush();
  world.until('all is heard', () => listener.numbers.length === speaker.said);
  t.strictSame(listener.numbers, upTo(speaker.said));
  t.equal(listener.stats.lost, 0);
});

t.test('who joins late begins with what comes next, or with the oldest that is kept', async (t) => {
  const world = new StreamWorld({ seed: 4 });
  const speaker = world.speaker();
  const first = world.listener();
  speaker.awaitMembers(1);
  t.ok(speaker.publisher.define(Buffer.from('ada')) && speaker.publisher.define(Buffer.from('bo')));
  speaker.sayAll(100, () => 1_000);
  speaker.publisher.flush();
  world.until('the first hears all', () => first.numbers.length === 100);
  const [live, kept] = [world.listener(), world.listener({ fromKept: true })];
  speaker.awaitMembers(3);
  speaker.sayAll(10, () => 1_000);
  speaker.publisher.flush();
  world.until('both hear the end', () => [live, kept].every(({ numbers }) => numbers.at(-1) === 109));
  t.strictSame(live.numbers, upTo(110, 100));
  t.strictSame(kept.numbers, upTo(110));
  for (const { heard } of [live, kept]) {
    t.ok(['ada', 'bo'].every((word) => heard[0]?.definitions.includes(word)));
    t.ok((heard[0]?.definedBefore ?? 0) >= 2, 'before the first frame that may need them');
  }
  t.strictSame(first.heard[0]?.definitions, ['ada', 'bo']);
});

t.test('what is said at once when a stream opens reaches everyone who was there', async (t) => {
  for (const delayMs of [0, 1, 20]) {
    const world = new StreamWorld({ seed: 10 + delayMs, conditions: { delayMs, lossPerMille: 50 } });
    const listeners = Array.from({ length: 3 }, () => world.listener());
    const speaker = world.speaker();
    speaker.sayAll(20);
    speaker.publisher.flush();
    world.until('all is heard', () => listeners.every(({ numbers }) => numbers.length === 20));
    for (const { numbers } of listeners) t.strictSame(numbers, upTo(20));
  }
});

t.test('many definitions reach a joiner over a network that loses a third of all datagrams', async (t) => {
  const world = new StreamWorld({ seed: 6, conditions: { lossPerMille: 333 } });
  const speaker = world.speaker();
  const words = Array.from({ length: 400 }, (_, index) => `participant-${index}-${'x'.repeat(index % 90)}`);
  for (const word of words) t.ok(speaker.publisher.define(Buffer.from(word)) || 'no member yet');
  const listener = world.listener();
  speaker.awaitMembers(1);
  t.strictSame(new Set(listener.heard[0]?.definitions), new Set(words));
});

t.test('a publisher that is started again is a new stream; nothing of it is heard twice', async (t) => {
  const world = new StreamWorld({ seed: 7 });
  const listener = world.listener();
  const first = world.speaker();
  first.awaitMembers(1);
  first.sayAll(20);
  first.publisher.flush();
  world.until('the first life is heard', () => listener.numbers.length === 20);
  // Without a word, as a process that was killed.
  first.network.close();
  const second = world.speaker({}, first.identity);
  second.awaitMembers(1);
  second.sayAll(30);
  second.publisher.flush();
  world.until('the second life is heard', () => listener.numbers.length === 50);
  t.strictSame(
    listener.heard.map(({ numbers }) => numbers),
    [upTo(20), upTo(30)],
  );
  world.until('the first one is given up', () => listener.heard[0]?.end === 'silent');
});

t.test('the end of a stream is told to its members, with all that came before it', async (t) => {
  const world = new StreamWorld({ seed: 8, conditions: { lossPerMille: 50 } });
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  speaker.sayAll(300, () => 500);
  const done = speaker.publisher.delivered();
  await world.clock.run(2_000);
  await done;
  world.network.setConditions({});
  speaker.publisher.close();
  world.until('the end is heard', () => listener.heard[0]?.end === 'closed');
  t.strictSame(listener.numbers, upTo(300));
  t.equal(listener.stats.lost, 0);
});

t.test('what many members miss together is sent again about once and not once for each', async (t) => {
  const world = new StreamWorld({ seed: 9, conditions: { delayMs: 1, jitterMs: 1 } });
  const listeners = Array.from({ length: 8 }, () => world.listener());
  const speaker = world.speaker();
  speaker.awaitMembers(8);
  speaker.sayAll(20, () => 1_000);
  speaker.publisher.flush();
  world.until('all hear', () => listeners.every(({ numbers }) => numbers.length === 20));
  const everyone = listeners.map(({ identity }) => identity.nodeId);
  world.network.partition(everyone, [speaker.identity.nodeId]);
  speaker.sayAll(40, () => 1_000);
  speaker.publisher.flush();
  world.clock.advance(5);
  world.network.heal();
  world.until('all hear again', () => listeners.every(({ numbers }) => numbers.length === 60));
  t.ok(
    speaker.publisher.stats().slotsRepaired <= 40 * 2,
    `${speaker.publisher.stats().slotsRepaired} repairs of 40 slots`,
  );
});

t.test(
  'who joins again while a publisher goes on without a pause is not left behind at the edge of the ring',
  async (t) => {
    for (let seed = 20; seed < 30; seed++) {
      const world = new StreamWorld({ seed, conditions: { delayMs: 5 } });
      const [cut, there] = [world.listener(), world.listener()];
      const speaker = world.speaker();
      speaker.awaitMembers(2);
      world.network.partition([cut.identity.nodeId], [speaker.identity.nodeId, there.identity.nodeId]);
      const speak = (ms: number): void => {
        for (let spentMs = 0; spentMs < ms; spentMs += 1) {
          for (let count = 0; count < 5; count++) speaker.say(1_000);
          world.clock.advance(1);
        }
      };
      speak(5_000);
      world.network.heal();
      speak(5_000);
      const said = speaker.said;
      t.equal(speaker.publisher.members, 2);
      speaker.publisher.flush();
      world.until('both hear the end', () => [cut, there].every(({ numbers }) => numbers.at(-1) === said - 1));
      t.strictSame(there.numbers, upTo(said));
      t.ok(said > 3_000, 'and it was not held up');
    }
  },
);

t.test('a listener that stood still for a while goes on where it was, when that is still kept', async (t) => {
  const world = new StreamWorld({ seed: 30 });
  const listener = world.listener();
  const speaker = world.speaker();
  speaker.awaitMembers(1);
  speaker.sayAll(20);
  speaker.publisher.flush();
  world.until('the first are heard', () => listener.numbers.length === 20);
  world.network.partition([listener.identity.nodeId], [speaker.identity.nodeId]);
  speaker.sayAll(20, () => 1_000);
  speaker.publisher.flush();
  world.until('it has given the stream up', () => listener.heard[0]?.end === 'silent');
  world.network.heal();
  world.until('all is heard', () => listener.numbers.length === 40);
  t.strictSame(listener.numbers, upTo(40));
});

t.test('whoever waits for a lossy stream to be delivered does not wait for what nobody asks for', async (t) => {
  const world = new StreamWorld({ seed: 31, conditions: { lossPerMille: 500 } });
  world.listener();
  const speaker = world.speaker({ streamClass: 'lossy' });
  speaker.awaitMembers(1);
  speaker.sayAll(20);
  let isDone = false;
  void speaker.publisher.delivered().then(() => {
    isDone = true;
  });
  await world.clock.run(100);
  t.ok(isDone);
});
