/** How long a reader without frames looks again before it sleeps. */
import fc from 'fast-check';
import t from 'tap';
import { Patience } from '../../../runtime/hosting/rings/Patience.js';

/** @returns looks until it sleeps */
function looksBeforeSleep(patience: Patience): number {
  let looks = 0;
  while (patience.again()) looks++;
  return looks;
}

t.test('in a talk whose next word is near, a reader never sleeps', async (t) => {
  const patience = new Patience();
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 }), (gaps) =>
      gaps.every((gap) => {
        patience.found();
        return Array.from({ length: gap }, () => patience.again()).every((isLooking) => isLooking);
      }),
    ),
  );
  t.pass();
});

t.test('where each word comes long after the last, looking costs a few looks a word', async (t) => {
  const patience = new Patience();
  const words = 1_000;
  let looks = 0;
  for (let word = 0; word < words; word++) {
    looks += looksBeforeSleep(patience);
    patience.found();
  }
  t.ok(looks / words < 5, `${looks / words}`);
});

t.test('a talk that begins after a long silence is noticed', async (t) => {
  const patience = new Patience();
  for (let word = 0; word < 1_000; word++) {
    looksBeforeSleep(patience);
    patience.found();
  }
  let slept = 0;
  for (let word = 0; word < 100; word++) {
    // The next word comes after three looks, or wakes the reader.
    const isLooking = patience.again() && patience.again() && patience.again();
    if (!isLooking) slept++;
    patience.found();
  }
  t.ok(slept <= 40, `${slept}`);
});
