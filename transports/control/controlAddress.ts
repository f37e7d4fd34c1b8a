/**
 * Where the control socket of a data folder is. A Unix socket's path may have some 100 bytes; on Linux a longer folder
 * is reached through a descriptor of it, elsewhere it is an error that says so. On Windows it is a named pipe, whose
 * name is made from the folder.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AcademyError } from '../../runtime/protocol/errors.js';

export const controlSocketName = 'control.sock';

/** Bytes of `sun_path` less the final zero: 108 on Linux, 104 on BSD and macOS. */
const pathBytesMax = process.platform === 'linux' ? 107 : 103;

export interface ControlAddress {
  /** What to listen on or connect to, as long as the address is not released. */
  readonly path: string;
  /** The socket's file; null for a named pipe, which has none. */
  readonly file: string | null;
  release(): void;
}

/**
 * @param folder a data folder; it need not exist
 * @throws AcademyError ERR_ACADEMY_CONTROL where the path is too long for this system
 * @throws Error of the file system, when a folder with a long path cannot be opened
 */
export function controlAddress(folder: string): ControlAddress {
  const absolute = resolve(folder);
  if (process.platform === 'win32') {
    const name = createHash('sha256').update(absolute.toLowerCase()).digest('hex').slice(0, 32);
    return { path: `\\\\.\\pipe\\academy-mesh-${name}`, file: null, release: () => {} };
  }
  const file = join(absolute, controlSocketName);
  if (Buffer.byteLength(file) <= pathBytesMax) return { path: file, file, release: () => {} };
  if (process.platform !== 'linux') {
    const message = `${file} has ${Buffer.byteLength(file)} bytes; a socket's path may have ${pathBytesMax}`;
    throw new AcademyError('ERR_ACADEMY_CONTROL', message, {
      remedy: 'use a data folder with a shorter path (--data DIR), for instance through a symbolic link',
    });
  }
  let descriptor: number | null = openSync(absolute, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${descriptor}/${controlSocketName}`,
    file,
    release: () => {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}
