/** `academy persona answer`: what an embedded persona would answer to a file of questions, with the genomes it is given. */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AcademyError } from '../index.js';
import {
  decodeGenome,
  EmbeddedPersona,
  GENOME_FILES,
  genomeLimits,
  loadBaseModel,
  parseKnowledgePack,
  seededRandom,
} from './library.js';
import { readJsonLines, readTextFile } from './readJsonLines.js';

export interface PersonaAnswerOptions {
  /** Path of a knowledge pack. */
  readonly knowledge: string;
  /** Genome folders, adopted in this order. */
  readonly genomes: readonly string[];
  /** Path of JSONL lines `{input}`. */
  readonly questions: string;
  /** File to write: a line `{answer: id | null, confidence: 0..1, top: id}` for each question. */
  readonly out: string;
}

export interface PersonaAnswerResult {
  readonly questions: number;
  /** Questions that it would not answer. */
  readonly silent: number;
  readonly out: string;
}

/**
 * @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND, ERR_ACADEMY_KNOWLEDGE_INVALID, ERR_ACADEMY_GENOME_INVALID,
 * ERR_ACADEMY_BASE_MISMATCH, ERR_ACADEMY_SIGNALS_INVALID with the line of a question that does not fit
 */
export async function personaAnswer(options: PersonaAnswerOptions): Promise<PersonaAnswerResult> {
  const knowledge = parseKnowledgePack(await readTextFile(options.knowledge), options.knowledge);
  const persona = new EmbeddedPersona({ knowledge, baseModel: loadBaseModel(), random: seededRandom(1) });
  for (const folder of options.genomes) adopt(persona, folder, await readGenomeFolder(folder));
  const questions = await readJsonLines(options.questions, {
    code: 'ERR_ACADEMY_SIGNALS_INVALID',
    shape: '{"input": "..."}',
    take: (value) => {
      const input = (value as { input?: unknown } | null)?.input;
      return typeof input === 'string' ? { input } : '"input" must be a text';
    },
  });
  const answers = questions.map(({ input }) => persona.answer(input));
  const lines = answers.map(({ answer, confidence, top }) => `${JSON.stringify({ answer, confidence, top })}\n`);
  await writeWhole(options.out, lines.join(''));
  const silent = answers.filter(({ answer }) => answer === null).length;
  return { questions: questions.length, silent, out: options.out };
}

/** Of several genomes, an error names the one that does not fit. */
function adopt(persona: EmbeddedPersona, folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  try {
    persona.adopt(decodeGenome(files));
  } catch (cause) {
    if (!(cause instanceof AcademyError)) throw cause;
    const { code, message, remedy = 'train it again, or fetch it again' } = cause;
    throw new AcademyError(code, `${folder}: ${message}`, { remedy, cause });
  }
}

/** Reads just the files of a genome, and none that is larger than a genome's can be. */
async function readGenomeFolder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = async (name: string): Promise<readonly [string, Uint8Array]> => {
    const path = join(folder, name);
    const { size } = await stat(path);
    if (size > genomeLimits.tensorBytesMax) {
      throw new AcademyError(
        'ERR_ACADEMY_GENOME_INVALID',
        `${path} has ${size} bytes, more than any file of a genome`,
        {
          remedy: 'name a folder that "academy persona train" has written',
        },
      );
    }
    return [name, await readFile(path)];
  };
  try {
    return new Map(await Promise.all(Object.values(GENOME_FILES).map(read)));
  } catch (cause) {
    if (cause instanceof AcademyError) throw cause;
    throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `the genome folder ${folder} cannot be read`, {
      remedy: 'name a folder that "academy persona train" has written',
      cause,
    });
  }
}

/** Whole or not at all: the file is written beside its place and moved there. */
async function writeWhole(path: string, content: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.new`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AcademyError('ERR_ACADEMY_STORE', `${path} cannot be written: ${reason}`, {
      remedy: 'name a file in a folder that you may write to with --out',
      cause,
    });
  }
}
