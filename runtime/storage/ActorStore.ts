/**
 * The actors of a node, on disk: what starts them again, their images, and the journals of those that have one. The
 * main thread owns it; images and entries come encoded from the shards, and are bytes to it.
 *
 * ```
 * actors          id                 -> what starts it
 * actor-images    shard, number      -> images of many actors, the whole shard's first
 * actor-image     id                 -> of one actor that has no thread
 * actor-journal   id, sequence       -> a message that it has handled
 * actor-damaged   shard, number      -> images of many actors that could not be read
 * ```
 */
import type { ActorStorage, StoredActor, StoredEntry, UnreadableActor } from '../hosting/persistence/ActorStorage.js';
import type { Change, Store } from './Store.js';
import { decodeStoredActor, encodeStoredActor, nameInDamaged } from './storedActor.js';
import type { Table } from './Table.js';

/** Bytes of an id, a sequence and a number: 2^48 of them last for ever. */
const numberBytes = 6;
const shardBytes = 2;

export class ActorStore implements ActorStorage {
  readonly #store: Store;
  readonly #actorTable: Table;
  readonly #imagesTable: Table;
  readonly #imageTable: Table;
  readonly #journalTable: Table;
  readonly #damagedTable: Table;
  /** Numbers of the images that are kept of each shard, those on their way to disk included. */
  readonly #imageNumbers = new Map<number, number[]>();
  #lastImageNumber = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#actorTable = store.table('actors');
    this.#imagesTable = store.table('actor-images');
    this.#imageTable = store.table('actor-image');
    this.#journalTable = store.table('actor-journal');
    this.#damagedTable = store.table('actor-damaged');
    for (const key of this.#damagedTable.getKeys()) {
      this.#lastImageNumber = Math.max(this.#lastImageNumber, Buffer.from(key).readUIntBE(shardBytes, numberBytes));
    }
    for (const key of this.#imagesTable.getKeys()) {
      const place = Buffer.from(key);
      const number = place.readUIntBE(shardBytes, numberBytes);
      this.#numbersOf(place.readUInt16BE(0)).push(number);
      this.#lastImageNumber = Math.max(this.#lastImageNumber, number);
    }
  }

  actors(onUnreadable: (actor: UnreadableActor) => void = () => {}): StoredActor[] {
    return this.#actorTable.getRange().flatMap(({ key, value }) => {
      const id = Buffer.from(key).readUIntBE(0, numberBytes);
      const actor = decodeStoredActor(id, value);
      if (actor) return actor;
      onUnreadable({ id, name: nameInDamaged(value) });
      return [];
    });
  }

  putActor(actor: StoredActor): Promise<void> {
    return this.#store.write([{ table: this.#actorTable, key: keyOf(actor.id), value: encodeStoredActor(actor) }]);
  }

  async removeActor(id: number): Promise<void> {
    // Else entries that are on their way to disk would stay for ever.
    await this.settled();
    await this.#store.write([
      { table: this.#actorTable, key: keyOf(id), remove: true },
      { table: this.#imageTable, key: keyOf(id), remove: true },
      ...this.#removals(id, Number.POSITIVE_INFINITY),
    ]);
  }

  async saveImages(shard: number, images: Uint8Array, isWhole: boolean): Promise<void> {
    const numbers = this.#numbersOf(shard);
    const replaced = isWhole ? numbers.splice(0) : [];
    const changes: Change[] = replaced.map((number) => this.#imageRemoval(shard, number));
    changes.push(this.#nextImages(shard, images));
    try {
      await this.#store.write(changes);
    } catch (error) {
      numbers.unshift(...replaced);
      throw error;
    }
  }

  images(shard: number): Uint8Array[] {
    const images = this.#numbersOf(shard).map((number) => this.#imagesTable.get(imagesKey(shard, number)));
    return images.filter((bytes) => bytes !== undefined);
  }

  shards(): number[] {
    return [...this.#imageNumbers]
      .filter(([, numbers]) => numbers.length > 0)
      .map(([shard]) => shard)
      .sort((a, b) => a - b);
  }

  replaceImages(images: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const changes = this.shards().flatMap((shard) =>
      this.#numbersOf(shard)
        .splice(0)
        .map((number) => this.#imageRemoval(shard, number)),
    );
    for (const [shard, bytes] of images) changes.push(this.#nextImages(shard, bytes));
    return this.#store.write(changes);
  }

  setImagesAside(shard: number, images: Uint8Array): Promise<void> {
    const key = imagesKey(shard, ++this.#lastImageNumber);
    return this.#store.write([{ table: this.#damagedTable, key, value: images }]);
  }

  saveImage(id: number, image: Uint8Array): Promise<void> {
    return this.#store.write([{ table: this.#imageTable, key: keyOf(id), value: image }]);
  }

  image(id: number): Uint8Array | undefined {
    return this.#imageTable.get(keyOf(id));
  }

  append(entries: readonly StoredEntry[]): Promise<void> {
    return this.#store.write(
      entries.map(({ id, sequence, bytes }) => ({
        table: this.#journalTable,
        key: keyOf(id, sequence),
        value: bytes,
      })),
    );
  }

  entries(id: number, after: number): StoredEntry[] {
    const entries: StoredEntry[] = [];
    for (const { key, value } of this.#journalTable.getRange({ start: keyOf(id, after + 1), end: keyOf(id + 1, 0) })) {
      entries.push({ id, sequence: Buffer.from(key).readUIntBE(numberBytes, numberBytes), bytes: value });
    }
    return entries;
  }

  /** What has been handed over and cannot be read yet is left for the next time. */
  trim(id: number, through: number): Promise<void> {
    const changes = this.#removals(id, through);
    return changes.length === 0 ? Promise.resolve() : this.#store.write(changes);
  }

  settled(): Promise<void> {
    return this.#store.write([]);
  }

  #removals(id: number, through: number): Change[] {
    const end = through === Number.POSITIVE_INFINITY ? keyOf(id + 1, 0) : keyOf(id, through + 1);
    const keys = this.#journalTable.getKeys({ start: keyOf(id, 0), end });
    return keys.map((key) => ({ table: this.#journalTable, key, remove: true }));
  }

  #imageRemoval(shard: number, number: number): Change {
    return { table: this.#imagesTable, key: imagesKey(shard, number), remove: true };
  }

  #nextImages(shard: number, value: Uint8Array): Change {
    const number = ++this.#lastImageNumber;
    this.#numbersOf(shard).push(number);
    return { table: this.#imagesTable, key: imagesKey(shard, number), value };
  }

  #numbersOf(shard: number): number[] {
    let numbers = this.#imageNumbers.get(shard);
    if (!numbers) {
      numbers = [];
      this.#imageNumbers.set(shard, numbers);
    }
    return numbers;
  }
}

function keyOf(...numbers: readonly number[]): Buffer {
  const key = Buffer.alloc(numbers.length * numberBytes);
  for (const [index, number] of numbers.entries()) key.writeUIntBE(number, index * numberBytes, numberBytes);
  return key;
}

function imagesKey(shard: number, number: number): Buffer {
  const key = Buffer.alloc(shardBytes + numberBytes);
  key.writeUInt16BE(shard, 0);
  key.writeUIntBE(number, shardBytes, numberBytes);
  return key;
}
