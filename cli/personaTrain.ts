/** `academy persona train`: teaches an embedded persona from a file of signals, and writes what it learnt as a genome. */
import { access, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AcademyError } from '../index.js';
import {
  EmbeddedPersona,
  encodeGenome,
  GENOME_FILES,
  genomeLimits,
  type LearningSignal,
  loadBaseModel,
  makeFolder,
  parseKnowledgePack,
  seededRandom,
} from './library.js';
import { readJsonLines, readTextFile } from './readJsonLines.js';

export interface PersonaTrainOptions {
  /** Path of a knowledge pack. */
  readonly knowledge: string;
  /** Path of JSONL lines `{input, expected: id | null}` or `{input, answered: id, value: -1..1}`. */
  readonly signals: string;
  /** Folder to write; one that holds a genome is replaced. */
  readonly out: string;
  /** @default 32 */
  readonly rank?: number;
  /** How often the signals are gone through, in their own order the first time. @default 1 */
  readonly passes?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Milliseconds that never go back. @default performance.now */
  readonly nowMs?: () => number;
}

export interface PersonaTrainResult {
  /** Lines that were learnt from. */
  readonly signals: number;
  /** Spent learning, without reading and writing files. */
  readonly seconds: number;
  /** Size of the genome folder. */
  readonly bytes: number;
  readonly rank: number;
}

const rankDefault = 32;
/** Lessons kept for going over again: all of a file of this many lines, some 30 MB. */
const replayMax = 16_384;

/**
 * @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND, ERR_ACADEMY_KNOWLEDGE_INVALID, ERR_ACADEMY_SIGNALS_INVALID with the
 * line, ERR_ACADEMY_BAD_ARGUMENT for an output folder that holds something else, or when nothing was learnt
 */
export async function personaTrain(options: PersonaTrainOptions): Promise<PersonaTrainResult> {
  const { rank = rankDefault, passes = 1, seed = 1, nowMs = () => performance.now() } = options;
  const knowledge = parseKnowledgePack(await readTextFile(options.knowledge), options.knowledge);
  const lines = await readJsonLines(options.signals, {
    code: 'ERR_ACADEMY_SIGNALS_INVALID',
    shape:
      '{"input": "...", "expected": "<answer id>" or null}, or {"input": "...", "answered": "<answer id>", "value": -1 to 1}',
    take: (value) => {
      const signal = signalOf(value);
      if (typeof signal === 'string') return signal;
      const id = 'expected' in signal ? signal.expected : signal.answered;
      return id === null || knowledge.rowOf(id) >= 0 ? signal : `the knowledge has no answer "${id}"`;
    },
  });
  const out = resolve(options.out);
  await refuseOtherFolder(out);

  const random = seededRandom(seed);
  const persona = new EmbeddedPersona({ knowledge, baseModel: loadBaseModel(), rank, random, replayMax });
  const startedAtMs = nowMs();
  let learnt = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (const signal of pass === 0 ? lines : shuffled(lines, random)) {
      if (persona.learn(signal) === 'learnt' && pass === 0) learnt++;
    }
  }
  const seconds = (nowMs() - startedAtMs) / 1000;

  const genome = persona.exportGenome({
    name: basename(out).slice(0, 128) || 'genome',
    description: `Trained on ${learnt} signals of ${basename(options.signals)}`,
    // For the persona's own use: nothing is pruned away, and what it learnt not to say is kept too.
    answers: 'all',
    columns: genomeLimits.columnsMax,
    createdAtMs: 0,
    author: { personaId: 'cli' },
  });
  const files = encodeGenome(genome);
  await replaceFolder(out, files);
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
  return { signals: learnt, seconds, bytes, rank };
}

function signalOf(value: unknown): LearningSignal | string {
  if (typeof value !== 'object' || value === null) return 'is no object';
  const { input, expected, answered, value: judgement } = value as Readonly<Record<string, unknown>>;
  if (typeof input !== 'string' || input === '') return '"input" must be a text';
  if (expected !== undefined) {
    return expected === null || typeof expected === 'string'
      ? { input, expected }
      : '"expected" must be the id of an answer, or null for silence';
  }
  if (typeof answered !== 'string') return 'needs "expected", or "answered" and "value"';
  if (typeof judgement !== 'number' || !(Math.abs(judgement) <= 1)) return '"value" must be a number from -1 to 1';
  return { input, answered, value: judgement };
}

/** A shuffled copy (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: { next(): number }): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}

async function refuseOtherFolder(out: string): Promise<void> {
  const names = await readdir(out).catch((fault: NodeJS.ErrnoException): string[] => {
    if (fault.code === 'ENOENT') return [];
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${out} is no folder`, {
      remedy: 'name another one with --out',
    });
  });
  if (names.length === 0 || names.includes(GENOME_FILES.manifest)) return;
  throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${out} holds something that is no genome`, {
    remedy: 'name a new folder with --out',
  });
}

/** Whole or not at all: the folder is written beside its place and moved there. */
async function replaceFolder(out: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const parent = dirname(out);
  const made = join(parent, `.${basename(out)}.${process.pid}.new`);
  try {
    makeFolder(made, 0o777);
    for (const [name, bytes] of files) await writeFile(join(made, name), bytes);
    const isThere = await access(out).then(
      () => true,
      () => false,
    );
    const old = join(parent, `.${basename(out)}.${process.pid}.old`);
    if (isThere) await rename(out, old);
    await rename(made, out);
    await rm(old, { recursive: true, force: true });
  } catch (cause) {
    await rm(made, { recursive: true, force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcademyError('ERR_ACADEMY_STORE', `${out} cannot be written: ${reason}`, {
      remedy: 'name a folder that you may write to with --out',
      cause,
    });
  }
}
