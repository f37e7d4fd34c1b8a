/** CLINC150 for tests: its training part by domain and data bucket, and a knowledge pack made of its intents. */
import { readFileSync } from 'node:fs';
import { dataBucket } from '../../../actors/learning/dataBucket.js';
import { EmbeddedPersona } from '../../../actors/learning/EmbeddedPersona.js';
import type { ExamItem } from '../../../actors/learning/examResult.js';
import { KnowledgePack } from '../../../actors/learning/KnowledgePack.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { dataFile } from '../../../packageRoot.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';

const domains = JSON.parse(readFileSync(dataFile('clinc150', 'domains.json'), 'utf8')) as Record<string, string[]>;

/** All 150 answers; titles are the intents' names as words. */
export const clincPack = new KnowledgePack(
  Object.entries(domains).flatMap(([domain, intents]) =>
    intents.map((id) => ({ id, title: id.replaceAll('_', ' '), answer: `About ${id}.`, capability: domain })),
  ),
);

interface ClincLine extends ExamItem {
  readonly domain: string | null;
}

const lines: readonly ClincLine[] = readFileSync(dataFile('clinc150', 'train.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { text, intent, domain } = JSON.parse(line) as { text: string; intent: string | null; domain?: string };
    return { input: text, expected: intent, domain: domain ?? null };
  });

/** Items of one domain in one bucket, shuffled always alike. */
export function clincItems(domain: string, bucket: 'train' | 'exam' | 'measure'): ExamItem[] {
  const random = seededRandom(7);
  return lines
    .filter((line) => line.domain === domain && dataBucket(line.input) === bucket)
    .map(({ input, expected }) => ({ item: { input, expected }, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

export function newPersona(seed = 1, rank = 16): EmbeddedPersona {
  return new EmbeddedPersona({
    knowledge: clincPack,
    baseModel: loadBaseModel(),
    rank,
    random: seededRandom(seed),
  });
}

/** A persona that has learnt one domain's training bucket, one signal at a time. */
export function donorOf(domain: string, seed = 1): EmbeddedPersona {
  const donor = newPersona(seed);
  for (const { input, expected } of clincItems(domain, 'train')) donor.learn({ input, expected });
  return donor;
}
