/**
 * The folder of one node: its key, its lock, its store and its genomes. Whoever has the folder is that node, so it is
 * opened by one process at a time and readable by its user only.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AcademyError } from '../protocol/errors.js';
import { identityFromSeed, type NodeIdentity, seedBytes } from '../protocol/identity.js';
import type { Random } from '../protocol/Random.js';
import { createWhole } from './createWhole.js';
import { FolderLock } from './FolderLock.js';
import { makeFolder } from './makeFolder.js';
import { defaultDataFolder, type Surroundings } from './userPaths.js';

export interface DataFolderOptions extends Surroundings {
  readonly academyId: string;
  /** @default defaultDataFolder(academyId) */
  readonly path?: string | undefined;
  /** Makes the node's key on first use: the system's own source, except in tests. */
  readonly random: Random;
}

interface NodeKey {
  readonly seed: Uint8Array;
  readonly isNew: boolean;
}

export class DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Grown from `node.key`, so that the node's id is the same after a restart. */
  readonly identity: NodeIdentity;
  /** The private key itself, for the worker threads that sign in the node's name. It leaves this process never. */
  readonly keySeed: Uint8Array;
  /** Whether this opening made the key, i.e. the node is new. */
  readonly isNew: boolean;
  readonly #lock: FolderLock;

  private constructor(path: string, lock: FolderLock, key: NodeKey) {
    this.path = path;
    this.identity = identityFromSeed(key.seed);
    this.keySeed = key.seed;
    this.isNew = key.isNew;
    this.#lock = lock;
  }

  /**
   * Makes the folder if there is none, and takes it for this process.
   * @throws AcademyError ERR_ACADEMY_DATA_IN_USE when a living process has it; ERR_ACADEMY_SECRET_INVALID when its key
   * is damaged or open to others; ERR_ACADEMY_STORE when it cannot be written; ERR_ACADEMY_BAD_ARGUMENT
   */
  static open(options: DataFolderOptions): DataFolder {
    const path = resolve(options.path ?? defaultDataFolder(options.academyId, options));
    const lock = lockFolder(path, options.random);
    try {
      return new DataFolder(path, lock, openKey(join(path, 'node.key'), options.random));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** For Store.open(). */
  get storeFolder(): string {
    return join(this.path, 'store');
  }

  /** For GenomeStore.open(). */
  get genomesFolder(): string {
    return join(this.path, 'genomes');
  }

  /** Gives the folder free for the next node; safe to call twice. Close the store first. */
  release(): void {
    this.#lock.release();
  }
}

function lockFolder(path: string, random: Random): FolderLock {
  try {
    makeFolder(path);
    return FolderLock.acquire(join(path, 'node.lock'), random);
  } catch (cause) {
    if (cause instanceof AcademyError) {
      throw new AcademyError(cause.code, `the data folder ${path} belongs to a running node (${cause.message})`, {
        remedy: `talk to that node with "academy chat --data ${path}", or start another one with "academy up --data <another folder>"`,
        cause,
      });
    }
    throw notWritable(path, cause);
  }
}

/** Reads the node's seed, or makes it. The folder is locked, so nobody else makes one at the same time. */
function openKey(file: string, random: Random): NodeKey {
  let seed: Uint8Array;
  try {
    seed = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notWritable(file, error);
    const made = random.bytes(seedBytes);
    try {
      createWhole(file, made, random);
    } catch (cause) {
      throw notWritable(file, cause);
    }
    return { seed: made, isNew: true };
  }
  const remedy = `restore ${file}, or remove it: the node then gets a new key and with it a new id`;
  if (seed.length !== seedBytes) {
    const fault = `the node key ${file} has ${seed.length} bytes instead of ${seedBytes}`;
    throw new AcademyError('ERR_ACADEMY_SECRET_INVALID', fault, { remedy });
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new AcademyError('ERR_ACADEMY_SECRET_INVALID', `the node key ${file} can be read by other users`, {
      remedy: `run: chmod 600 ${file}`,
    });
  }
  return { seed: Uint8Array.from(seed), isNew: false };
}

function notWritable(path: string, cause: unknown): AcademyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AcademyError('ERR_ACADEMY_STORE', `${path} cannot be used: ${reason}`, {
    remedy: 'choose a folder that you may write to with "academy up --data <another folder>"',
    cause,
  });
}
