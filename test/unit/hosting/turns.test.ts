import t from 'tap';
import { createMachine } from 'xstate';
import { ActorHost } from '../../../runtime/hosting/ActorHost.js';
import { defineActor } from '../../../runtime/hosting/defineActor.js';
import { ShardLedger } from '../../../runtime/hosting/shards/ShardLedger.js';
import { defaultRestart } from '../../../runtime/hosting/supervision/restartPolicy.js';
import { nodeIdOf } from '../../../runtime/protocol/identity.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';
import { VirtualClock } from '../../../transports/memory/VirtualClock.js';

/** Longer than a turn may take. */
const handlingMs = 6;

t.test('however often a turn is taken before its time, one call for the next is under way', async (t) => {
  const random = seededRandom(1);
  const clock = new VirtualClock();
  const calls: (() => void)[] = [];
  let handled = 0;
  const host = new ActorHost({
    shard: 0,
    epoch: 1,
    nodeId: nodeIdOf(random.bytes(32)),
    academyId: 'test-academy',
    clock,
    random,
    ledger: new ShardLedger(1),
    restart: defaultRestart,
    toMain: () => {},
    defer: (call) => calls.push(call),
  });
  const work = (): void => {
    handled++;
    clock.advance(handlingMs);
  };
  const slow = defineActor({ machine: createMachine({ id: 'slow', on: { work: { actions: work } } }) });
  const [slot, generation] = host.spawner.spawnMany(slow, 1) as [number, number];
  for (let message = 0; message < 40; message++) {
    host.switchboard.tell({ shard: 0, slot, generation }, 'work', null, null);
  }
  for (let arrival = 1; arrival <= 10; arrival++) {
    host.takeTurn();
    t.equal(handled, arrival, 'a turn each time that something arrives');
    t.equal(calls.length, 1);
  }
  for (let round = 1; round <= 10; round++) {
    for (const call of calls.splice(0)) call();
    t.equal(handled, 10 + round, 'and one in each round of the loop');
    t.equal(calls.length, 1);
  }
  while (calls.length > 0) calls.shift()?.();
  t.equal(handled, 40);
  host.close();
});
