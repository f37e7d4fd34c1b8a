/**
 * Where a node keeps its actors. The main thread owns it, because it is never killed: shards hand it their writes. What
 * is written in one turn goes to disk together, and a promise resolves when it has been flushed. Memory that is no disk
 * serves as well, for nodes that persist nothing beyond themselves, and for tests.
 */
import type { ActorSpec } from '../../protocol/actors.js';
import type { PersistKind } from '../../protocol/persistence.js';

/** What starts a persistent actor again. */
export interface StoredActor {
  readonly id: number;
  readonly kind: Exclude<PersistKind, 'none'>;
  readonly spec: ActorSpec;
  /** Its supervisor starts it, and not the node. */
  readonly isSupervised: boolean;
}

/** The entry of an actor that was damaged where it is kept. */
export interface UnreadableActor {
  readonly id: number;
  /** If that could still be read. */
  readonly name: string | undefined;
}

/** A journal entry, encoded by the shard that has handled it. */
export interface StoredEntry {
  readonly id: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface ActorStorage {
  /**
   * By rising id.
   * @param onUnreadable told of those whose entry is damaged. They are left where they are, with all else that was kept
   * of them, so their ids must not be given again
   */
  actors(onUnreadable?: (actor: UnreadableActor) => void): StoredActor[];
  putActor(actor: StoredActor): Promise<void>;
  /** Forgets the actor, its journal and its own image. */
  removeActor(id: number): Promise<void>;
  /**
   * Keeps images of actors of a shard.
   * @param isWhole whether they replace all that was kept of the shard before
   */
  saveImages(shard: number, images: Uint8Array, isWhole: boolean): Promise<void>;
  /** What was saved of a shard since the last whole images, oldest first. */
  images(shard: number): Uint8Array[];
  /** Shards of which something was saved. */
  shards(): number[];
  /** All that was kept of shards goes, and this takes its place. */
  replaceImages(images: ReadonlyMap<number, Uint8Array>): Promise<void>;
  /** Keeps images that cannot be read apart, before others take their place. */
  setImagesAside(shard: number, images: Uint8Array): Promise<void>;
  /** The image of one actor that has no thread. */
  saveImage(id: number, image: Uint8Array): Promise<void>;
  image(id: number): Uint8Array | undefined;
  append(entries: readonly StoredEntry[]): Promise<void>;
  /** Entries after that sequence, in order. */
  entries(id: number, after: number): StoredEntry[];
  /** Entries up to that sequence are in an image that has been saved. */
  trim(id: number, through: number): Promise<void>;
  /** Resolves when all that was handed over before can be read. */
  settled(): Promise<void>;
}
