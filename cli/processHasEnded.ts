import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 20;
const limitMs = 15_000;

/** @throws an error with a remedy when the process still lives after 15 s */
export async function processHasEnded(pid: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) {
      throw Object.assign(new Error(`process ${pid} still runs after ${limitMs / 1000} s`), {
        code: 'ERR_ACADEMY_DEADLINE',
        remedy: `end it by force: kill -9 ${pid}`,
      });
    }
    await delay(pollMs);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
