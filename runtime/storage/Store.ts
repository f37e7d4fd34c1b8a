/**
 * One lmdb environment in a data folder, and the only place that opens one. Writes are committed in groups: while
 * one group is on its way to the disk the next one gathers, and a write resolves when its group has been flushed, so
 * what has been receipted survives the machine. Owned by the node, on its main thread: a worker that is terminated
 * while it writes to lmdb hangs the process.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { open } from 'lmdb';
import { AcademyError } from '../protocol/errors.js';
import { MemoryTables } from './MemoryTables.js';
import { type RawTable, storeFault, Table } from './Table.js';

export type Change =
  | { readonly table: Table; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly table: Table; readonly key: Uint8Array; readonly remove: true };

/** What holds the tables: lmdb, or memory. lmdb's own types do not stand in the declarations that we give away. */
interface Environment {
  openDB(options: { readonly name: string } & typeof encoding): unknown;
  batch(work: () => void): Promise<boolean>;
  close(): Promise<void>;
}

interface WaitingWrite {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** lmdb's limit for the pages of 4096 bytes that it makes here. */
export const keyBytesMax = 1978;
const tablesMax = 32;
const encoding = { encoding: 'binary', keyEncoding: 'binary' } as const;

export class Store {
  readonly #root: Environment;
  readonly #folder: string;
  readonly #tables = new Map<string, Table>();
  #waiting: WaitingWrite[] = [];
  /** Resolves when nothing is waiting or being written any more. */
  #draining: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  private constructor(root: Environment, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  /**
   * Opens the store in `folder`, making both if there is none.
   * @throws AcademyError ERR_ACADEMY_STORE when the folder cannot be written, holds something else, or when called
   * on a worker thread
   */
  static open(folder: string): Store {
    if (!isMainThread) {
      throw new AcademyError('ERR_ACADEMY_STORE', 'the store was opened on a worker thread', {
        remedy: 'open it on the main thread, and let workers hand their writes over',
      });
    }
    try {
      // lmdb retries for ever to make a folder that it cannot make.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, 'data.mdb');
      refuseForeignFile(file);
      fillUp(file);
      const options = {
        path: folder,
        // Else lmdb takes a folder with a dot in its name for a file.
        noSubdir: false,
        // Else lmdb keeps a promise of its own that nobody can catch: a full disk would end the process.
        eventTurnBatching: false,
        // A commit is then durable when it resolves. Flushing behind the commits buys nothing where one group waits for
        // the other, and after a failed write its promise never settles, nor does close().
        overlappingSync: false,
        maxDbs: tablesMax,
        ...encoding,
      };
      return new Store(open<Uint8Array, Uint8Array>(options), folder);
    } catch (cause) {
      throw storeFault(folder, 'opened', cause);
    }
  }

  /** A store that forgets everything with the process and never waits for a disk, for simulations. */
  static inMemory(): Store {
    return new Store(new MemoryTables(), 'memory');
  }

  /**
   * The named table, made on first use.
   * @throws AcademyError ERR_ACADEMY_STORE when the store is damaged
   */
  table(name: string): Table {
    if (this.#closing) throw closed();
    let table = this.#tables.get(name);
    if (!table) {
      table = new Table(this.#open(name), this.#folder);
      this.#tables.set(name, table);
    }
    return table;
  }

  #open(name: string): RawTable {
    try {
      return this.#root.openDB({ name, ...encoding }) as RawTable;
    } catch (cause) {
      throw storeFault(this.#folder, 'opened', cause);
    }
  }

  /**
   * Writes all changes or none; they become readable when they are committed. Writes keep their order.
   * @returns a promise that resolves after fsync
   * @throws AcademyError ERR_ACADEMY_STORE (as a rejection) when the disk refuses, or after close()
   */
  write(changes: readonly Change[]): Promise<void> {
    if (this.#closing) return Promise.reject(closed());
    const oversized = changes.find(({ key }) => key.length === 0 || key.length > keyBytesMax);
    if (oversized) {
      const fault = `a key of ${oversized.key.length} bytes; 1 to ${keyBytesMax} are possible`;
      return Promise.reject(new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', fault));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // Let all callers of this turn join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(group.flatMap(({ changes }) => changes));
        for (const { resolve } of group) resolve();
      } catch (cause) {
        const error = this.#writeFault(cause);
        for (const { reject } of group) reject(error);
      }
    }
    this.#draining = null;
  }

  #writeFault(cause: unknown): AcademyError {
    const reason = messageOf(cause);
    // What the file itself is to blame for.
    if (reason.startsWith('MDB_')) return storeFault(this.#folder, 'written', cause);
    return new AcademyError('ERR_ACADEMY_STORE', `the store cannot be written: ${reason}`, {
      remedy: 'check that the disk is neither full nor read-only; nothing of this write was kept',
      cause,
    });
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    try {
      await this.#root.batch(() => {
        for (const change of changes) {
          if ('value' in change) change.table.raw.put(change.key, change.value);
          else change.table.raw.remove(change.key);
        }
      });
    } catch (thrown) {
      // lmdb tells the reason in a second promise, which rejects too.
      throw await Promise.resolve((thrown as { commitError?: unknown }).commitError).then(
        () => thrown,
        (reason: unknown) => reason,
      );
    }
  }

  /** Waits for the writes that were handed over, then closes; safe to call twice. Reading afterwards throws. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#draining;
      await this.#root.close();
    })();
    return this.#closing;
  }
}

/** lmdb maps whatever stands in its file and dies of it (SIGSEGV), so its magic number is looked at first. */
function refuseForeignFile(file: string): void {
  if (!existsSync(file)) return;
  const start = Buffer.alloc(28);
  const descriptor = openSync(file, 'r+');
  try {
    const length = readSync(descriptor, start, 0, start.length, 0);
    const magic = 0xbeefc0de;
    if (length > 0 && start.readUInt32LE(24) !== magic && start.readUInt32BE(24) !== magic) {
      throw new Error(`${file} is not an lmdb file`);
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * A file that was cut off, by a copy that ended too early, is filled up to where it says that it ends: lmdb dies (SIGBUS)
 * of pages that are not there, and refuses pages that are empty.
 */
function fillUp(file: string): void {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r+');
  try {
    const { size } = fstatSync(descriptor);
    const first = metaAt(descriptor, 0);
    const second = first && metaAt(descriptor, first.pageBytes);
    const end = Math.max(first?.end ?? 0, second?.end ?? 0);
    if (size > 0 && size < end) ftruncateSync(descriptor, end);
  } finally {
    closeSync(descriptor);
  }
}

/** @returns undefined for what is no page of that kind as lmdb writes it now */
function metaAt(descriptor: number, place: number): { readonly pageBytes: number; readonly end: number } | undefined {
  const page = Buffer.alloc(152);
  readSync(descriptor, page, 0, page.length, place);
  if (page.readUInt32LE(24) !== 0xbeefc0de || page.readUInt32LE(28) !== 2) return undefined;
  const pageBytes = page.readUInt32LE(48);
  const end = (Number(page.readBigUInt64LE(144)) + 1) * pageBytes;
  // More than that is no true number, and would take all of the disk.
  return pageBytes <= 65_536 && end <= 2 ** 44 ? { pageBytes, end } : undefined;
}

function closed(): AcademyError {
  return new AcademyError('ERR_ACADEMY_STORE', 'the store is closed', { remedy: 'start the node again' });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
