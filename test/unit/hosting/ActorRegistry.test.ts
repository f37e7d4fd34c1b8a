import fc from 'fast-check';
import t from 'tap';
import { ActorRegistry } from '../../../runtime/hosting/records/ActorRegistry.js';

const spec = (name: string) => ({ name, module: 'x', exportName: 'y' });

t.test('no two actors ever have the same address, however names and slots come and go', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(2)), { maxLength: 200 }), (steps) => {
      const registry = new ActorRegistry(3);
      const given = new Set<string>();
      for (const [number, shard] of steps) {
        const held = registry.byName(`${number}`);
        if (held) {
          registry.remove(held);
          registry.remove(held);
          const { address } = held;
          if (registry.byAddress(address.shard, address.slot, address.generation)) return false;
          continue;
        }
        const { address } = registry.add(spec(`${number}`), shard, number);
        if (address.slot === 0 || given.has(JSON.stringify(address))) return false;
        given.add(JSON.stringify(address));
      }
      return [0, 1, 2].reduce((sum, shard) => sum + registry.population(shard), 0) === registry.size;
    }),
  );
});

t.test('actors are stopped the latest first', async (t) => {
  const registry = new ActorRegistry(2);
  for (const [name, shard] of [
    ['a', 0],
    ['b', 1],
    ['c', 0],
  ] as const)
    registry.add(spec(name), shard, 1);
  t.strictSame(
    registry.latestFirst().map(({ spec: { name } }) => name),
    ['c', 'b', 'a'],
  );
});
