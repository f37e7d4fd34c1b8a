/** `academy persona answer`: what an embedded persona would answer to a file of questions, with the genomes it is given. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AcademyError } from '../index.js';
import { decodeGenome, EmbeddedPersona, loadBaseModel, parseKnowledgePack, seededRandom } from './library.js';
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
  for (const folder of options.genomes) persona.adopt(decodeGenome(await readGenomeFolder(folder)));
  const questions = await readJsonLines(options.questions, 'ERR_ACADEMY_SIGNALS_INVALID', (value) => {
    const input = (value as { input?: unknown } | null)?.input;
    return typeof input === 'string' ? { input } : '"input" must be a text';
  });
  const answers = questions.map(({ input }) => persona.answer(input));
  const lines = answers.map(({ answer, confidence, top }) => `${JSON.stringify({ answer, confidence, top })}\n`);
  try {
    await writeFile(options.out, lines.join(''));
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_STORE', `${options.out} cannot be written`, { cause });
  }
  const silent = answers.filter(({ answer }) => answer === null).length;
  return { questions: questions.length, silent, out: options.out };
}

async function readGenomeFolder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    const names = await readdir(folder);
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `the genome folder ${folder} cannot be read`, {
      remedy: 'name a folder that "academy persona train" has written',
      cause,
    });
  }
}
