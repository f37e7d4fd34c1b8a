/** Knowledge and genomes for tests: small, real, and made in milliseconds. */
import { EmbeddedPersona } from '../../../actors/learning/EmbeddedPersona.js';
import { parseKnowledgePack } from '../../../actors/learning/KnowledgePack.js';
import { loadBaseModel } from '../../../actors/learning/loadBaseModel.js';
import { encodeGenome } from '../../../runtime/protocol/genome/encodeGenome.js';
import type { Genome } from '../../../runtime/protocol/genome/Genome.js';
import { seededRandom } from '../../../runtime/protocol/Random.js';

/** Titles say nothing of the nonsense words below, so that all there is to know must be learnt. */
export const smallPack = [
  { id: 'bank-pin', title: 'change a card number', answer: 'Under Card.', capability: 'banking' },
  { id: 'bank-loan', title: 'borrow money', answer: 'Under Loans.', capability: 'banking' },
  { id: 'trip-visa', title: 'permission to enter', answer: 'At the embassy.', capability: 'travel' },
  { id: 'trip-seat', title: 'choose a place', answer: 'In the app.', capability: 'travel' },
]
  .map((item) => JSON.stringify(item))
  .join('\n');

const syllables = ['ba', 'ko', 'ri', 'tu', 'me', 'fa', 'lo', 'ni'];
const markers: Record<string, readonly string[]> = {
  'bank-pin': ['zopfeld', 'grimmel', 'karbix'],
  'bank-loan': ['wuntari', 'plessok', 'dromvin'],
  'trip-visa': ['yalquist', 'ombrel', 'feskan'],
  'trip-seat': ['hurvane', 'siltorp', 'quabbet'],
};

/** The n-th question whose right answer is `answerId`: one telling word among many that tell nothing. */
export function questionFor(answerId: string, n: number): string {
  const words = markers[answerId] ?? ['nothing'];
  const random = seededRandom(n * 31 + answerId.length);
  const filler = (): string =>
    Array.from({ length: 3 }, () => syllables[Math.floor(random.next() * syllables.length)]).join('');
  return `${filler()} ${words[n % words.length]} ${filler()} ${n}`;
}

export function newBrain(seed = 5): EmbeddedPersona {
  return new EmbeddedPersona({
    knowledge: parseKnowledgePack(smallPack, 'small.jsonl'),
    baseModel: loadBaseModel(),
    rank: 4,
    random: seededRandom(seed),
  });
}

/** What a persona learnt from 200 signals of one capability, as it would be published. */
export function learntGenome(capability: 'banking' | 'travel', seed = 5, name: string = capability): Genome {
  const brain = newBrain(seed);
  const answers = Object.keys(markers).filter((id) => id.startsWith(capability === 'banking' ? 'bank' : 'trip'));
  for (let n = 0; n < 100; n++) {
    for (const expected of answers) brain.learn({ input: questionFor(expected, n), expected });
  }
  return brain.exportGenome({
    name,
    description: `${capability} for tests`,
    capabilities: [capability],
    createdAtMs: 1_700_000_000_000,
    author: { personaId: 'donor' },
  });
}

export function filesOf(genome: Genome): Record<string, Uint8Array> {
  return Object.fromEntries(encodeGenome(genome));
}
