/**
 * What personas have learnt, as bytes by persona id. The store does not look into them: the learner writes and reads
 * its own format. Owned by the node, on its main thread.
 */
import { AcademyError } from '../protocol/errors.js';
import { limits } from '../protocol/limits.js';
import type { Store } from './Store.js';
import type { Table } from './Table.js';

/** A whole persona at rank 32 over 65,536 features with its training state is about 17 MB; this leaves room. */
export const personaBytesMax = 256 * 1024 * 1024;

export class PersonaStore {
  readonly #store: Store;
  readonly #table: Table;

  constructor(store: Store) {
    this.#store = store;
    this.#table = store.table('personas');
  }

  /**
   * Replaces what is kept for the persona. A crash leaves the former bytes or the new ones.
   * @returns a promise that resolves after fsync
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, ERR_ACADEMY_STORE
   */
  async put(personaId: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > personaBytesMax) {
      throw new AcademyError(
        'ERR_ACADEMY_BAD_ARGUMENT',
        `persona "${personaId}" has ${bytes.length} bytes; at most ${personaBytesMax} are kept`,
      );
    }
    // A copy, because the learner goes on changing its arrays while these wait for the disk.
    const value = new Uint8Array(bytes);
    await this.#store.write([{ table: this.#table, key: keyOf(personaId), value }]);
  }

  /** @returns undefined when nothing is kept for the persona */
  get(personaId: string): Uint8Array | undefined {
    return this.#table.get(keyOf(personaId));
  }

  /** Ids of all personas that have learnt something, sorted by their bytes. */
  list(): string[] {
    return this.#table.getKeys().map((key) => Buffer.from(key).toString('utf8'));
  }

  /** Forgets what the persona has learnt; resolves after fsync, also when there was nothing. */
  async remove(personaId: string): Promise<void> {
    await this.#store.write([{ table: this.#table, key: keyOf(personaId), remove: true }]);
  }
}

function keyOf(personaId: string): Uint8Array {
  if (personaId.length === 0 || personaId.length > limits.idCharactersMax) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${personaId.slice(0, 40)}" is not a persona id`);
  }
  return Buffer.from(personaId, 'utf8');
}
