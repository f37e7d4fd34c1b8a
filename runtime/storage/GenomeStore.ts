/**
 * Genomes as folders in peft's shape, `genomes/<id>/…`, so that other tools can read them. A folder appears whole or
 * not at all: it is written beside its place, flushed, and renamed. The files are bytes to the store; what they mean
 * and whether they hash to the id is checked by who puts and gets them.
 */
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AcademyError } from '../protocol/errors.js';

/** Files of one genome: peft's two, genome.json, and some to come. */
export const genomeFilesMax = 16;
/** All files of one genome: a whole persona at rank 32 unpruned is about 9 MB; imported layers are larger. */
export const genomeBytesMax = 64 * 1024 * 1024;

const idPattern = /^[0-9a-f]{64}$/;
const fileNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const unfinishedPrefix = '.unfinished-';

export type GenomeFiles = ReadonlyMap<string, Uint8Array>;

export class GenomeStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Opens the folder, making it if there is none, and clears what a crash left unfinished.
   * @throws AcademyError ERR_ACADEMY_STORE
   */
  static async open(folder: string): Promise<GenomeStore> {
    return onDisk(`the genomes in ${folder} cannot be opened`, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const names = await readdir(folder);
      const unfinished = names.filter((name) => name.startsWith(unfinishedPrefix));
      await Promise.all(unfinished.map((name) => rm(join(folder, name), { recursive: true, force: true })));
      return new GenomeStore(folder);
    });
  }

  /**
   * Writes a genome; resolves after fsync. An id says what its files are, so one that is there already is left alone.
   * @param id 64 hexadecimal characters
   * @param files names without a path; 1 to genomeFilesMax of them, genomeBytesMax in all
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, ERR_ACADEMY_GENOME_INVALID (names, number or size out of bounds),
   * ERR_ACADEMY_STORE
   */
  async put(id: string, files: GenomeFiles): Promise<void> {
    const place = this.#placeOf(id);
    refuseBadFiles(id, files);
    await onDisk(`genome ${id} cannot be written`, async () => {
      if (await exists(place)) return;
      const unfinished = await mkdtemp(join(this.#folder, unfinishedPrefix));
      try {
        for (const [name, bytes] of files) await writeFlushed(join(unfinished, name), bytes);
        await flushFolder(unfinished);
        await rename(unfinished, place);
      } catch (error) {
        await rm(unfinished, { recursive: true, force: true });
        // Somebody else has put the same genome meanwhile.
        if (!(await exists(place))) throw error;
      }
      await flushFolder(this.#folder);
    });
  }

  /**
   * @returns the files by name; undefined for a genome that is not here
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, ERR_ACADEMY_GENOME_INVALID when the folder was changed beyond the
   * bounds, ERR_ACADEMY_STORE
   */
  async get(id: string): Promise<GenomeFiles | undefined> {
    const place = this.#placeOf(id);
    return onDisk(`genome ${id} cannot be read`, async () => {
      if (!(await exists(place))) return undefined;
      const names = (await readdir(place)).sort();
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(place, name))).size));
      refuseOutOfBounds(id, names, sum(sizes));
      const read = async (name: string): Promise<[string, Uint8Array]> => [
        name,
        new Uint8Array(await readFile(join(place, name))),
      ];
      return new Map(await Promise.all(names.map(read)));
    });
  }

  /** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT */
  async has(id: string): Promise<boolean> {
    return exists(this.#placeOf(id));
  }

  /**
   * Ids of all genomes, sorted.
   * @throws AcademyError ERR_ACADEMY_STORE
   */
  async list(): Promise<string[]> {
    return onDisk(`the genomes in ${this.#folder} cannot be listed`, async () =>
      (await readdir(this.#folder)).filter((name) => idPattern.test(name)).sort(),
    );
  }

  /**
   * Removes a genome, or does nothing where there is none.
   * @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT, ERR_ACADEMY_STORE
   */
  async remove(id: string): Promise<void> {
    const place = this.#placeOf(id);
    await onDisk(`genome ${id} cannot be removed`, async () => {
      if (!(await exists(place))) return;
      // Out of sight first, so that no half-removed genome is ever read.
      const unfinished = await mkdtemp(join(this.#folder, unfinishedPrefix));
      await rename(place, join(unfinished, id));
      await rm(unfinished, { recursive: true, force: true });
    });
  }

  #placeOf(id: string): string {
    if (idPattern.test(id)) return join(this.#folder, id);
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${id.slice(0, 80)}" is not a genome id`, {
      remedy: 'a genome id has 64 hexadecimal characters',
    });
  }
}

function refuseBadFiles(id: string, files: GenomeFiles): void {
  refuseOutOfBounds(id, [...files.keys()], sum([...files.values()].map((bytes) => bytes.length)));
}

function refuseOutOfBounds(id: string, names: readonly string[], bytes: number): void {
  const badName = names.find((name) => !fileNamePattern.test(name));
  if (badName !== undefined) throw invalid(id, `has a file with a bad name, "${badName.slice(0, 80)}"`);
  if (names.length < 1 || names.length > genomeFilesMax) throw invalid(id, `has ${names.length} files`);
  if (bytes > genomeBytesMax) throw invalid(id, `has ${bytes} bytes, more than ${genomeBytesMax}`);
}

function invalid(id: string, fault: string): AcademyError {
  return new AcademyError('ERR_ACADEMY_GENOME_INVALID', `genome ${id} ${fault}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable. Windows does not let one open a folder, and does not need it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Gives what the file system throws a code; our own errors pass. */
async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AcademyError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcademyError('ERR_ACADEMY_STORE', `${what}: ${reason}`, {
      remedy: 'check that the data folder may be written to and that the disk is not full',
      cause,
    });
  }
}
