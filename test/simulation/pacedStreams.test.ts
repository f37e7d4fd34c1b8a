import t from 'tap';
import { type Listener, type Speaker, StreamWorld, upTo } from './StreamWorld.js';

const paced = { limitBy: { tag: 'trainer' } };

/** Says so much for so long that who hears nothing falls out of the ring. */
function speakThrough(world: StreamWorld, speaker: Speaker, ms: number): number {
  let refused = 0;
  for (let spentMs = 0; spentMs < ms; spentMs++) {
    for (let count = 0; count < 5; count++) if (!speaker.say(1_000)) refused += 1;
    world.clock.advance(1);
  }
  return refused;
}

function lostBy(listener: Listener): number {
  return listener.receiver.streams().reduce((sum, { stats }) => sum + stats.lost, 0);
}

t.test(
  'members without the tag that paces a stream hold nobody up; what they are too slow for is counted',
  async (t) => {
    const world = new StreamWorld({ seed: 1 });
    const [trainer, watcher] = [world.listener({ flowTag: 'trainer' }), world.listener()];
    const speaker = world.speaker(paced);
    speaker.awaitMembers(2);
    world.network.partition([watcher.identity.nodeId], [speaker.identity.nodeId, trainer.identity.nodeId]);
    speakThrough(world, speaker, 1_000);
    t.equal(speaker.publisher.stats().membersEvicted, 0, 'it was not given up meanwhile');
    t.ok(speaker.said > 2_000, `${speaker.said} were taken`);
    world.network.heal();
    speakThrough(world, speaker, 200);
    speaker.publisher.flush();
    world.until('both hear the end', () =>
      [trainer, watcher].every(({ numbers }) => numbers.at(-1) === speaker.said - 1),
    );
    t.strictSame(trainer.numbers, upTo(speaker.said), 'who paces it misses nothing');
    t.equal(lostBy(trainer), 0);
    const { numbers } = watcher;
    t.ok(numbers.length < speaker.said && lostBy(watcher) > 0);
    t.ok(
      numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number)),
      'and the other hears in order what it hears',
    );
  },
);

t.test('a member with the tag that paces a stream holds it up until it is evicted', async (t) => {
  const world = new StreamWorld({ seed: 2 });
  const [trainer, other, watcher] = [
    world.listener({ flowTag: 'trainer' }),
    world.listener({ flowTag: 'trainer' }),
    world.listener({ flowTag: 'watcher' }),
  ];
  const speaker = world.speaker(paced);
  speaker.awaitMembers(3);
  world.network.partition(
    [trainer.identity.nodeId],
    [speaker, other, watcher].map(({ identity }) => identity.nodeId),
  );
  let taken = 0;
  while (speaker.say(1_000) && taken < 10_000) taken += 1;
  t.ok(taken < 256, 'nothing that it may still ask for is overwritten');
  world.until('it is taken again', () => speaker.say(1_000), 10_000);
  t.equal(speaker.publisher.stats().membersEvicted, 1);
  speaker.sayAll(300, () => 1_000);
  speaker.publisher.flush();
  world.until('the others hear all', () => [other, watcher].every(({ numbers }) => numbers.length === speaker.said));
});

t.test('without a member of that tag nobody paces the stream', async (t) => {
  const world = new StreamWorld({ seed: 3 });
  const watcher = world.listener({ flowTag: 'watcher' });
  const speaker = world.speaker(paced);
  speaker.awaitMembers(1);
  world.network.partition([watcher.identity.nodeId], [speaker.identity.nodeId]);
  const refused = speakThrough(world, speaker, 500);
  t.equal(speaker.said + refused, 2_500);
  t.ok(speaker.said > 2_000, `${speaker.said} were taken`);
  let isDone = false;
  void speaker.publisher.delivered().then(() => {
    isDone = true;
  });
  await world.clock.run(100);
  t.ok(isDone, 'nor does it wait for one');
});

t.test('a tag that is none is refused', async (t) => {
  const world = new StreamWorld({ seed: 4 });
  for (const tag of ['', 'Trainer', 'a tag', 'x'.repeat(17)]) {
    t.throws(() => world.speaker({ limitBy: { tag } }), { code: 'ERR_ACADEMY_BAD_ARGUMENT' }, tag);
  }
});
