/**
 * Makes a file with its content at one stroke: whoever reads it finds all of it, and of several processes that make
 * it at once only one succeeds.
 */
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import type { Random } from '../protocol/Random.js';

/**
 * @returns false when the file is there already; it is then left as it is
 * @throws what the file system throws
 */
export function createWhole(file: string, content: string | Uint8Array, random: Random): boolean {
  const bytes = Buffer.from(content);
  const prepared = `${file}.${process.pid}.${random.id()}`;
  try {
    const descriptor = openSync(prepared, 'wx', 0o600);
    try {
      writeSync(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return linked(prepared, file) ?? written(file, bytes);
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** @returns undefined where the file system has no links */
function linked(prepared: string, file: string): boolean | undefined {
  try {
    linkSync(prepared, file);
    return true;
  } catch (error) {
    return isTaken(error) ? false : undefined;
  }
}

/** The second best: exclusive, though not at one stroke. */
function written(file: string, bytes: Uint8Array): boolean {
  try {
    writeFileSync(file, bytes, { flag: 'wx', mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EEXIST';
}
