import t from 'tap';
import { type Lesson, ReplayBuffer } from '../../../actors/learning/ReplayBuffer.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';

const lessonOf = (row: number): Lesson => ({
  kind: 'expected',
  phi: { indices: Uint32Array.of(row), values: Float32Array.of(1) },
  row,
});

t.test('it never holds more than its capacity, and old and new lessons are as likely kept', async (t) => {
  const buffer = new ReplayBuffer(1_000, seededRandom(4));
  for (let row = 0; row < 10_000; row++) buffer.add(lessonOf(row));
  t.equal(buffer.size, 1_000);
  const { rows } = buffer.snapshot();
  const early = rows.filter((row) => row < 5_000).length;
  t.ok(early > 430 && early < 570, `${early} of 1000 from the first half`);
});

t.test('an empty buffer has nothing to pick', async (t) => {
  t.equal(new ReplayBuffer(10, seededRandom(1)).pick(), undefined);
});

t.test('lessons of both kinds survive a snapshot', async (t) => {
  const buffer = new ReplayBuffer(10, seededRandom(1));
  buffer.add(lessonOf(3));
  buffer.add({ ...lessonOf(5), kind: 'judged', value: -0.1 });
  const snapshot = buffer.snapshot();
  t.strictSame(ReplayBuffer.restore(snapshot, 10, seededRandom(2)).snapshot(), snapshot);
  const inSinglePrecision = { ...snapshot, values: Float32Array.from(snapshot.values) };
  const restored = ReplayBuffer.restore(inSinglePrecision, 10, seededRandom(2)).snapshot();
  t.strictSame([restored.rows, restored.values[1]], [snapshot.rows, Math.fround(-0.1)], 'as older personas were saved');
});
