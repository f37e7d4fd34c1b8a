import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT } from './projectSources.js';

const ROWS = 334;
const SETTLEMENTS = 41;

interface Row {
  readonly id: string;
  readonly proof: string;
}

/** The rows of the page's tables: `| 12 | what | proof |`, with `\|` for a bar inside a cell. */
function parseRows(page: string): Row[] {
  return page.split('\n').flatMap((line) => {
    const [, id, , proof] = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
    return id !== undefined && /^C?\d+$/.test(id) ? [{ id, proof: proof ?? '' }] : [];
  });
}

/** What is wrong with a proof: its form, a file that is not there, or a sentence that does not stand in it. */
function proofFaults({ id, proof }: Row, read: (path: string) => string | undefined): string[] {
  if (proof === 'open') return [];
  return proof.split(/;\s*(?=`)/).flatMap((part) => {
    const [, path, sentence] = /^`(test\/[\w./-]+\.ts)` "(.+)"$/.exec(part) ?? [];
    if (path === undefined || sentence === undefined)
      return [`${id}: neither "open" nor \`test/…\` "sentence": ${part}`];
    const text = read(path);
    if (text === undefined) return [`${id}: there is no ${path}`];
    // A sentence with an apostrophe may be escaped in the source.
    return text.replaceAll("\\'", "'").includes(sentence) ? [] : [`${id}: ${path} has no test "${sentence}"`];
  });
}

function readTest(path: string): string | undefined {
  const full = join(PROJECT_ROOT, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
}

const rows = parseRows(readFileSync(join(PROJECT_ROOT, 'docs', 'CONFORMANCE.md'), 'utf8'));

t.test('every requirement and every settlement stands on the page once, in order', async (t) => {
  const numbered = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
  t.strictSame(
    rows.map((row) => row.id),
    [...numbered(ROWS, ''), ...numbered(SETTLEMENTS, 'C')],
  );
});

t.test('every test that the page names as a proof exists', async (t) => {
  t.strictSame(
    rows.flatMap((row) => proofFaults(row, readTest)),
    [],
  );
});

t.test('every promise of the semantics page names tests that exist', async (t) => {
  const page = readFileSync(join(PROJECT_ROOT, 'docs', 'SEMANTICS.md'), 'utf8');
  const promises = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise'))
    .map((line) => line.split(' | '))
    .map(([promise = '', proof = '']) => ({ id: promise.slice(2), proof: proof.replace(/ \|$/, '') }));
  t.ok(promises.length > 20);
  t.strictSame(
    promises.flatMap((row) => proofFaults(row, readTest)),
    [],
  );
});

t.test('a proof that proves nothing is found', async (t) => {
  const read = (path: string) =>
    path === 'test/a.test.ts' ? "t.test('it works', …); t.test('it\\'s so', …)" : undefined;
  const faults = (proof: string) => proofFaults({ id: '1', proof }, read);
  t.strictSame(faults('`test/a.test.ts` "it works"; `test/a.test.ts` "it\'s so"'), []);
  t.strictSame(faults('`test/b.test.ts` "it works"'), ['1: there is no test/b.test.ts']);
  t.strictSame(faults('`test/a.test.ts` "it fails"'), ['1: test/a.test.ts has no test "it fails"']);
  t.match(faults('done'), [/neither "open" nor/]);
  t.match(faults(''), [/neither "open" nor/]);
});
