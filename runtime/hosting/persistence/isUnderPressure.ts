/** Whether a thread is about to run out of heap, so that what can be put to disk should be. */
import { getHeapStatistics } from 'node:v8';

/** Beyond this part of its limit a heap spends its time on collecting garbage. */
const pressedFrom = 0.8;

export function isUnderPressure(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used > pressedFrom * limit;
}
