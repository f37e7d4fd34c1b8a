/** NATS's server as its package (Debian's `nats-server`) brings it, on a free port of loopback, for one round. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../multicast/runSignalCase.js';
import { freeTcpPort } from '../runner/freeTcpPort.js';
import { loopback } from './Peer.js';
import { processCpuSeconds } from './processCpuSeconds.js';

const program = 'nats-server';
const startMs = 10_000;
const pollMs = 20;
const endMs = 3_000;

export function natsServerVersion(): string | undefined {
  const { status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /v?(\d+\.\d+\.\d+)/.exec(`${stdout}${stderr}`)?.[1] : undefined;
}

export async function startNatsServer(signal: AbortSignal): Promise<Broker> {
  signal.throwIfAborted();
  const port = await freeTcpPort();
  const server = spawn(program, ['--addr', loopback, '--port', String(port)], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', () => resolve());
  });
  // The server would outlive a benchmark that ends without a word.
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    const late = setTimeout(kill, endMs);
    await ended;
    clearTimeout(late);
    process.off('exit', kill);
  };
  try {
    await untilItListens(server, port, signal);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { port, cpuSeconds: () => processCpuSeconds(server.pid), stop };
}

async function untilItListens(server: ChildProcess, port: number, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += pollMs) {
    if (server.exitCode !== null || server.pid === undefined) throw new Error(`${program} has ended at once`);
    if (await accepts(port)) return;
    await sleep(pollMs, undefined, { signal });
  }
  throw new Error(`${program} did not listen within ${startMs / 1000} s`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, loopback);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
