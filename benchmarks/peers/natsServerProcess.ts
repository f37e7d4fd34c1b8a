/** A process that keeps NATS's server: it ends the server when its parent is gone, however that came about. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerQuestions } from '../runner/ForkedProcess.js';
import { freeTcpPort } from '../runner/freeTcpPort.js';
import { loopback } from './Peer.js';

export type NatsServerQuestions = {
  /** Answers when the server listens. */
  readonly start: { readonly given: string; readonly answer: { readonly pid: number; readonly port: number } };
};

const startMs = 10_000;
const pollMs = 20;
const endMs = 3_000;

let server: ChildProcess | undefined;

async function start(program: string): Promise<NatsServerQuestions['start']['answer']> {
  const port = await freeTcpPort();
  server = spawn(program, ['--addr', loopback, '--port', String(port)], { stdio: 'ignore' });
  server.on('error', () => {});
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += pollMs) {
    if (server.exitCode !== null || server.pid === undefined) throw new Error(`${program} has ended at once`);
    if (await accepts(port)) return { pid: server.pid, port };
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
  const running = server;
  if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) return;
  const ended = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGTERM');
  const late = setTimeout(() => running.kill('SIGKILL'), endMs);
  await ended;
  clearTimeout(late);
}

answerQuestions<NatsServerQuestions>({ start }, stop);
