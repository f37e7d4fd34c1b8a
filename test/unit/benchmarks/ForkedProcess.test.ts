import t from 'tap';
import { ForkedProcess, stopAll } from '../../../benchmarks/runner/ForkedProcess.js';
import type { EchoQuestions } from './echoProcess.js';

const module = new URL('./echoProcess.js', import.meta.url);

function start(signal = new AbortController().signal): ForkedProcess<EchoQuestions> {
  return new ForkedProcess<EchoQuestions>(module, { signal });
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

t.test('a process answers questions, bytes included, and what it throws comes back', async (t) => {
  const process = start();
  t.strictSame(await process.ask('echo', new Uint8Array([1, 2, 3])), new Uint8Array([1, 2, 3]));
  await t.rejects(process.ask('fail', 'as told'), { message: 'as told' });
  t.strictSame(await process.ask('echo', new Uint8Array([4])), new Uint8Array([4]), 'and it goes on after that');
  await process.stop();
  t.notOk(isAlive(process.pid));
  await t.rejects(process.ask('echo', new Uint8Array()), /has ended/);
});

t.test('a process that dies fails its open questions with its last words', async (t) => {
  const process = start();
  const waiting = process.ask('wait', null);
  waiting.catch(() => {});
  await t.rejects(process.ask('die', null), /has ended \(code 3\).*my last words/s);
  await t.rejects(waiting, /has ended/);
  await process.stop();
});

t.test('giving up the run ends every process and its open questions', async (t) => {
  const giveUp = new AbortController();
  const processes = [start(giveUp.signal), start(giveUp.signal)];
  await Promise.all(processes.map((process) => process.ask('echo', new Uint8Array([1]))));
  const waiting = processes.map((process) => t.rejects(process.ask('wait', null), { name: 'AbortError' }));
  giveUp.abort();
  await Promise.all(waiting);
  await stopAll(processes);
  for (const { pid } of processes) t.notOk(isAlive(pid));
  t.throws(() => start(giveUp.signal), { name: 'AbortError' }, 'and none is started afterwards');
});
