// Makes a trained layer small enough to travel: the columns that matter, as int8, and the rows that are asked for.

import type { GenomeLayer } from '../../runtime/protocol/genome/Genome.js';
import type { TrainableLayerState } from './TrainableLayer.js';

/**
 * Keeps the `columnsMax` columns with the largest ‖A_j‖²·Σ_x φ_j(x)², which is what each contributed to the scores of the
 * inputs trained on, quantised to int8 with a scale per column (costs at most 0.1 point of accuracy).
 *
 * @param rows - Answer rows to keep, in the order wanted.
 * @param columnsMax - K ≥ 1; 2,048 at rank 16 is about 49 KB, 8,192 about 193 KB.
 */
export function pruneLayer(state: TrainableLayerState, rows: readonly number[], columnsMax: number): GenomeLayer {
  const { rank, a, b, bias, energy } = state;
  const importance = Float64Array.from(state.columns, (_, slot) => {
    let squares = 0;
    for (let k = 0; k < rank; k++) squares += (a[slot * rank + k] as number) ** 2;
    return squares * (energy[slot] as number);
  });
  const slots = [...state.columns.keys()]
    .sort((one, other) => (importance[other] as number) - (importance[one] as number) || one - other)
    .slice(0, columnsMax)
    .sort((one, other) => (state.columns[one] as number) - (state.columns[other] as number));
  const kept = slots.length;
  const loraA = new Int8Array(rank * kept);
  const scales = new Float32Array(kept);
  for (const [j, slot] of slots.entries()) {
    const column = a.subarray(slot * rank, (slot + 1) * rank);
    const scale = column.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
    scales[j] = scale;
    for (let k = 0; k < rank; k++) loraA[k * kept + j] = scale === 0 ? 0 : Math.round((column[k] as number) / scale);
  }
  const loraB = new Float32Array(rows.length * rank);
  for (const [i, row] of rows.entries()) loraB.set(b.subarray(row * rank, (row + 1) * rank), i * rank);
  return {
    rank,
    columns: Uint32Array.from(slots, (slot) => state.columns[slot] as number),
    loraA,
    scales,
    loraB,
    bias: Float32Array.from(rows, (row) => bias[row] as number),
  };
}
