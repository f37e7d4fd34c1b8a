import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { dataFile } from '../../packageRoot.js';
import { CommandLine, eventually } from './CommandLine.js';

const packageFolder = dirname(dataFile());

/** The participant that the README shows. */
function readmeParticipant(): string {
  const text = readFileSync(join(packageFolder, 'README.md'), 'utf8');
  const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  return blocks.find((code) => code.includes('defineParticipant(')) ?? '';
}

function npm(folder: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const npmCli = process.env.npm_execpath;
  const [program, first] = npmCli?.endsWith('.js') ? [process.execPath, [npmCli]] : ['npm', []];
  // What the npm that runs the tests was told is not meant for this one.
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(dry|global|json|pre)|package_|lifecycle_)/.test(name),
  );
  return spawnSync(program, [...first, ...args], {
    cwd: folder,
    env: Object.fromEntries(environment),
    encoding: 'utf8',
  });
}

/** Installs the tarball: from npm's cache or the registry; where neither has it, beside this project's own packages. */
function install(t: Test, project: string, tarball: string): void {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=0'];
  if (npm(project, 'install', '--prefer-offline', ...flags, tarball).status === 0) return;
  t.comment('the registry cannot be reached: the tarball is unpacked beside the packages of this project');
  const installed = join(project, 'node_modules', 'academy-mesh');
  mkdirSync(installed, { recursive: true });
  spawnSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  symlinkSync(join(packageFolder, 'node_modules'), join(installed, 'node_modules'));
}

t.test('the packed package, installed into an empty project, runs what README and examples show', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'academy-package-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const packed = npm(packageFolder, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  t.equal(packed.status, 0, packed.stderr);
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  const project = join(folder, 'project');
  mkdirSync(project);
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  install(t, project, join(folder, filename));
  const program = join(project, 'node_modules', 'academy-mesh', 'dist', 'cli', 'academy.js');
  const commandLine = await CommandLine.open(t, { program, cwd: project });

  await t.test('the README’s participant answers in a room', async (t) => {
    const code = readmeParticipant();
    t.ok(code.trim().split('\n').length <= 30, 'in thirty lines at the most');
    await writeFile(join(project, 'my-bot.js'), code);
    const node = await commandLine.up('data', ['--participant', './my-bot.js', '--threads', '1']);
    const builtIn = ['ada', 'bo', 'mia', 'system'];
    const rooms = await node.connection.request('rooms', {});
    const bots = rooms.flatMap(({ roomId, members }) =>
      members
        .filter(({ id, type }) => type !== 'human' && !builtIn.includes(id))
        .map(({ id, name }) => ({ roomId, id, name })),
    );
    const [bot] = bots;
    t.ok(bot, 'it sits in a room');
    if (!bot) return;
    const { roomId } = bot;
    const { messageId } = await node.connection.request('say', { roomId, text: `@${bot.name} hello there` });
    const answer = await eventually(async () => {
      const { messages } = await node.connection.request('history', { roomId });
      return messages.find(({ participantId, replyTo }) => participantId === bot.id && replyTo === messageId);
    });
    t.match(answer.text, /hello there/);
    t.equal(await node.end('SIGTERM'), 0);
  });

  await t.test('a participant that it makes passes its test', async (t) => {
    const made = await commandLine.json<{ folder: string }>(['new', 'participant', 'weather-bot']);
    const tested = spawnSync(process.execPath, ['--test', 'weather-bot.test.js'], {
      cwd: made.folder,
      env: commandLine.environment,
      encoding: 'utf8',
    });
    t.match(tested, { status: 0, stdout: /Weather-bot answers whoever mentions it/ }, tested.stdout);
  });

  await t.test('the examples run as they are', async (t) => {
    for (const file of ['echo-bot.js', 'spawn-node.mjs', 'academy.config.js']) {
      await copyFile(join(packageFolder, 'examples', file), join(project, file));
    }
    const spawned = spawnSync(process.execPath, ['spawn-node.mjs'], {
      cwd: project,
      env: commandLine.environment,
      encoding: 'utf8',
    });
    t.match(spawned, { status: 0, stdout: 'said: stored\necho: (1) You said: is anybody there?\n', stderr: '' });
    const config = await commandLine.json<{ values: { key: string; value: unknown; origin: string }[] }>(['config'], {
      ACADEMY_ID: '',
    });
    const told = (key: string) => config.values.find((value) => value.key === key);
    t.match(told('academyId'), { value: 'study-group', origin: 'file' });
    t.match(told('participants'), { value: [join(project, 'echo-bot.js')] });
  });

  await t.test('its declarations typecheck with those of all that they draw in', async (t) => {
    const code = `import { createAcademyNode } from 'academy-mesh';
import { Simulation } from 'academy-mesh/testing';
export const node = await createAcademyNode();
export const simulations: Simulation[] = [];
// @ts-expect-error: the declarations are there, and not all is any
export const id: number = node.nodeId;
`;
    await writeFile(join(project, 'consumer.ts'), code);
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [join(packageFolder, 'node_modules', '@types')],
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const tsc = join(packageFolder, 'node_modules', 'typescript', 'bin', 'tsc');
    const checked = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    t.match(checked, { status: 0, stdout: '' }, checked.stdout);
  });
});
