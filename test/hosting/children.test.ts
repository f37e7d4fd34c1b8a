/** Children without a name: they live and die on their parent's shard, and are reached from everywhere. */
import t, { type Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorAddress, Settled } from '../../runtime/protocol/actors.js';
import type { ErrorRecord } from '../../runtime/protocol/errors.js';
import { until } from '../../testing/realTime.js';
import { openShards, probeSpec } from './probes.js';

const module = new URL('./actors/family.js', import.meta.url).href;
const deadlineMs = 10_000;

interface Child {
  readonly counted: number;
  readonly nickname: string;
  readonly self: ActorAddress;
  readonly restarts: number;
}

async function bornOf(system: ActorSystem): Promise<Settled[]> {
  return (await system.ask({ name: 'eve' }, { type: 'children' }, { deadlineMs })) as Settled[];
}

async function bear(system: ActorSystem, nickname: string): Promise<ActorAddress> {
  const before = (await bornOf(system)).length;
  system.tell({ name: 'eve' }, { type: 'bear', data: { nickname } });
  await until(`${nickname} is born`, async () => (await bornOf(system)).length > before);
  const born = (await bornOf(system))[before];
  return born?.result as ActorAddress;
}

function look(system: ActorSystem, address: ActorAddress): Promise<Child> {
  return system.ask(address, { type: 'count' }, { deadlineMs }) as Promise<Child>;
}

for (const [where, threads] of [
  ['in the main thread', 0],
  ['on worker threads', 2],
] as const) {
  t.test(`children without a name, ${where}`, async (t) => {
    const { system } = await openShards(t, { threads });
    const promise = (name: string, body: (t: Test) => Promise<void>): void => {
      t.test(name, async (t) => {
        await system.spawn({ name: 'eve', module, exportName: 'parent', shard: threads === 0 ? 0 : 1 });
        t.teardown(() => system.stop({ name: 'eve' }));
        await body(t);
      });
    };

    promise('a child has an address by which all shards reach it, and comes back from a crash', async (t) => {
      const address = await bear(system, 'abel');
      system.tell(address, { type: 'count' });
      t.match(await look(system, address), { counted: 1, nickname: 'abel', self: address, restarts: 0 });
      await system.spawn(probeSpec('far', { shard: threads === 0 ? 0 : 2 }));
      t.teardown(() => system.stop({ name: 'far' }));
      system.tell({ name: 'far' }, { type: 'emit', data: { type: 'tell', to: address, message: { type: 'count' } } });
      await until('it was told by another shard', async () => (await look(system, address)).counted === 2);
      system.tell(address, { type: 'crash' });
      t.match(await look(system, address), { counted: 0, nickname: 'abel', self: address, restarts: 1 });
      t.match(await system.counters(), { actors: 3, children: 1 });
      t.match(
        (await system.infos()).find(({ machine }) => machine === 'child'),
        { name: /^eve#/, address, restarts: 1, tier: 'compiled' },
      );
    });

    promise('a stopped child is gone, its slot is used again and its address never', async (t) => {
      const abel = await bear(system, 'abel');
      await system.stop(abel);
      t.match(await system.counters(), { children: 0 });
      const seth = await bear(system, 'seth');
      t.equal(seth.slot, abel.slot);
      t.not(seth.generation, abel.generation);
      await t.rejects(look(system, abel), { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: /stale-address/ });
      system.tell({ name: 'eve' }, { type: 'disown', data: seth });
      await until('its parent has stopped it', async () => (await system.counters()).children === 0);
      await system.stop(seth);
    });

    promise('a child that crashes as it starts is told to its parent, which goes on', async (t) => {
      system.tell({ name: 'eve' }, { type: 'bear', data: { nickname: 'cain', fails: true } });
      await until('it is told', async () => (await bornOf(system)).length === 1);
      const { tag, error } = (await bornOf(system))[0] as { tag: string; error: ErrorRecord };
      t.equal(tag, 'cain');
      t.match(error, { code: 'ERR_ACADEMY_ACTOR_MODULE', message: /it does not want to live/ });
      t.match(await system.counters(), { children: 0 });
    });

    promise('children end with the life of their parent, be it by a stop or by a crash', async (t) => {
      const abel = await bear(system, 'abel');
      system.tell(abel, { type: 'count' });
      system.tell({ name: 'eve' }, { type: 'crash' });
      await until('it is gone', async () => (await system.counters()).children === 0);
      t.strictSame(await bornOf(system), [], 'the parent is back, without it');
      await bear(system, 'seth');
      await system.stop({ name: 'eve' });
      await until('that one, too', async () => (await system.counters()).children === 0);
    });
  });
}

t.test('after the death of a thread, the address of a child that was there reaches nobody', async (t) => {
  const shards = await openShards(t, { threads: 1 });
  const { system } = shards;
  await system.spawn({ name: 'eve', module, exportName: 'parent' });
  const abel = await bear(system, 'abel');
  await shards.kill(1);
  t.match(await system.counters(), { children: 0 });
  const seth = await bear(system, 'seth');
  t.equal(seth.slot, abel.slot, 'the slot is used again');
  await t.rejects(look(system, abel), { code: 'ERR_ACADEMY_ACTOR_STOPPED', message: /stale-address/ });
  t.match(await look(system, seth), { nickname: 'seth' });
});
