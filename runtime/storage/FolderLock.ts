/**
 * Keeps two nodes from one data folder: a file that is made exclusively and names its process. The lock of a process
 * that died is taken over. It tells processes of one machine apart; a folder is not for sharing between machines or
 * containers, whose process numbers mean nothing to one another.
 */
import { readFileSync, rmSync } from 'node:fs';
import { AcademyError } from '../protocol/errors.js';
import type { Random } from '../protocol/Random.js';
import { createWhole } from './createWhole.js';

interface LockHolder {
  readonly pid: number;
  /** Tells a process from a later one of the same number; null where the system does not say. */
  readonly startTime: string | null;
}

/** More attempts than processes that could start on one folder at the same moment. */
const attemptsMax = 100;

export class FolderLock {
  readonly #path: string;
  #held = true;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param path of the lock file, in a folder that exists
   * @throws AcademyError ERR_ACADEMY_DATA_IN_USE when a living process holds it
   */
  static acquire(path: string, random: Random): FolderLock {
    const self: LockHolder = { pid: process.pid, startTime: startTimeOf(process.pid) };
    const content = `${JSON.stringify(self)}\n`;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (createWhole(path, content, random)) return new FolderLock(path);
      const holder = readHolder(path);
      if (isAlive(holder)) throw inUse(path, holder.pid);
      removeDeadLock(path, content, random);
    }
    throw inUse(path, readHolder(path)?.pid);
  }

  /** Gives the folder free; safe to call twice. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(this.#path, { force: true });
  }
}

/**
 * Removes the lock of a dead process. Only the holder of a second lock may: otherwise one process could remove the
 * fresh lock that another has just put in the dead one's place.
 */
function removeDeadLock(path: string, content: string, random: Random): void {
  const guard = `${path}.takeover`;
  if (!createWhole(guard, content, random)) {
    if (!isAlive(readHolder(guard))) rmSync(guard, { force: true });
    return;
  }
  try {
    if (!isAlive(readHolder(path))) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const { pid, startTime } = JSON.parse(readFileSync(path, 'utf8')) as Partial<LockHolder>;
    if (!Number.isSafeInteger(pid) || (pid as number) <= 0) return undefined;
    return { pid: pid as number, startTime: typeof startTime === 'string' ? startTime : null };
  } catch {
    // Gone meanwhile, or damaged: either way nobody is named who could hold it.
    return undefined;
  }
}

function isAlive(holder: LockHolder | undefined): holder is LockHolder {
  if (!holder) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  const startTime = startTimeOf(holder.pid);
  return holder.startTime === null || startTime === null || holder.startTime === startTime;
}

/** Start of a process in clock ticks since the boot (proc(5), field 22); null where there is no /proc. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold anything, brackets and spaces too.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function inUse(path: string, pid: number | undefined): AcademyError {
  return new AcademyError(
    'ERR_ACADEMY_DATA_IN_USE',
    `${path} is held by ${pid === undefined ? 'another process' : `process ${pid}`}`,
  );
}
