/** Monitors and links, within a shard, across shards, and over the death of a thread. */
import t, { type Test } from 'tap';
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import type { ActorEffect, ActorReference } from '../../runtime/protocol/actors.js';
import { until } from '../../testing/realTime.js';
import { openShards, otherNode, probeSpec, reportOf } from './probes.js';

const order = (system: ActorSystem, name: string, data: ActorEffect | readonly ActorEffect[]): void =>
  system.tell({ name }, { type: 'emit', data });

async function notesOf(system: ActorSystem, name: string): Promise<readonly string[]> {
  return (await reportOf(system, name)).notes;
}

/** Waits until an actor has written down so much, and returns it. */
async function noted(system: ActorSystem, name: string, count: number): Promise<readonly string[]> {
  await until(`${name} has noted ${count}`, async () => (await notesOf(system, name)).length >= count);
  return notesOf(system, name);
}

/** Orders something about ben, and waits until it has reached him. */
async function orderOnBen(system: ActorSystem, name: string, ...effects: readonly ActorEffect[]): Promise<void> {
  const data = `from ${name}, ${effects.length} orders: ${effects.map(({ type }) => type)}`;
  order(system, name, [...effects, { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data } }]);
  await until(`ben hears ${data}`, async () => (await notesOf(system, 'ben')).includes(data));
}

for (const [where, threads] of [
  ['in the main thread', 0],
  ['across worker threads', 2],
] as const) {
  t.test(`monitors and links, ${where}`, async (t) => {
    const { system } = await openShards(t, { threads });
    const [here, there] = threads === 0 ? [0, 0] : [1, 2];
    const promise = (name: string, body: (t: Test) => Promise<void>): void => {
      t.test(name, async (t) => {
        await system.spawn(probeSpec('ada', { shard: here }));
        await system.spawn(probeSpec('ben', { shard: there }));
        t.teardown(async () => {
          for (const { name, status } of await system.infos()) if (status !== 'failed') await system.stop({ name });
        });
        await body(t);
      });
    };
    const ben: ActorReference = { name: 'ben' };

    promise('who watches an actor is told when it has stopped, after all that it has said', async (t) => {
      const address = system.resolve('ben');
      if (!address) throw new Error('ben has no address');
      await orderOnBen(system, 'ada', { type: 'monitor', target: ben, tag: 7 }, { type: 'monitor', target: address });
      const words = Array.from(
        { length: 100 },
        (_, index): ActorEffect => ({
          type: 'tell',
          to: { name: 'ada' },
          message: { type: 'note', data: String(index) },
        }),
      );
      order(system, 'ben', words);
      await system.stop(ben);
      t.strictSame((await noted(system, 'ada', 102)).slice(98), [
        '98',
        '99',
        'down ben stopped (7)',
        'down an address stopped',
      ]);
    });

    promise('a crash is no departure as long as the actor comes back; being given up is', async (t) => {
      await orderOnBen(system, 'ada', { type: 'monitor', target: ben });
      for (let crash = 0; crash < 5; crash++) system.tell(ben, { type: 'crash', data: 'on purpose' });
      t.equal((await reportOf(system, 'ben')).restarts, 5);
      t.strictSame(await notesOf(system, 'ada'), []);
      system.tell(ben, { type: 'crash', data: 'once too often' });
      t.strictSame(await noted(system, 'ada', 1), ['down ben failed once too often']);
    });

    promise('who watches an actor that is gone already, or never was, is told so at once', async (t) => {
      const address = system.resolve('ben');
      if (!address) throw new Error('ben has no address');
      await system.stop(ben);
      order(system, 'ada', [
        { type: 'monitor', target: address },
        { type: 'monitor', target: { name: 'nobody' } },
      ]);
      const notes = [...(await noted(system, 'ada', 2))].sort();
      t.match(notes, [/^down an address not-there/, /^down nobody not-there/]);
      t.equal((await system.deadLetters()).filter(({ messageType }) => messageType === 'academy.watch').length, 0);
    });

    promise('who does not want to know any more is not told', async (t) => {
      order(system, 'ada', [
        { type: 'monitor', target: ben },
        { type: 'demonitor', target: ben },
      ]);
      await system.spawn(probeSpec('cy', { shard: here }));
      order(system, 'cy', { type: 'monitor', target: ben });
      // A crash ends the watch: the next life has not asked.
      system.tell({ name: 'cy' }, { type: 'crash', data: 'on purpose' });
      t.equal((await reportOf(system, 'cy')).restarts, 1);
      await system.stop(ben);
      await system.spawn(probeSpec('dan', { shard: there }));
      for (const name of ['ada', 'cy']) {
        order(system, name, [
          { type: 'monitor', target: { name: 'dan' } },
          { type: 'tell', to: { name: 'dan' }, message: { type: 'note', data: 'watched' } },
        ]);
      }
      await noted(system, 'dan', 2);
      await system.stop({ name: 'dan' });
      for (const name of ['ada', 'cy']) t.match(await noted(system, name, 1), [/^down dan/]);
    });

    promise('a crash of one crashes those who are linked to it, on either side', async (t) => {
      await orderOnBen(system, 'ada', { type: 'link', target: ben });
      system.tell({ name: 'ben' }, { type: 'crash', data: 'on purpose' });
      await until('ada has crashed, too', async () => (await reportOf(system, 'ada')).restarts === 1);
      t.match(
        (await system.infos()).find(({ name }) => name === 'ada'),
        { lastError: { message: /linked to "ben".*crashed: on purpose/, remedy: /traps/ } },
      );
      await orderOnBen(system, 'ada', { type: 'link', target: ben });
      system.tell({ name: 'ada' }, { type: 'crash', data: 'on purpose' });
      await until('ben has crashed for the second time', async () => (await reportOf(system, 'ben')).restarts === 2);
    });

    promise('who traps is told of it instead, and a stop in good order harms nobody', async (t) => {
      await system.spawn(probeSpec('cy', { exportName: 'trappingProbe', shard: here }));
      await orderOnBen(system, 'cy', { type: 'link', target: ben });
      system.tell(ben, { type: 'crash', data: 'on purpose' });
      t.match(await noted(system, 'cy', 1), ['exit ben crashed on purpose']);
      await orderOnBen(system, 'cy', { type: 'link', target: ben });
      await orderOnBen(system, 'ada', { type: 'link', target: ben });
      await system.stop(ben);
      t.match(await noted(system, 'cy', 2), [/crashed/, 'exit ben stopped']);
      t.equal((await reportOf(system, 'ada')).restarts, 0);
    });

    promise('what is unlinked is no link any more, from whichever side', async (t) => {
      await orderOnBen(system, 'ada', { type: 'link', target: ben }, { type: 'unlink', target: ben });
      system.tell({ name: 'ada' }, { type: 'crash', data: 'on purpose' });
      t.equal((await reportOf(system, 'ada')).restarts, 1);
      order(system, 'ada', { type: 'tell', to: ben, message: { type: 'note', data: 'after the crash' } });
      t.match(await noted(system, 'ben', 2), [/unlink/, 'after the crash']);
      t.equal((await reportOf(system, 'ben')).restarts, 0);
    });

    promise('to watch an actor of another node is a fault of whoever asks', async (t) => {
      order(system, 'ada', { type: 'monitor', target: { name: 'far', node: otherNode } });
      await until('it has crashed', async () => (await reportOf(system, 'ada')).restarts === 1);
      t.match(
        (await system.infos()).find(({ name }) => name === 'ada'),
        { lastError: { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /another node/ } },
      );
    });
  });
}

t.test(
  'the death of a thread is told to those who watch somebody there, and ends the watches of those who died',
  async (t) => {
    const { system, ups } = await openShards(t, { threads: 2 });
    await system.spawn(probeSpec('ada', { shard: 1 }));
    await system.spawn(probeSpec('trapper', { shard: 1, exportName: 'trappingProbe' }));
    await system.spawn(probeSpec('ben', { shard: 2 }));
    order(system, 'ada', [
      { type: 'monitor', target: { name: 'ben' } },
      { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: 'watched' } },
    ]);
    order(system, 'trapper', [
      { type: 'link', target: { name: 'ben' } },
      { type: 'tell', to: { name: 'ben' }, message: { type: 'note', data: 'linked' } },
    ]);
    await noted(system, 'ben', 2);
    order(system, 'ben', { type: 'monitor', target: { name: 'ada' } });
    system.tell({ name: 'ben' }, { type: 'exit', data: 3 });
    t.match(await noted(system, 'ada', 1), [/^down ben shard-down/]);
    t.match(await noted(system, 'trapper', 1), [/^exit ben shard-down/]);
    await until('the shard is back', () => ups.length === 1);
    await orderOnBen(system, 'ada', { type: 'monitor', target: { name: 'ben' } });
    await system.stop({ name: 'ben' });
    t.match(await noted(system, 'ada', 2), [/shard-down/, 'down ben stopped'], 'one can watch who has come back');
  },
);
