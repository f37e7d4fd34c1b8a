import t from 'tap';
import { signTest } from '../../../actors/learning/signTest.js';

t.test('the p-values are those of the binomial table', async (t) => {
  const near = (actual: number, expected: number) =>
    t.ok(Math.abs(actual - expected) < 1e-9, `${actual} is ${expected}`);
  near(signTest(5, 0), 1 / 32);
  near(signTest(8, 2), 56 / 1024);
  near(signTest(0, 5), 1);
  near(signTest(0, 0), 1);
});

t.test('thousands of items neither overflow nor vanish', async (t) => {
  t.ok(signTest(2_000, 2_000) > 0.5);
  t.ok(signTest(2_200, 1_800) < 1e-9);
  t.ok(signTest(2_050, 1_950) > 0.05);
});
