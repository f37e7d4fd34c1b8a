import t from 'tap';
import { pruneLayer } from '../../../actors/learning/pruneLayer.js';
import { donorOf } from './clinc.js';

const { own } = donorOf('banking').snapshot();
const rows = [...Array(150).keys()];

t.test('the columns that mattered most are kept, in ascending order', async (t) => {
  const kept = pruneLayer(own, rows, 500).columns;
  t.equal(kept.length, 500);
  t.ok(kept.every((column, j) => j === 0 || column > (kept[j - 1] as number)));
  const more = new Set(pruneLayer(own, rows, 1_000).columns);
  t.ok(
    kept.every((column) => more.has(column)),
    'fewer columns are a part of more columns',
  );
});

t.test('int8 changes no number by more than half a step of its column', async (t) => {
  const { rank, columns, loraA, scales } = pruneLayer(own, rows, 65_536);
  t.equal(columns.length, own.columns.length, 'a bound above the number of columns keeps all');
  const slotOf = new Map([...own.columns].map((column, slot) => [column, slot]));
  let worst = 0;
  for (const [j, column] of columns.entries()) {
    for (let k = 0; k < rank; k++) {
      const exact = own.a[(slotOf.get(column) as number) * rank + k] as number;
      const step = scales[j] as number;
      worst = Math.max(worst, Math.abs((loraA[k * columns.length + j] as number) * step - exact) / step);
    }
  }
  t.ok(worst <= 0.5001, `worst ${worst}`);
});

t.test('rows come in the order asked for', async (t) => {
  const { loraB, bias, rank } = pruneLayer(own, [7, 3], 10);
  t.strictSame(loraB.subarray(rank), own.b.subarray(3 * rank, 4 * rank));
  t.strictSame([...bias], [own.bias[7], own.bias[3]]);
});
