import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { docSnippets, type Snippet } from './docSnippets.js';
import { PROJECT_ROOT } from './projectSources.js';

/** Below the root, so that the package finds itself by its name, with what it exports and nothing else. */
const folder = join(PROJECT_ROOT, 'docs', 'snippets');

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.es2024.sharedmemory.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
} satisfies ts.CompilerOptions;

/** @returns what the compiler says, with the place in the document */
function faultsOf(snippets: readonly Snippet[]): string[] {
  const files = new Map(snippets.map((snippet) => [join(folder, snippet.name), snippet]));
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile, directoryExists } = host;
  host.directoryExists = (path) => path === folder || directoryExists?.(path) === true;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.code ?? readFile(path);
  const program = ts.createProgram([...files.keys()], compilerOptions, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const snippet = file && files.get(file.fileName);
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : 0;
    const [document, first] = snippet?.place.split(':') ?? [file?.fileName, '0'];
    return `${document}:${Number(first) + line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

function snippetsOf(document: string): Snippet[] {
  return docSnippets(document, readFileSync(join(PROJECT_ROOT, document), 'utf8'));
}

const documents = ['README.md', ...readdirSync(join(PROJECT_ROOT, 'docs')).map((name) => `docs/${name}`)];

t.test('the code that the documents show compiles against what the package exports', async (t) => {
  const snippets = documents.filter((name) => name.endsWith('.md')).flatMap(snippetsOf);
  t.ok(snippets.length > 8, `${snippets.length} blocks`);
  t.strictSame(faultsOf(snippets), []);
});

t.test('the tests that the document about tests shows pass', async (t) => {
  const files = t.testdir();
  const tests: string[] = [];
  for (const { name, place, code } of ['docs/PARTICIPANTS.md', 'docs/TESTING.md'].flatMap(snippetsOf)) {
    const file = join(files, name.replace(/\.ts$/, '.js'));
    const { target } = compilerOptions;
    const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.ESNext, target } });
    writeFileSync(file, outputText);
    if (place.startsWith('docs/TESTING.md')) tests.push(file);
  }
  t.equal(tests.length, 4);
  const ran = spawnSync(process.execPath, ['--test', ...tests], { encoding: 'utf8', timeout: 120_000 });
  t.equal(ran.status, 0, 'all pass');
  if (ran.status !== 0) t.comment(ran.stdout);
});

t.test('what does not compile is told with its place in the document', async (t) => {
  const text = `# Title

<!-- compiled as: one.ts -->
\`\`\`ts
export const one: number = 1;
\`\`\`

<!-- compiled with: import { one } from './one.js'; -->
\`\`\`js
import { defineActor } from 'academy-mesh';
const two: string = one;
defineActor({ mashine: two });
\`\`\`
`;
  t.match(faultsOf(docSnippets('docs/X.md', text)), [/^docs\/X\.md:11 Type 'number'/, /^docs\/X\.md:12 .*mashine/]);
});
