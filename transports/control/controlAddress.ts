/**
 * Where the control socket of a data folder is. A Unix socket's path has some 100 bytes (sockaddr_un); a deeper folder
 * is reached through its open descriptor on Linux. Windows has named pipes instead.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { AcademyError } from '../../runtime/protocol/errors.js';

export const controlSocketName = 'control.sock';

/** Bytes of a socket path that every Unix takes (104 on macOS, 108 on Linux, the terminating zero among them). */
const socketPathBytesMax = 103;

export interface ControlAddress {
  /** To listen on or connect to. */
  readonly path: string;
  /** The socket as a file; undefined for a named pipe. */
  readonly file: string | undefined;
  /** Call it when the path is not needed any more. */
  readonly release: () => void;
}

/** @throws AcademyError ERR_ACADEMY_CONTROL when the folder is too deep for this system, or not there */
export function controlAddress(folder: string, platform: NodeJS.Platform = process.platform): ControlAddress {
  if (platform === 'win32') {
    const name = createHash('sha256').update(folder.toLowerCase()).digest('hex').slice(0, 32);
    return { path: `\\\\.\\pipe\\academy-mesh-${name}`, file: undefined, release: () => {} };
  }
  const file = join(folder, controlSocketName);
  if (Buffer.byteLength(file) <= socketPathBytesMax) return { path: file, file, release: () => {} };
  if (platform !== 'linux') {
    throw new AcademyError('ERR_ACADEMY_CONTROL', `the path ${file} is too long for a socket`, {
      remedy: `choose a data folder with --data whose path has at most ${socketPathBytesMax - 13} bytes`,
    });
  }
  const descriptor = openFolder(folder);
  return {
    path: `/proc/self/fd/${descriptor}/${controlSocketName}`,
    file,
    release: () => closeSync(descriptor),
  };
}

function openFolder(folder: string): number {
  try {
    return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_NODE_NOT_RUNNING', `there is no data folder ${folder}`, {
      remedy: 'start a node with "academy up"',
      cause,
    });
  }
}
