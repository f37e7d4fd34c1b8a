import t from 'tap';
import type { OrderFrame } from '../../../runtime/hosting/frames.js';
import { ShardReports } from '../../../runtime/hosting/shards/ShardReports.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

t.test('of a thread that does not answer, or dies, what is known of it stands instead', async (t) => {
  const clock = new VirtualClock();
  const asked: [shard: number, frame: OrderFrame][] = [];
  const reports = new ShardReports({
    clock,
    linked: () => [1, 2, 3],
    order: (shard, frame) => asked.push([shard, frame]),
  });
  const joined = reports.ask('infos', (shard) => [`known of ${shard}`]);
  t.strictSame(
    asked.map(([shard]) => shard),
    [1, 2, 3],
  );
  const [, question] = asked[0] as [number, Extract<OrderFrame, readonly ['report', ...unknown[]]>];
  reports.answered(question[1], ['said by 1', 'and more']);
  reports.shardDown(3);
  await clock.run(2_000);
  t.strictSame(await joined, ['said by 1', 'and more', 'known of 2', 'known of 3']);
  const left = reports.ask('quarantine');
  reports.close();
  t.strictSame(await left, [], 'or nothing');
});
