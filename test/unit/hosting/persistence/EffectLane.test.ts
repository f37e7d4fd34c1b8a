import fc from 'fast-check';
import t from 'tap';
import { EffectLane } from '../../../../runtime/hosting/persistence/EffectLane.js';
import { limits } from '../../../../runtime/protocol/limits.js';

/** A lane with effects 1 to `count`, and all that it lets go. */
function laneOf(count: number): { lane: EffectLane; unanswered: Map<number, null>; taken: () => number[] } {
  const unanswered = new Map<number, null>();
  const lane = new EffectLane('ben', unanswered);
  for (let number = 1; number <= count; number++) {
    unanswered.set(number, null);
    lane.add(number);
  }
  const taken = (): number[] => {
    const numbers: number[] = [];
    for (let number = lane.take(); number > 0; number = lane.take()) numbers.push(number);
    return numbers;
  };
  return { lane, unanswered, taken };
}

t.test('as many effects are under way as the window lets, and an answer lets the next one go', (t) => {
  const { lane, unanswered, taken } = laneOf(limits.effectsUnderWayMax + 2);
  t.equal(taken().length, limits.effectsUnderWayMax);
  unanswered.delete(1);
  lane.answered(1);
  t.strictSame(taken(), [limits.effectsUnderWayMax + 1]);
  t.end();
});

t.test('after a loss the first unanswered one goes alone, and then more with each answer', (t) => {
  const { lane, unanswered, taken } = laneOf(100);
  const answer = (number: number): void => {
    unanswered.delete(number);
    lane.answered(number);
  };
  taken();
  for (const number of [1, 2, 3]) answer(number);
  lane.beginAgain();
  t.strictSame(taken(), [4]);
  answer(4);
  t.strictSame(taken(), [5, 6]);
  answer(5);
  answer(6);
  t.strictSame(taken(), [7, 8, 9, 10]);
  t.end();
});

t.test('what was refused waits until something is heard, and what is not under way can be refused by nobody', (t) => {
  const { lane, unanswered, taken } = laneOf(10);
  taken();
  lane.refused(4);
  lane.refused(7);
  t.strictSame(taken(), []);
  unanswered.delete(1);
  lane.answered(1);
  t.strictSame(taken(), [4, 5]);
  t.end();
});

t.test('a lane of which nothing is heard between two looks begins again, and one that is refused at each look', (t) => {
  const { lane, taken } = laneOf(3);
  taken();
  t.notOk(lane.look());
  t.ok(lane.look());
  t.strictSame(taken(), [1]);
  lane.refused(1);
  t.strictSame(taken(), []);
  t.ok(lane.look());
  t.strictSame(taken(), [1]);
  t.end();
});

t.test('whatever happens, effects leave in their order between two losses, each with the one before it', (t) => {
  const events = fc.constantFrom('answer' as const, 'late answer' as const, 'refuse' as const, 'lose' as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(events, fc.nat(40)), { maxLength: 300 }), (steps) => {
      const { lane, unanswered } = laneOf(3_000);
      let last = 0;
      for (const [event, which] of steps) {
        const number = [...unanswered.keys()][event === 'answer' ? 0 : which] ?? 0;
        if (event === 'lose') lane.beginAgain();
        else if (event === 'refuse') lane.refused(number);
        else if (unanswered.delete(number)) lane.answered(number);
        if (event === 'lose' || event === 'refuse') last = 0;
        for (let next = lane.take(); next > 0; next = lane.take()) {
          const before = [...unanswered.keys()].filter((each) => each < next).at(-1) ?? 0;
          if (next <= last || lane.before !== before || !unanswered.has(next)) return false;
          last = next;
        }
      }
      return true;
    }),
    { numRuns: 40 },
  );
  t.end();
});
