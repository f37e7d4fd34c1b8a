/**
 * A table of the store, whatever is below it: keys are compared as bytes, and keys and values that are read are the
 * caller's own copies. What lmdb throws while it reads is given a code and says what one can do about it.
 */
import { AcademyError } from '../protocol/errors.js';

export interface Range {
  readonly start?: Uint8Array;
  readonly end?: Uint8Array;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What is used of an lmdb table, or of one in memory. */
export interface RawTable {
  get(key: Uint8Array): Uint8Array | undefined;
  doesExist(key: Uint8Array): boolean;
  getRange(range?: Range): Iterable<Row>;
  getKeys(range?: Range): Iterable<Uint8Array>;
  put(key: Uint8Array, value: Uint8Array): unknown;
  remove(key: Uint8Array): unknown;
}

/** Reading throws AcademyError ERR_ACADEMY_STORE where the file is damaged. */
export class Table {
  /** For the one that writes groups of changes. */
  readonly raw: RawTable;
  readonly #folder: string;

  constructor(raw: RawTable, folder: string) {
    this.raw = raw;
    this.#folder = folder;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#read(() => this.raw.get(key));
  }

  doesExist(key: Uint8Array): boolean {
    return this.#read(() => this.raw.doesExist(key));
  }

  /** The end is excluded; reversed, a range goes from its start down to its end. */
  getRange(range: Range = {}): Row[] {
    return this.#read(() => [...this.raw.getRange(range)]);
  }

  getKeys(range: Range = {}): Uint8Array[] {
    return this.#read(() => [...this.raw.getKeys(range)]);
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw storeFault(this.#folder, 'read', cause);
    }
  }
}

export function storeFault(folder: string, what: 'opened' | 'read' | 'written', cause: unknown): AcademyError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AcademyError('ERR_ACADEMY_STORE', `the store in ${folder} cannot be ${what}: ${reason}`, {
    remedy:
      `check that ${folder} is on a local disk and may be written to; if its file is damaged, restore a copy of it, ` +
      'or move it away and start without what it holds; or start with --data <another folder>',
    cause,
  });
}
