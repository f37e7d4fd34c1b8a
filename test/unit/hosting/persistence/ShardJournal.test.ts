import fc from 'fast-check';
import t from 'tap';
import { seededRandom } from '../../../../runtime/protocol/Random.js';
import { actorsInWorld, JournalWorld } from './JournalWorld.js';

const depth = 4;

/** Ids of a word and of all that comes of it. */
function family(id: string, left = depth): string[] {
  return left === 0 ? [id] : [id, ...[0, 1].flatMap((index) => family(`${id}.${index}`, left - 1))];
}

t.test(
  'wherever shards die, what is on disk has all its consequences, each of them once and in the order of its sender',
  (t) => {
    let receipted = 0;
    let said = 0;
    let kills = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 0, max: 0.08, noNaN: true }),
        fc.double({ min: 0, max: 0.05, noNaN: true }),
        (seed, words, deadly, faults) => {
          const dice = seededRandom(seed);
          const random = (): number => dice.next();
          const world = new JournalWorld(random, faults);
          for (let word = 0; word < words; word++) world.say(word % actorsInWorld, { id: `w${word}`, depth });
          for (let step = 0; step < 400; step++) {
            world.step();
            if (random() < deadly) {
              world.kill(Math.floor(random() * 3));
              kills++;
            }
            if (random() < 0.05) world.image(Math.floor(random() * actorsInWorld));
            if (random() < 0.02) world.clock.advance(300);
          }
          world.settle();
          receipted += world.receipted.size;
          const expected = [...world.receipted].flatMap((id) => family(id)).sort();
          const published = [...world.published].flatMap(([id, times]) => new Array(times).fill(id) as string[]).sort();
          const logged = world.logged.sort();
          said += logged.length;
          return same(logged, expected) && same(published, expected) && world.overtaken.length === 0;
        },
      ),
      { numRuns: 150 },
    );
    t.comment(`${kills} kills, ${receipted} words receipted, ${said} heard`);
    t.ok(receipted > 100 && kills > 100, 'both happened often enough to mean something');
    t.end();
  },
);

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
