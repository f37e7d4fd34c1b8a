/**
 * The questions of the scene: the training file of CLINC150, one domain of it, parted by the hash of the words. What
 * the donor learns, what exams use and what is measured never share a question.
 */
import { readFile } from 'node:fs/promises';
import { dataFile } from '../../packageRoot.js';
import { dataBucket, type Random } from '../library.js';

export interface SceneItem {
  readonly input: string;
  /** Id of the right answer. */
  readonly expected: string;
}

export interface SceneItems {
  readonly domain: string;
  /** For the donor. */
  readonly train: readonly SceneItem[];
  /** What the person asks and judges, and what exams are held on. */
  readonly exam: readonly SceneItem[];
  /** What nobody hears of before the measurement. */
  readonly measure: readonly SceneItem[];
}

/** @param random picks the domain and the order */
export async function clincItems(random: Random): Promise<SceneItems> {
  const domains = Object.keys(JSON.parse(await readFile(dataFile('clinc150', 'domains.json'), 'utf8')) as object);
  const domain = domains[Math.floor(random.next() * domains.length)] ?? '';
  const lines = (await readFile(dataFile('clinc150', 'train.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');
  const items = lines
    .map((line) => JSON.parse(line) as { text: string; intent: string; domain: string })
    .filter((line) => line.domain === domain)
    .map(({ text, intent }): SceneItem => ({ input: text, expected: intent }));
  const inOrder = shuffled(items, random);
  const bucket = (name: ReturnType<typeof dataBucket>): SceneItem[] =>
    inOrder.filter(({ input }) => dataBucket(input) === name);
  return { domain, train: bucket('train'), exam: bucket('exam'), measure: bucket('measure') };
}

/** Fisher and Yates's shuffle, into a new list. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const out = [...values];
  for (let place = out.length - 1; place > 0; place--) {
    const other = Math.floor(random.next() * (place + 1));
    [out[place], out[other]] = [out[other] as T, out[place] as T];
  }
  return out;
}
