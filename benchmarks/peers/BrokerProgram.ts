/**
 * The servers that some peers need between publisher and receivers, as their Debian packages bring them: started for
 * one round on a free port of loopback, with nothing written to disk.
 */
import { spawnSync } from 'node:child_process';
import type { Broker } from '../multicast/runSignalCase.js';
import { ForkedProcess } from '../runner/ForkedProcess.js';
import { freeTcpPort } from '../runner/freeTcpPort.js';
import type { BrokerQuestions } from './brokerProcess.js';
import { loopback } from './Peer.js';
import type { PeerName } from './peers.js';
import { processCpuSeconds } from './processCpuSeconds.js';

export interface BrokerProgram {
  /** Of the program and of the Debian package. */
  readonly program: string;
  readonly argumentsOf: (port: string) => readonly string[];
}

export const brokerPrograms: Readonly<Partial<Record<PeerName, BrokerProgram>>> = {
  nats: { program: 'nats-server', argumentsOf: (port) => ['--addr', loopback, '--port', port] },
  redis: {
    program: 'redis-server',
    argumentsOf: (port) => [
      ...['--bind', loopback, '--port', port, '--save', '', '--appendonly', 'no'],
      // By default a subscriber that lags by 32 MB is cut off, which loses messages.
      ...['--client-output-buffer-limit', 'pubsub 256mb 0 0'],
    ],
  },
};

/** @returns undefined where it is not installed */
export function brokerVersion({ program }: BrokerProgram): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0] : undefined;
}

export async function startBroker({ program, argumentsOf }: BrokerProgram, signal: AbortSignal): Promise<Broker> {
  const port = await freeTcpPort();
  const keeper = new ForkedProcess<BrokerQuestions>(new URL('./brokerProcess.js', import.meta.url), { signal });
  try {
    const { pid } = await keeper.ask('start', { program, given: argumentsOf(String(port)), port });
    return { port, cpuSeconds: () => processCpuSeconds(pid), stop: () => keeper.stop() };
  } catch (thrown) {
    await keeper.stop();
    throw thrown;
  }
}
