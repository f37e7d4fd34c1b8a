import fc from 'fast-check';
import t from 'tap';
import { leastLoaded } from '../../../runtime/hosting/shards/leastLoaded.js';

interface Case {
  readonly goesTo: string;
  /** Of each shard. */
  readonly actors: readonly number[];
  readonly waiting?: readonly number[];
  readonly utilisation?: readonly number[];
  readonly place: number;
}

const cases: readonly Case[] = [
  { goesTo: 'the fewest actors', actors: [5, 3, 4], place: 2 },
  { goesTo: 'the lowest number among equals', actors: [3, 3], place: 1 },
  { goesTo: 'a short queue rather than few actors', actors: [3, 40], waiting: [500, 0], place: 2 },
  { goesTo: 'an idle thread rather than a busy one', actors: [10, 15], utilisation: [1, 0.1], place: 2 },
  { goesTo: 'a busy thread that has far fewer', actors: [10, 50], utilisation: [1, 0.1], place: 1 },
];

for (const { goesTo, actors, waiting = [], utilisation = [], place } of cases) {
  t.test(`a new actor goes to ${goesTo}`, async (t) => {
    const loads = actors.map((count, index) => ({
      shard: index + 1,
      actors: count,
      waiting: waiting[index] ?? 0,
      utilisation: utilisation[index] ?? 0,
    }));
    t.equal(leastLoaded(loads), place);
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
