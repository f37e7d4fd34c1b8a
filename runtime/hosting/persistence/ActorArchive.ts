/**
 * The main thread's part of persistence: it puts on disk what the shards hand it, tells them when it is there, and gives
 * a shard that starts what was kept of its actors. It is the only one that touches the storage.
 */
import type { ActorSpec } from '../../protocol/actors.js';
import { AcademyError, toErrorRecord } from '../../protocol/errors.js';
import type { PersistKind } from '../../protocol/persistence.js';
import type { NoticeFrame, OrderFrame } from '../frames.js';
import type { ActorImage } from './ActorImage.js';
import type { ActorStorage, StoredActor, StoredEntry, UnreadableActor } from './ActorStorage.js';
import { decodeImages } from './decodeImages.js';
import { encodeImages } from './encodeImages.js';

/** What was kept of a shard's actors. */
export interface KeptShard {
  readonly images: readonly Uint8Array[];
  /** id, entry, id, entry … */
  readonly entries: readonly (number | Uint8Array)[];
}

export interface ActorArchiveOptions {
  readonly storage: ActorStorage;
  readonly shards: number;
  readonly order: (shard: number, frame: OrderFrame) => void;
  /** A notice that an actor's journal has, and that was not heeded before. */
  readonly noticed: (frame: NoticeFrame, shard: number) => void;
  readonly trouble: (text: string) => void;
}

export class ActorArchive {
  readonly #options: ActorArchiveOptions;
  readonly #storage: ActorStorage;
  readonly #stored = new Map<number, StoredActor>();
  readonly #ids = new Map<string, number>();
  /** Actors that have a journal or an image of their own, so that nobody need look for those of the others. */
  readonly #journaled = new Set<number>();
  readonly #imaged = new Set<number>();
  /** What was found on the disk, until it is distributed. */
  readonly #images = new Map<number, ActorImage>();
  /** The last effect of each actor that was heeded. */
  readonly #heeded = new Map<number, number>();
  /** Lives of each shard, so that nothing is told to the next one that was for the one before. */
  readonly #lives: number[];
  /** Messages handled by each shard's actors with snapshots, by the last images of them. */
  readonly #handled: number[];
  #lastId = 0;
  #isClosing = false;

  constructor(options: ActorArchiveOptions) {
    this.#options = options;
    this.#storage = options.storage;
    this.#lives = new Array(options.shards).fill(0);
    this.#handled = new Array(options.shards).fill(0);
    for (const actor of this.#storage.actors((damaged) => this.#leaveOut(damaged))) {
      this.#stored.set(actor.id, actor);
      this.#ids.set(actor.spec.name, actor.id);
      this.#journaled.add(actor.id);
      this.#imaged.add(actor.id);
      this.#lastId = Math.max(this.#lastId, actor.id);
    }
  }

  /** Actors that an earlier life of the node has left. */
  stored(): readonly StoredActor[] {
    return [...this.#stored.values()];
  }

  /** One whose name was kept goes on under its number. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? ++this.#lastId;
  }

  /**
   * Reads what an earlier life has kept of its actors. What is damaged is set aside and told; actors of which nothing
   * can be read are not started, and the others are.
   * @throws AcademyError ERR_ACADEMY_STORE for what another release has written
   */
  async open(): Promise<void> {
    let isDamaged = false;
    for (const shard of this.#storage.shards()) {
      for (const bytes of this.#storage.images(shard)) {
        const images = readableImages(bytes);
        if (!images) {
          isDamaged = true;
          await this.#storage.setImagesAside(shard, bytes);
        }
        for (const image of images ?? []) this.#openImage(image);
      }
    }
    for (const { id, spec } of this.stored()) {
      const own = this.#storage.image(id);
      const images = own && readableImages(own);
      if (own ? images || this.#images.has(id) : this.#images.has(id) || !isDamaged) continue;
      this.#stored.delete(id);
      this.#ids.delete(spec.name);
      this.#leaveOut({ id, name: spec.name });
    }
    if (!isDamaged) return;
    this.#options.trouble(
      `what a worker thread had saved of its actors was damaged: those that start go on from what was saved before, if ` +
        'there was anything; what is damaged was set aside. To have it back, stop the node and restore a copy of its data folder',
    );
  }

  #openImage(image: ActorImage): void {
    if ((this.#images.get(image.id)?.sequence ?? -1) <= image.sequence) this.#images.set(image.id, image);
  }

  #leaveOut({ id, name }: UnreadableActor): void {
    this.#lastId = Math.max(this.#lastId, id);
    const known = name === undefined ? `number ${id}, whose name cannot be read either,` : `"${name}" (number ${id})`;
    this.#options.trouble(
      `the actor ${known} was not started: what was kept of it is damaged. It was left where it is; to have it back, stop the ` +
        'node and restore a copy of its data folder; or spawn the actor again: it then starts afresh',
    );
  }

  /**
   * The actors have shards now, other ones perhaps than in the last life of the node. Call open() first.
   * @param shardOf undefined for an actor that is not started yet: its image is kept by itself until it is
   */
  async distribute(shardOf: (id: number) => number | undefined): Promise<void> {
    const latest = [...this.#images.values()];
    this.#images.clear();
    const perShard = new Map<number, ActorImage[]>();
    for (const image of latest) {
      const shard = shardOf(image.id);
      if (shard === undefined) {
        if (this.#stored.has(image.id)) await this.#storage.saveImage(image.id, encodeImages([image]));
        continue;
      }
      const images = perShard.get(shard);
      if (images) images.push(image);
      else perShard.set(shard, [image]);
    }
    await this.#storage.replaceImages(new Map([...perShard].map(([shard, images]) => [shard, encodeImages(images)])));
  }

  /** What a shard needs that starts with these actors. Call settled() first. */
  keptOf(shard: number, ids: readonly number[]): KeptShard {
    const images = this.#storage.images(shard);
    const entries: (number | Uint8Array)[] = [];
    for (const id of ids) {
      const own = this.#imaged.has(id) ? this.#storage.image(id) : undefined;
      if (own) images.push(own);
      if (!this.#journaled.has(id)) continue;
      for (const { bytes } of this.#storage.entries(id, 0)) entries.push(id, bytes);
    }
    return { images, entries };
  }

  /** What an actor needs that is started again after it was given up, or found no place when the node started. */
  keptActor(id: number): Promise<KeptShard | null> | null {
    return this.#stored.has(id) ? this.#readKept(id) : null;
  }

  async #readKept(id: number): Promise<KeptShard | null> {
    await this.settled();
    return this.keptNow(id);
  }

  /** The same without what is still on its way to the storage: all of it when the node has just started. */
  keptNow(id: number): KeptShard | null {
    if (!this.#stored.has(id)) return null;
    const image = this.#imageOf(this.#storage.shards(), id);
    const entries = this.#storage.entries(id, image?.sequence ?? 0).flatMap(({ bytes }) => [id, bytes]);
    return image ? { images: [encodeImages([image])], entries } : null;
  }

  settled(): Promise<void> {
    return this.#storage.settled();
  }

  /** An actor runs that persists: it is kept from now on, over the end of the node. */
  async began(id: number, kind: PersistKind, spec: ActorSpec, isSupervised: boolean): Promise<void> {
    if (kind === 'none') return this.ended(id);
    if (this.#stored.get(id)?.spec === spec) return;
    const actor = { id, kind, spec, isSupervised };
    this.#stored.set(id, actor);
    this.#ids.set(spec.name, id);
    if (kind === 'journal') this.#journaled.add(id);
    await this.#storage.putActor(actor);
  }

  /** It was stopped: nothing is kept. Not so when the node stops, or when it was given up. */
  ended(id: number): void {
    const actor = this.#stored.get(id);
    if (!actor || this.#isClosing) return;
    this.#stored.delete(id);
    this.#ids.delete(actor.spec.name);
    this.#journaled.delete(id);
    this.#imaged.delete(id);
    this.#heeded.delete(id);
    this.#guard(this.#storage.removeActor(id));
  }

  /** What was kept of an actor that does not run goes. @returns false when nothing was */
  async forget(name: string): Promise<boolean> {
    const id = this.#ids.get(name);
    if (id === undefined) return false;
    this.ended(id);
    await this.#storage.settled();
    return true;
  }

  /** An actor lives on another shard now: its image must be found there. */
  moved(id: number, image: Uint8Array): void {
    if (!this.#stored.has(id)) return;
    this.#imaged.add(id);
    this.#guard(this.#storage.saveImage(id, image));
  }

  /** @returns messages that were handled after the last images, and are lost with the thread */
  shardDown(shard: number, handled: number): number {
    this.#lives[shard] = (this.#lives[shard] ?? 0) + 1;
    const lost = handled - (this.#handled[shard] ?? 0);
    this.#handled[shard] = handled;
    return Math.max(0, lost);
  }

  /** From now on actors that end do so because the node does. */
  close(): void {
    this.#isClosing = true;
  }

  /** @returns false for a notice that is none of its business */
  receive(frame: NoticeFrame, shard: number): boolean {
    switch (frame[0]) {
      case 'journal':
        this.#append(shard, frame[1], frame[2]);
        return true;
      case 'images':
        this.#saveImages(shard, frame[1], frame[2], frame[3]);
        this.#handled[shard] = frame[4];
        return true;
      case 'image':
        this.#imaged.add(frame[1]);
        this.#guard(this.#storage.saveImage(frame[1], frame[2]));
        return true;
      case 'once':
        if (frame[2] <= (this.#heeded.get(frame[1]) ?? 0)) return true;
        this.#heeded.set(frame[1], frame[2]);
        this.#options.noticed(frame[3], shard);
        return true;
      default:
        return false;
    }
  }

  /** Sends a shard what was kept of one actor. */
  fetch(shard: number, slot: number, generation: number, id: number): void {
    const life = this.#lives[shard];
    // A write that has failed is told where it was asked for; the actor goes on from what is there.
    const settled = this.#storage.settled().catch(() => {});
    this.#guard(
      settled.then(() => {
        if (this.#lives[shard] !== life) return;
        const image = this.#imageOf([shard], id);
        const entries = this.#storage.entries(id, image?.sequence ?? 0).map(({ bytes }) => bytes);
        this.#options.order(shard, ['kept', slot, generation, image ? encodeImages([image]) : null, entries]);
      }),
    );
  }

  #imageOf(shards: readonly number[], id: number): ActorImage | undefined {
    const own = this.#imaged.has(id) ? this.#storage.image(id) : undefined;
    let [latest] = own ? decodeImages(own) : [];
    for (const bytes of shards.flatMap((shard) => this.#storage.images(shard))) {
      const image = decodeImages(bytes).find((each) => each.id === id);
      if (image && image.sequence >= (latest?.sequence ?? 0)) latest = image;
    }
    return latest;
  }

  #append(shard: number, batch: number, flat: readonly (number | Uint8Array)[]): void {
    const life = this.#lives[shard];
    const entries: StoredEntry[] = [];
    for (let at = 0; at < flat.length; at += 3) {
      const [id, sequence, bytes] = flat.slice(at, at + 3) as [number, number, Uint8Array];
      entries.push({ id, sequence, bytes });
    }
    const tell = (outcome: 'journaled' | 'unjournaled'): void => {
      if (this.#lives[shard] === life) this.#options.order(shard, [outcome, batch]);
    };
    const appended = this.#storage.append(entries);
    this.#guard(
      appended.then(
        () => tell('journaled'),
        (error) => {
          tell('unjournaled');
          throw error;
        },
      ),
    );
  }

  #saveImages(shard: number, images: Uint8Array, isWhole: boolean, trims: readonly number[]): void {
    const saved = this.#storage.saveImages(shard, images, isWhole).then(async () => {
      for (let at = 0; at < trims.length; at += 2) {
        await this.#storage.trim(trims[at] as number, trims[at + 1] as number);
      }
    });
    this.#guard(saved);
  }

  /** What cannot be written is said; those who wait for it hear nothing, and nothing is receipted. */
  #guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      const { code, message, remedy } = toErrorRecord(error, 'ERR_ACADEMY_STORE');
      this.#options.trouble(`${code}: ${message}${remedy === undefined ? '' : `; ${remedy}`}`);
    });
  }
}

/** @returns null for what is damaged */
function readableImages(bytes: Uint8Array): ActorImage[] | null {
  try {
    return decodeImages(bytes);
  } catch (error) {
    // Written by another release, so nothing of it may be touched.
    if (error instanceof AcademyError && error.code === 'ERR_ACADEMY_STORE') throw error;
    return null;
  }
}
