import t from 'tap';
import { ActorForwards } from '../../../runtime/hosting/addresses/ActorForwards.js';

const at = (shard: number, slot: number) => ({ shard, slot, generation: 1 });

t.test('every earlier address of an actor leads to the present one', (t) => {
  const forwards = new ActorForwards();
  forwards.add(at(1, 1), at(2, 1));
  forwards.add(at(2, 1), at(3, 1));
  t.strictSame([forwards.latest(at(1, 1)), forwards.latest(at(2, 1))], [at(3, 1), at(3, 1)]);
  t.strictSame(forwards.latest(at(3, 1)), at(3, 1), 'one that has not moved is where it is');
  const copy = new ActorForwards();
  for (const [from, to] of forwards.entries()) copy.add(from, to);
  copy.add(at(3, 1), at(1, 2));
  t.strictSame(copy.latest(at(1, 1)), at(1, 2), 'a copy goes on like the first');
  t.end();
});

t.test('the oldest address is forgotten when there are too many, and those of an actor that has ended', (t) => {
  const forwards = new ActorForwards(2);
  forwards.add(at(1, 1), at(2, 1));
  forwards.add(at(2, 1), at(3, 1));
  forwards.add(at(1, 5), at(2, 5));
  t.equal(forwards.size, 2);
  t.strictSame(forwards.latest(at(1, 1)), at(1, 1));
  t.strictSame(forwards.latest(at(2, 1)), at(3, 1));
  forwards.ended(at(3, 1));
  t.strictSame([forwards.size, forwards.latest(at(1, 5))], [1, at(2, 5)]);
  t.end();
});
