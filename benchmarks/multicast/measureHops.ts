/** What a signal costs at each hop, measured in a process of its own that collects nothing meanwhile. */
import type { HopCost } from '../runner/BenchmarkDocument.js';
import { ForkedProcess } from '../runner/ForkedProcess.js';
import { VoidRound } from '../runner/VoidRound.js';
import type { HopsQuestions } from './hopsProcess.js';

const signals = 3_000;
/** Young generation of 256 MB: what is measured allocates some 30. */
const nodeFlags = ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'];

/** @throws VoidRound when something was collected all the same */
export async function measureHops(seed: number, signal: AbortSignal): Promise<readonly HopCost[]> {
  const child = new ForkedProcess<HopsQuestions>(new URL('./hopsProcess.js', import.meta.url), { signal, nodeFlags });
  try {
    const { hops, collections } = await child.ask('hops', { seed, count: signals });
    if (collections > 0) throw new VoidRound('multicast', 'hops', 'the only round', `${collections} collections`);
    return hops;
  } finally {
    await child.stop();
  }
}
