/** One domain of CLINC150's training part, parted by the hash of the words as everywhere in the project. */
import { readFileSync } from 'node:fs';
import { type DataBucket, dataBucket } from '../../../actors/learning/dataBucket.js';
import { EmbeddedPersona, type EmbeddedPersonaOptions } from '../../../actors/learning/EmbeddedPersona.js';
import { KnowledgePack } from '../../../actors/learning/KnowledgePack.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { dataFile } from '../../../packageRoot.js';
import { type Random, seededRandom } from '../../../runtime/protocol/Random.js';

export interface Question {
  readonly input: string;
  readonly expected: string;
}

const domains = JSON.parse(readFileSync(dataFile('clinc150', 'domains.json'), 'utf8')) as Record<string, string[]>;
const lines = readFileSync(dataFile('clinc150', 'train.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { text: string; intent: string; domain: string })
  .map((line) => ({ ...line, bucket: dataBucket(line.text) }));

/** In an order of their own, for the file lists each answer's questions together. */
export function questions(domain: string, bucket: DataBucket, random: Random = seededRandom(1)): Question[] {
  return lines
    .filter((line) => line.domain === domain && line.bucket === bucket)
    .map(({ text, intent }) => ({ place: random.next(), question: { input: text, expected: intent } }))
    .sort((one, other) => one.place - other.place)
    .map(({ question }) => question);
}

/** The 15 answers of each domain named; `idOf` may rename them, titles stay. */
export function packOf(names: readonly string[], idOf = (intent: string): string => intent): KnowledgePack {
  return new KnowledgePack(
    names.flatMap((capability) =>
      (domains[capability] ?? []).map((intent) => ({
        id: idOf(intent),
        title: intent.replaceAll('_', ' '),
        answer: intent,
        capability,
      })),
    ),
  );
}

export function newPersona(
  knowledge: KnowledgePack,
  seed = 1,
  options: Partial<EmbeddedPersonaOptions> = {},
): EmbeddedPersona {
  return new EmbeddedPersona({ knowledge, baseModel: loadBaseModel(), random: seededRandom(seed), ...options });
}

/** A persona that was taught a whole domain, twice over. */
export function donorOf(domain: string, knowledge: KnowledgePack, seed = 1): EmbeddedPersona {
  const donor = newPersona(knowledge, seed);
  for (const pass of [1, 2]) {
    for (const question of questions(domain, 'train', seededRandom(pass))) donor.learn(question);
  }
  return donor;
}

export function genomeOf(donor: EmbeddedPersona, domain: string) {
  return donor.exportGenome({
    name: domain,
    description: `questions on ${domain}`,
    capabilities: [domain],
    createdAtMs: 1_700_000_000_000,
    author: { personaId: 'donor' },
  });
}
