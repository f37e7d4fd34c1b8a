import fc from 'fast-check';
import t from 'tap';
import { leastLoaded } from '../../../runtime/hosting/leastLoaded.js';

const cases = [
  {
    name: 'the fewest actors',
    loads: [
      [5, 0, 0],
      [3, 0, 0],
      [4, 0, 0],
    ],
    place: 2,
  },
  {
    name: 'the lowest number among equals',
    loads: [
      [3, 0, 0],
      [3, 0, 0],
    ],
    place: 1,
  },
  {
    name: 'a short queue rather than few actors',
    loads: [
      [3, 500, 0],
      [40, 0, 0],
    ],
    place: 2,
  },
  {
    name: 'an idle thread rather than a busy one',
    loads: [
      [10, 0, 1],
      [15, 0, 0.1],
    ],
    place: 2,
  },
  {
    name: 'a busy thread that has far fewer',
    loads: [
      [10, 0, 1],
      [50, 0, 0.1],
    ],
    place: 1,
  },
] as const;

for (const { name, loads, place } of cases) {
  t.test(`a new actor goes to ${name}`, async (t) => {
    const chosen = leastLoaded(
      loads.map(([actors, waiting, utilisation], index) => ({ shard: index + 1, actors, waiting, utilisation })),
    );
    t.equal(chosen, place);
  });
}

t.test('without a shard there is no place', async (t) => {
  t.equal(leastLoaded([]), undefined);
});

t.test('on equal threads that handle what comes, actors spread evenly', async () => {
  const counts = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 50, max: 200 }), (start, spawns) => {
      const actors = [...start];
      for (let spawned = 0; spawned < spawns; spawned++) {
        const loads = actors.map((count, shard) => ({ shard, actors: count, waiting: 0, utilisation: 0.5 }));
        const shard = leastLoaded(loads) as number;
        actors[shard] = (actors[shard] ?? 0) + 1;
      }
      return Math.max(...actors) - Math.min(...actors) <= 1;
    }),
  );
});
