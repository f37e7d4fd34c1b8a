import t from 'tap';
import { ShardWatch, type WatchedThread } from '../../../runtime/hosting/shards/ShardWatch.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

/** A thread that a test moves on by hand. */
class FakeThread {
  epoch = 1;
  heartbeats = 0;
  active = 0;
  idle = 0;

  sight(): WatchedThread {
    const { epoch, heartbeats, active, idle } = this;
    return { epoch, heartbeats, utilisation: { active, idle, utilization: active / (active + idle || 1) } };
  }
}

function watched(thread: FakeThread): { clock: VirtualClock; watch: ShardWatch; hung: number[] } {
  const clock = new VirtualClock();
  const hung: number[] = [];
  const watch = new ShardWatch({
    clock,
    hangMs: 400,
    threads: 1,
    look: () => thread.sight(),
    hung: (shard) => hung.push(shard),
  });
  watch.start();
  return { clock, watch, hung };
}

t.test('a thread whose heart stands still while its loop is busy hangs, and is reported once', async (t) => {
  const thread = new FakeThread();
  const { clock, watch, hung } = watched(thread);
  for (let look = 0; look < 4; look++) {
    clock.advance(100);
    thread.active += 100;
  }
  t.strictSame(hung, []);
  t.equal(watch.utilisation(1), 1);
  clock.advance(100);
  t.strictSame(hung, [1]);
  thread.active += 100;
  clock.advance(100);
  t.strictSame(hung, [1]);
});

t.test('neither a busy thread nor one that gets no time hangs', async (t) => {
  const busy = new FakeThread();
  const starved = new FakeThread();
  const worlds = [watched(busy), watched(starved)];
  for (let look = 0; look < 20; look++) {
    busy.active += 100;
    busy.heartbeats += look % 3 === 0 ? 1 : 0;
    starved.idle += 100;
    for (const { clock } of worlds) clock.advance(100);
  }
  t.strictSame(
    worlds.map(({ hung }) => hung),
    [[], []],
  );
});

t.test('a new life of a shard is not blamed for the one before', async (t) => {
  const thread = new FakeThread();
  const { clock, hung } = watched(thread);
  for (let look = 0; look < 12; look++) {
    thread.active += 100;
    if (look % 3 === 2) thread.epoch++;
    clock.advance(100);
  }
  t.strictSame(hung, []);
});

t.test('it stops looking when it is told', async (t) => {
  const { clock, watch } = watched(new FakeThread());
  clock.advance(100);
  watch.stop();
  t.equal(clock.pendingTimers, 0);
});
