/** An ActorStorage that lasts as long as the process: actors outlive their threads by it, and not their node. */
import type { ActorStorage, StoredActor, StoredEntry } from './ActorStorage.js';

export class MemoryActorStorage implements ActorStorage {
  readonly #actors = new Map<number, StoredActor>();
  readonly #images = new Map<number, Uint8Array[]>();
  readonly #single = new Map<number, Uint8Array>();
  readonly #journals = new Map<number, StoredEntry[]>();

  actors(): StoredActor[] {
    return [...this.#actors.values()].sort((a, b) => a.id - b.id);
  }

  async putActor(actor: StoredActor): Promise<void> {
    this.#actors.set(actor.id, actor);
  }

  async removeActor(id: number): Promise<void> {
    this.#actors.delete(id);
    this.#single.delete(id);
    this.#journals.delete(id);
  }

  async saveImages(shard: number, images: Uint8Array, isWhole: boolean): Promise<void> {
    const kept = this.#images.get(shard);
    if (kept && !isWhole) kept.push(images);
    else this.#images.set(shard, [images]);
  }

  images(shard: number): Uint8Array[] {
    return [...(this.#images.get(shard) ?? [])];
  }

  shards(): number[] {
    return [...this.#images.keys()].sort((a, b) => a - b);
  }

  async replaceImages(images: ReadonlyMap<number, Uint8Array>): Promise<void> {
    this.#images.clear();
    for (const [shard, bytes] of images) this.#images.set(shard, [bytes]);
  }

  /** Memory is not damaged. */
  async setImagesAside(): Promise<void> {}

  async saveImage(id: number, image: Uint8Array): Promise<void> {
    this.#single.set(id, image);
  }

  image(id: number): Uint8Array | undefined {
    return this.#single.get(id);
  }

  async append(entries: readonly StoredEntry[]): Promise<void> {
    for (const entry of entries) {
      const journal = this.#journals.get(entry.id);
      if (journal) journal.push(entry);
      else this.#journals.set(entry.id, [entry]);
    }
  }

  entries(id: number, after: number): StoredEntry[] {
    return (this.#journals.get(id) ?? []).filter(({ sequence }) => sequence > after);
  }

  async trim(id: number, through: number): Promise<void> {
    const left = this.entries(id, through);
    if (left.length > 0) this.#journals.set(id, left);
    else this.#journals.delete(id);
  }

  async settled(): Promise<void> {}
}
