import t from 'tap';
import { processCpuSeconds } from '../../../benchmarks/peers/processCpuSeconds.js';
import { cpuSeconds } from '../../../benchmarks/runner/cpuSeconds.js';

t.test('the CPU time of a process, read from outside, is what the process itself says', async (t) => {
  if (process.platform !== 'linux') return t.ok(Number.isNaN(processCpuSeconds(process.pid)));
  const before = cpuSeconds();
  const outside = processCpuSeconds(process.pid);
  const after = cpuSeconds();
  // The system counts in hundredths.
  t.ok(outside > before - 0.03 && outside < after + 0.03, `${outside} between ${before} and ${after}`);
});

t.test('a process that is not there has no CPU time', async (t) => {
  t.ok(Number.isNaN(processCpuSeconds(undefined)));
});
