/**
 * What the store is built on, without a disk: tables in memory that keep their keys in order, for simulations, where
 * nothing outside may decide what comes first. A commit is there at once and is gone with the process.
 */
import type { Range, RawTable, Row } from './Table.js';

/** What Store uses of an lmdb environment. */
export class MemoryTables {
  readonly #tables = new Map<string, MemoryTable>();

  openDB({ name }: { readonly name: string }): RawTable {
    const table = this.#tables.get(name) ?? new MemoryTable();
    this.#tables.set(name, table);
    return table;
  }

  async batch(work: () => void): Promise<boolean> {
    work();
    return true;
  }

  async close(): Promise<void> {}
}

class MemoryTable implements RawTable {
  readonly #rows: Row[] = [];

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#at(key)?.value;
    return value && new Uint8Array(value);
  }

  doesExist(key: Uint8Array): boolean {
    return this.#at(key) !== undefined;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const place = this.#placeOf(key);
    const row = { key: new Uint8Array(key), value: new Uint8Array(value) };
    this.#rows.splice(place, this.#isAt(place, key) ? 1 : 0, row);
  }

  remove(key: Uint8Array): void {
    const place = this.#placeOf(key);
    if (this.#isAt(place, key)) this.#rows.splice(place, 1);
  }

  /** As lmdb has it: the end is excluded, and reversed a range goes from its start down to its end. */
  *getRange({ start, end, limit = Number.POSITIVE_INFINITY, reverse = false }: Range = {}): Generator<Row> {
    const rows = reverse ? this.#downwards(start, end) : this.#upwards(start, end);
    for (const { key, value } of rows.slice(0, limit)) {
      yield { key: Buffer.from(key), value: Buffer.from(value) };
    }
  }

  *getKeys(range: Range = {}): Generator<Uint8Array> {
    for (const { key } of this.getRange(range)) yield key;
  }

  #upwards(start: Uint8Array | undefined, end: Uint8Array | undefined): readonly Row[] {
    return this.#rows.slice(start ? this.#placeOf(start) : 0, end ? this.#placeOf(end) : undefined);
  }

  #downwards(start: Uint8Array | undefined, end: Uint8Array | undefined): readonly Row[] {
    const from = start ? this.#placeAfter(start) : this.#rows.length;
    const to = end ? this.#placeAfter(end) : 0;
    return this.#rows.slice(to, from).reverse();
  }

  #at(key: Uint8Array): Row | undefined {
    const place = this.#placeOf(key);
    return this.#isAt(place, key) ? this.#rows[place] : undefined;
  }

  #isAt(place: number, key: Uint8Array): boolean {
    const row = this.#rows[place];
    return row !== undefined && Buffer.compare(row.key, key) === 0;
  }

  #placeAfter(key: Uint8Array): number {
    const place = this.#placeOf(key);
    return this.#isAt(place, key) ? place + 1 : place;
  }

  /** Of the first row that is not before the key. */
  #placeOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Buffer.compare((this.#rows[middle] as Row).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
