// Trains a persona of rank 32 on the CLINC150 training part, three passes, and measures it on the validation part, which
// nothing was trained or tuned on; then the same with every answer id renamed.
// Usage, after a build: node scripts/validate-learning.mjs [--dist dist] [--seed 1] [--passes 3] [--signals N] [--json]
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    dist: { type: 'string', default: 'dist' },
    seed: { type: 'string', default: '1' },
    passes: { type: 'string', default: '3' },
    signals: { type: 'string', default: 'Infinity' },
    json: { type: 'boolean', default: false },
  },
});
const load = (path) => import(pathToFileURL(resolve(root, options.dist, path)).href);
const { EmbeddedPersona } = await load('actors/learning/EmbeddedPersona.js');
const { KnowledgePack } = await load('actors/learning/KnowledgePack.js');
const { loadBaseModel } = await load('actors/learning/loadBaseModel.js');
const { seededRandom } = await load('runtime/protocol/Random.js');

const readLines = async (name) =>
  (await readFile(resolve(root, 'data/clinc150', name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const domains = JSON.parse(await readFile(resolve(root, 'data/clinc150/domains.json'), 'utf8'));
const training = await readLines('train.jsonl');
const validation = await readLines('val.jsonl');

/** Shuffles in place (Fisher and Yates). */
function shuffle(items, random) {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

function validate(name, idOf) {
  const random = seededRandom(Number(options.seed));
  const intents = Object.values(domains).flat();
  const items = intents.map((intent) => ({ id: idOf(intent), title: intent.replaceAll('_', ' '), answer: intent }));
  const persona = new EmbeddedPersona({
    knowledge: new KnowledgePack(items),
    baseModel: loadBaseModel(),
    rank: 32,
    random,
    // Every signal, as in `academy persona train`.
    replayMax: 16_384,
  });
  const asItem = ({ text, intent }) => ({ input: text, expected: intent === null ? null : idOf(intent) });
  const signals = shuffle(training.map(asItem), random).slice(0, Number(options.signals));
  const inScope = validation.filter(({ intent }) => intent !== null).map(asItem);
  const outOfScope = validation.filter(({ intent }) => intent === null).map(asItem);
  const before = persona.measure(inScope);
  const start = performance.now();
  for (let pass = 0; pass < Number(options.passes); pass++) {
    for (const signal of shuffle(signals, random)) persona.learn(signal);
  }
  const seconds = (performance.now() - start) / 1000;
  const after = persona.measure(inScope);
  return {
    name,
    untrainedTop1: before.accuracy,
    top1: after.accuracy,
    answeredRight: after.answered,
    outOfScopeRecall: persona.measure(outOfScope).answered,
    n: after.n,
    seconds,
  };
}

const intents = Object.values(domains).flat();
const results = [
  validate('CLINC150', (intent) => intent),
  validate('CLINC150, ids renamed', (intent) => `q${String(intents.indexOf(intent) + 1).padStart(4, '0')}`),
];
if (options.json) console.log(JSON.stringify(results));
else {
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  for (const { name, untrainedTop1, top1, answeredRight, outOfScopeRecall, n, seconds } of results) {
    console.log(
      `${name}: top-1 ${percent(top1)} (untrained ${percent(untrainedTop1)}, n ${n}); with silence: in scope ` +
        `${percent(answeredRight)}, out-of-scope recall ${percent(outOfScopeRecall)}; ${seconds.toFixed(1)} s`,
    );
  }
}
