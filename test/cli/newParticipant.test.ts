import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type NewParticipant, newParticipant } from '../../cli/scaffold/newParticipant.js';
import { PROJECT_ROOT } from '../unit/project/projectSources.js';
import { CommandLine } from './CommandLine.js';

/** Outside of this project, which would be found around it. */
function emptyFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'academy-new-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A project that has academy-mesh, and what that brings along, as npm would install it. */
function projectOf(t: Test, manifest: object = { type: 'module', dependencies: { 'academy-mesh': '*' } }): string {
  const folder = emptyFolder(t);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(PROJECT_ROOT, join(folder, 'node_modules', 'academy-mesh'));
  for (const name of ['xstate', '@types', 'typescript']) {
    symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

function runTest(folder: string, file: string): { status: number | null; output: string } {
  const environment = Object.entries(process.env).filter(([name]) => !/^(TAP|NODE_)/.test(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--test', file], {
    cwd: folder,
    env: Object.fromEntries(environment),
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function compile(folder: string): string {
  const compiler = join(PROJECT_ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' }).stdout;
}

for (const template of ['callbacks', 'machine'] as const) {
  t.test(`a new participant of ${template} passes its test as it stands`, async (t) => {
    const cwd = projectOf(t);
    const { folder, files } = newParticipant({ name: 'weather-bot', cwd, language: 'js', template });
    t.equal(folder, join(cwd, 'weather-bot'));
    t.strictSame(files, ['weather-bot.js', 'weather-bot.test.js', 'README.md']);
    t.match(runTest(folder, 'weather-bot.test.js'), { status: 0, output: /Weather-bot answers/ });
  });

  t.test(`a new participant of ${template} in TypeScript compiles strictly and passes its test`, async (t) => {
    const cwd = projectOf(t);
    const { folder } = newParticipant({ name: 'Echo', cwd, language: 'ts', template });
    t.equal(compile(folder), '');
    t.match(runTest(folder, 'dist/echo.test.js'), { status: 0, output: /Echo answers/ });
  });
}

t.test('where there is no project one is made, and the next steps begin with its installation', async (t) => {
  const cwd = emptyFolder(t);
  const made = newParticipant({ name: 'echo', cwd, folder: 'bots/echo', language: 'ts', template: 'machine' });
  t.strictSame(made.next, ['cd bots/echo', 'npm install', 'npm test', 'npm start']);
  t.strictSame(readdirSync(made.folder).sort(), [
    'README.md',
    'echo.test.ts',
    'echo.ts',
    'package.json',
    'tsconfig.json',
  ]);
  const manifest = JSON.parse(readFileSync(join(made.folder, 'package.json'), 'utf8'));
  t.match(manifest, {
    type: 'module',
    scripts: { test: 'tsc && node --test dist/echo.test.js' },
    dependencies: { 'academy-mesh': /^\^\d/, xstate: /^\d/ },
    devDependencies: { typescript: /^\d/ },
  });
});

t.test('a project of CommonJS gets modules that are modules there too, and is told what it lacks', async (t) => {
  const cwd = projectOf(t, {});
  const { folder, files, next } = newParticipant({ name: 'echo', cwd, language: 'js', template: 'machine' });
  t.match(files, ['echo.mjs', 'echo.test.mjs']);
  t.match(next, ['cd echo', /^npm install academy-mesh xstate@\d/, 'node --test echo.test.mjs', /--watch .*echo\.mjs/]);
  t.match(runTest(folder, 'echo.test.mjs'), { status: 0 });
});

t.test('in a project of CommonJS the compiler finds the modules, and is there for development only', async (t) => {
  const cwd = projectOf(t, {});
  const { folder, next } = newParticipant({ name: 'echo', cwd, language: 'ts', template: 'machine' });
  const settings = readFileSync(join(folder, 'tsconfig.json'), 'utf8');
  t.match(JSON.parse(settings), { include: ['*.mts'], compilerOptions: { outDir: 'dist' } });
  t.match(readdirSync(folder), ['README.md', 'echo.mts', 'echo.test.mts']);
  t.match(next, [
    'cd echo',
    /^npm install academy-mesh xstate@[\d.]+$/,
    'npm install --save-dev typescript @types/node',
    'npx tsc && node --test dist/echo.test.mjs',
  ]);
});

t.test('a word of the language is a good name', async (t) => {
  const cwd = projectOf(t);
  const { folder } = newParticipant({ name: 'class', cwd, language: 'js', template: 'machine' });
  t.match(runTest(folder, 'class.test.js'), { status: 0 });
});

t.test('nothing is overwritten', async (t) => {
  const cwd = emptyFolder(t);
  for (const folder of ['echo', 'broken']) mkdirSync(join(cwd, folder));
  writeFileSync(join(cwd, 'echo', 'notes.txt'), 'mine');
  writeFileSync(join(cwd, 'a-file'), '');
  writeFileSync(join(cwd, 'broken', 'package.json'), '{');
  const make = (name: string, folder?: string): NewParticipant =>
    newParticipant({ name, cwd, folder, language: 'js', template: 'callbacks' });
  t.throws(() => make('echo'), { code: 'ERR_ACADEMY_FOLDER_NOT_EMPTY', message: /notes\.txt/, remedy: /--dir/ });
  t.throws(() => make('a-file'), { code: 'ERR_ACADEMY_FOLDER_NOT_EMPTY', message: /not a folder/ });
  t.throws(() => make('echo', 'a-file/echo'), { code: 'ERR_ACADEMY_FILE_NOT_WRITTEN' });
  t.throws(() => make('echo', 'broken/echo'), { code: 'ERR_ACADEMY_BAD_ARGUMENT', message: /not valid JSON/ });
  t.strictSame(readdirSync(join(cwd, 'echo')), ['notes.txt']);
  mkdirSync(join(cwd, 'empty', '.git'), { recursive: true });
  t.match(make('echo', 'empty'), { files: ['echo.js', 'echo.test.js', 'README.md', 'package.json'] });
});

for (const name of ['', '7up', 'weather bot', '../echo', 'a--b', 'system', 'ä', 'x'.repeat(65)]) {
  t.test(`"${name.slice(0, 12)}" is refused as a name`, async (t) => {
    const cwd = emptyFolder(t);
    const make = () => newParticipant({ name, cwd, language: 'js', template: 'callbacks' });
    t.throws(make, { code: 'ERR_ACADEMY_BAD_ARGUMENT', remedy: String });
    t.strictSame(readdirSync(cwd), []);
  });
}

t.test('the command says what it made, for people and as JSON', async (t) => {
  const cwd = emptyFolder(t);
  const commandLine = await CommandLine.open(t, { cwd });
  const made = await commandLine.json<NewParticipant>(['new', 'participant', 'echo']);
  t.match(made, { id: 'echo', name: 'Echo', folder: join(cwd, 'echo'), next: ['cd echo', 'npm install'] });
  t.ok(existsSync(join(cwd, 'echo', 'echo.test.js')));
  const again = await commandLine.run(['new', 'participant', 'echo']);
  t.match(again, { code: 2, stderr: /^error ERR_ACADEMY_FOLDER_NOT_EMPTY: .*\nremedy: / });
  const other = await commandLine.run(['new', 'participant', 'ada-two', '--ts', '--template', 'machine']);
  t.match(other, { code: 0, stdout: /ada-two\.ts.*go on with:.*npm install/s });
  t.match(await commandLine.run(['new', 'participant', 'x', '--ts', '--js']), { code: 2, stderr: /exclude/ });
  t.match(await commandLine.run(['new', 'participant', 'x', '--template', 'magic']), { code: 2, stderr: /callbacks/ });
});
