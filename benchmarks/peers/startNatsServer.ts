/** NATS's server as its package (Debian's `nats-server`) brings it, on a free port of loopback, for one round. */
import { spawnSync } from 'node:child_process';
import type { Broker } from '../multicast/runSignalCase.js';
import { ForkedProcess } from '../runner/ForkedProcess.js';
import type { NatsServerQuestions } from './natsServerProcess.js';
import { processCpuSeconds } from './processCpuSeconds.js';

const program = 'nats-server';

/** @returns undefined where it is not installed */
export function natsServerVersion(): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /v?(\d+\.\d+\.\d+)/.exec(`${stdout}${stderr}`)?.[1] : undefined;
}

export async function startNatsServer(signal: AbortSignal): Promise<Broker> {
  const keeper = new ForkedProcess<NatsServerQuestions>(new URL('./natsServerProcess.js', import.meta.url), { signal });
  try {
    const { pid, port } = await keeper.ask('start', program);
    return { port, cpuSeconds: () => processCpuSeconds(pid), stop: () => keeper.stop() };
  } catch (thrown) {
    await keeper.stop();
    throw thrown;
  }
}
