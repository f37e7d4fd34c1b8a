/**
 * What was kept of a shard's actors that are about to start, by their numbers. A journal is read when its actor starts,
 * so that one that is damaged keeps no other actor from starting.
 */
import { deserialize } from 'node:v8';
import { AcademyError } from '../../protocol/errors.js';
import type { ActorImage, JournalEntry } from './ActorImage.js';
import { decodeImages } from './decodeImages.js';

export interface KeptActor {
  readonly image: ActorImage;
  readonly entries: readonly JournalEntry[];
}

export class KeptOffers {
  readonly #images = new Map<number, ActorImage>();
  readonly #journals = new Map<number, Uint8Array[]>();

  /** @param entries id, entry, id, entry … of journals, each in order */
  add(images: readonly Uint8Array[], entries: readonly (number | Uint8Array)[]): void {
    for (let at = 0; at < entries.length; at += 2) {
      this.#addEntry(entries[at] as number, entries[at + 1] as Uint8Array);
    }
    for (const bytes of images) {
      for (const image of decodeImages(bytes)) {
        const known = this.#images.get(image.id);
        if (!known || known.sequence <= image.sequence) this.#images.set(image.id, image);
      }
    }
  }

  has(id: number): boolean {
    return this.#images.has(id);
  }

  /**
   * It starts now.
   * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID when its journal is damaged
   */
  take(id: number): KeptActor | null {
    const image = this.#images.get(id);
    if (!image) return null;
    const entries = this.#journals.get(id) ?? [];
    this.#images.delete(id);
    this.#journals.delete(id);
    return { image, entries: entries.map(decodeEntry) };
  }

  /** All actors of the shard have started: what was kept of others is of no use. */
  clear(): void {
    this.#images.clear();
    this.#journals.clear();
  }

  #addEntry(id: number, entry: Uint8Array): void {
    const journal = this.#journals.get(id);
    if (journal) journal.push(entry);
    else this.#journals.set(id, [entry]);
  }
}

function decodeEntry(bytes: Uint8Array, index: number): JournalEntry {
  let entry: Partial<JournalEntry> | undefined;
  let cause: unknown;
  try {
    entry = deserialize(bytes) as Partial<JournalEntry>;
  } catch (thrown) {
    cause = thrown;
  }
  if (typeof entry?.sequence === 'number' && typeof entry.event?.type === 'string') return entry as JournalEntry;
  throw new AcademyError('ERR_ACADEMY_SNAPSHOT_INVALID', `message ${index + 1} of its journal cannot be read`, {
    remedy: 'restore a copy of the data folder, or forget the actor: "academy forget <name>"',
    cause,
  });
}
