/**
 * Makes a folder and those above it, by default for their user only. Node's own `mkdir` with `recursive` turns for ever
 * where a file system answers that nothing is there although the folder above is, as /proc does.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** @throws what the file system says */
export function makeFolder(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { mode });
  } catch (fault) {
    if (isFolder(path)) return;
    const above = dirname(path);
    const isMissingAbove = (fault as NodeJS.ErrnoException).code === 'ENOENT' && above !== path && !isFolder(above);
    if (!isMissingAbove) throw fault;
    makeFolder(above, mode);
    makeFolder(path, mode);
  }
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
