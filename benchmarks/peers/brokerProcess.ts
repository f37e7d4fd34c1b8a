/** A process that keeps a broker: it ends the broker when its parent is gone, however that came about. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { loopback } from './Peer.js';

export type BrokerQuestions = {
  /** Answers when the broker listens on `port`, which is free as yet. */
  readonly start: {
    readonly given: { readonly program: string; readonly given: readonly string[]; readonly port: number };
    readonly answer: { readonly pid: number };
  };
};

const startMs = 10_000;
const pollMs = 20;
const endMs = 3_000;

let broker: ChildProcess | undefined;

async function start({ program, given, port }: BrokerQuestions['start']['given']): Promise<{ pid: number }> {
  broker = spawn(program, [...given], { stdio: 'ignore' });
  broker.on('error', () => {});
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += pollMs) {
    if (broker.exitCode !== null || broker.pid === undefined) throw new Error(`${program} has ended at once`);
    if (await accepts(port)) return { pid: broker.pid };
    await sleep(pollMs);
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

async function stop(): Promise<void> {
  const running = broker;
  if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
  const ended = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGTERM');
  const late = setTimeout(() => running.kill('SIGKILL'), endMs);
  await ended;
  clearTimeout(late);
}

answerQuestions<BrokerQuestions>({ start }, stop);
