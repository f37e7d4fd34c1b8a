// The knowledge packs that ship: what data/knowledge/README.md promises about them, read by the reader that personas use.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type KnowledgeItem, parseKnowledgePack } from '../../../actors/learning/KnowledgePack.js';

function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'academy-mesh') return folder;
    if (folder === dirname(folder)) throw new Error('this test is not inside the package academy-mesh');
  }
}

const data = join(packageRoot(), 'data');
const files = readdirSync(join(data, 'knowledge')).filter((name) => name.endsWith('.jsonl'));
const packs = new Map<string, readonly KnowledgeItem[]>(
  files.map((name) => [name, parseKnowledgePack(readFileSync(join(data, 'knowledge', name), 'utf8'), name).items]),
);
const all = [...packs].flatMap(([file, items]) => items.map((item) => ({ file, item })));

function pack(name: string): readonly KnowledgeItem[] {
  const items = packs.get(name);
  if (items === undefined) throw new Error(`${name} is missing`);
  return items;
}

/** The values that occur more than once, each with where it occurs. */
function repeated(entries: readonly (readonly [value: string, place: string])[]): Record<string, string[]> {
  const places = new Map<string, string[]>();
  for (const [value, place] of entries) places.set(value, [...(places.get(value) ?? []), place]);
  return Object.fromEntries([...places].filter(([, found]) => found.length > 1));
}

/** What is left of a phrase when only letters, digits and the signs that mean something in TypeScript count. */
const bareWords = (phrase: string) =>
  phrase
    .toLowerCase()
    .replace(/[^\p{L}\p{N}#&|?!@<>{}[\].]+/gu, ' ')
    .trim();

t.test('every pack that ships is here, and nothing else', async (t) => {
  t.same([...files].sort(), ['academy.jsonl', 'clinc150.jsonl', 'typescript-help.jsonl']);
});

t.test('an answer id means one answer in all packs together', async (t) => {
  t.same(repeated(all.map(({ file, item }) => [item.id, file])), {});
});

t.test('every entry keeps the bounds that the README states', async (t) => {
  const known = ['id', 'title', 'answer', 'examples', 'capability'];
  for (const { file, item } of all) {
    const { id, title, answer, examples = [], capability = '' } = item;
    const faults = [
      ...Object.keys(item).filter((field) => !known.includes(field)),
      ...(/^[a-z][a-z0-9_-]{0,63}$/.test(id) ? [] : ['id']),
      ...(/^[a-z][a-z0-9_-]{0,63}$/.test(capability) ? [] : ['capability']),
      ...(title.length <= 120 && title.trim() === title ? [] : ['title']),
      ...(answer.length <= 700 && answer.trim() === answer ? [] : ['answer']),
      ...(examples.length <= 6 ? [] : ['examples']),
      ...examples.filter((example) => example.length > 160 || example.trim() !== example),
    ];
    if (faults.length > 0) t.same(faults, [], `${file}: ${id}`);
  }
});

t.test('no phrase asks for two answers of one pack', async (t) => {
  for (const [file, items] of packs) {
    const phrases = items.flatMap(({ id, title, examples = [] }) =>
      [title, ...examples].map((phrase) => [bareWords(phrase), id] as const),
    );
    t.same(repeated(phrases), {}, file);
  }
});

t.test('no two answers say the same', async (t) => {
  t.same(repeated(all.map(({ item }) => [item.answer, item.id])), {});
});

for (const { name, atLeast, capabilities } of [
  {
    name: 'typescript-help.jsonl',
    atLeast: 60,
    capabilities: ['typescript-basics', 'typescript-config', 'typescript-runtime', 'typescript-types'],
  },
  { name: 'academy.jsonl', atLeast: 25, capabilities: ['academy-guide'] },
]) {
  t.test(`${name} has at least ${atLeast} questions, each asked in several ways`, async (t) => {
    const items = pack(name);
    t.ok(items.length >= atLeast, `${items.length} entries`);
    t.same([...new Set(items.map(({ capability }) => capability))].sort(), capabilities);
    for (const { id, title, examples = [] } of items) {
      const words = title.split(' ').length;
      if (words < 5 || words > 12) t.fail(`the title of ${id} has ${words} words`);
      if (examples.length < 4) t.fail(`${id} has ${examples.length} examples`);
    }
  });
}

t.test(
  'clinc150.jsonl names exactly the intents of the data set, each in its domain, and leaks no example',
  async (t) => {
    const domains: Record<string, string[]> = JSON.parse(readFileSync(join(data, 'clinc150', 'domains.json'), 'utf8'));
    const expected = Object.entries(domains).flatMap(([domain, intents]) =>
      intents.map((id) => ({ id, title: id.replaceAll('_', ' '), capability: domain })),
    );
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    const items = pack('clinc150.jsonl').map(({ answer, ...rest }) => rest);
    t.equal(items.length, 150);
    t.same(items.sort(byId), expected.sort(byId));
  },
);
