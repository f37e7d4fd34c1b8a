/**
 * Makes the folder of a new participant: its module, a test that passes, a README, and what a project needs around
 * them where there is none. Nothing that exists is touched.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { AcademyError } from '../../index.js';
import { packageDependency, packageVersion } from '../../packageRoot.js';
import { systemParticipantId } from '../library.js';
import { type Language, type ParticipantNames, participantModule, type Template } from './participantModule.js';
import { participantTest } from './participantTest.js';

export interface NewParticipantOptions {
  readonly name: string;
  /** Where the command was called. */
  readonly cwd: string;
  /** @default a folder of the participant's id below cwd */
  readonly folder?: string | undefined;
  readonly language: Language;
  readonly template: Template;
}

export interface NewParticipant {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  /** Names in the folder. */
  readonly files: readonly string[];
  /** Commands to go on with, one after the other. */
  readonly next: readonly string[];
}

interface Manifest {
  readonly type?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** @throws AcademyError ERR_ACADEMY_BAD_ARGUMENT (a name), ERR_ACADEMY_FOLDER_NOT_EMPTY, ERR_ACADEMY_FILE_NOT_WRITTEN */
export function newParticipant({
  name,
  cwd,
  folder: given,
  language,
  template,
}: NewParticipantOptions): NewParticipant {
  const names = namesOf(name);
  const { id } = names;
  const folder = resolve(cwd, given ?? id);
  refuseUsedFolder(folder);
  const project = projectAround(folder);
  const isModule = project === null || project.manifest.type === 'module';
  const extension = `${isModule ? '' : 'm'}${language}`;
  const built = extension.replace('ts', 'js');
  const files: [name: string, text: string][] = [
    [`${id}.${extension}`, participantModule(names, template, language)],
    [`${id}.test.${extension}`, participantTest(names, template, built)],
    ['README.md', readme(names, `${id}.${extension}`)],
  ];
  if (project === null) files.push(['package.json', manifestText(names, language, template)]);
  if (language === 'ts') files.push(['tsconfig.json', compilerOptionsText(extension)]);
  write(folder, files);
  return {
    id,
    name: names.name,
    folder,
    files: files.map(([file]) => file),
    next: nextCommands({ names, cwd, folder, project, language, template, extension }),
  };
}

function namesOf(given: string): ParticipantNames {
  if (!/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/.test(given) || given.length > 64) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${given}" is no name for a participant`, {
      remedy: 'use at most 64 letters, digits and single hyphens, and begin with a letter: weather-bot',
    });
  }
  const id = given.toLowerCase();
  if (id === systemParticipantId) {
    throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `"${given}" is the academy's own participant`, {
      remedy: 'choose another name',
    });
  }
  const variable = id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return {
    id,
    name: given.charAt(0).toUpperCase() + given.slice(1),
    // A variable may not be called as a word of the language.
    variable: /^[a-z]+$/.test(variable) ? `${variable}Bot` : variable,
  };
}

function refuseUsedFolder(folder: string): void {
  let found: readonly string[];
  try {
    found = existsSync(folder) ? readdirSync(folder) : [];
  } catch (cause) {
    throw new AcademyError('ERR_ACADEMY_FOLDER_NOT_EMPTY', `${folder} is a file and not a folder`, {
      remedy: 'name another folder with --dir',
      cause,
    });
  }
  const used = found.filter((name) => name !== '.git');
  if (used.length === 0) return;
  throw new AcademyError(
    'ERR_ACADEMY_FOLDER_NOT_EMPTY',
    `${folder} is not empty: it has ${used.slice(0, 3).join(', ')}`,
    {
      remedy: 'name another folder with --dir, or remove it first',
    },
  );
}

/** The npm project that the folder is in. */
function projectAround(folder: string): { readonly folder: string; readonly manifest: Manifest } | null {
  for (let above = folder; ; above = dirname(above)) {
    const file = join(above, 'package.json');
    if (existsSync(file)) {
      try {
        return { folder: above, manifest: JSON.parse(readFileSync(file, 'utf8')) as Manifest };
      } catch (cause) {
        throw new AcademyError('ERR_ACADEMY_BAD_ARGUMENT', `${file} is not valid JSON`, {
          remedy: 'correct it, or name a folder elsewhere with --dir',
          cause,
        });
      }
    }
    if (above === dirname(above)) return null;
  }
}

function write(folder: string, files: readonly (readonly [name: string, text: string])[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(folder, name), text, { flag: 'wx' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AcademyError('ERR_ACADEMY_FILE_NOT_WRITTEN', `${folder} cannot be written: ${why}`, {
      remedy: 'name a folder that you may write to with --dir',
      cause,
    });
  }
}

function compilerOptionsText(extension: string): string {
  const settings = {
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      outDir: 'dist',
    },
    include: [`*.${extension}`],
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function manifestText({ id }: ParticipantNames, language: Language, template: Template): string {
  const isTyped = language === 'ts';
  const manifest = {
    name: id,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      start: `academy up --watch --participant ./${id}.${language}`,
      test: isTyped ? `tsc && node --test dist/${id}.test.js` : 'node --test',
    },
    dependencies: {
      'academy-mesh': `^${packageVersion()}`,
      ...(template === 'machine' ? { xstate: packageDependency('xstate') } : {}),
    },
    ...(isTyped ? { devDependencies: { '@types/node': '^20.19.0', typescript: packageDependency('typescript') } } : {}),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

interface NextParts {
  readonly names: ParticipantNames;
  readonly cwd: string;
  readonly folder: string;
  readonly project: { readonly manifest: Manifest } | null;
  readonly language: Language;
  readonly template: Template;
  readonly extension: string;
}

function nextCommands({ names, cwd, folder, project, language, template, extension }: NextParts): string[] {
  const { id } = names;
  const steps = [...(folder === cwd ? [] : [`cd ${relative(cwd, folder)}`])];
  if (project === null) return [...steps, 'npm install', 'npm test', 'npm start'];
  const has = { ...project.manifest.dependencies, ...project.manifest.devDependencies };
  const missing = [
    ...('academy-mesh' in has ? [] : ['academy-mesh']),
    ...(template === 'machine' && !('xstate' in has) ? [`xstate@${packageDependency('xstate')}`] : []),
  ];
  if (missing.length > 0) steps.push(`npm install ${missing.join(' ')}`);
  if (language === 'ts' && !('typescript' in has)) steps.push('npm install --save-dev typescript @types/node');
  const built = extension.replace('ts', 'js');
  steps.push(language === 'ts' ? `npx tsc && node --test dist/${id}.test.${built}` : `node --test ${id}.test.${built}`);
  steps.push(`npx academy up --watch --participant ./${id}.${extension}`);
  return steps;
}

function readme({ id, name }: ParticipantNames, module: string): string {
  return `# ${name}

A participant of an [academy](https://www.npmjs.com/package/academy-mesh): it sits in rooms with people and other AIs.

| file | what is in it |
|---|---|
| \`${module}\` | what it does |
| \`${module.replace(id, `${id}.test`)}\` | its test, in virtual time: no sockets, no threads, no waiting |

Start a node with it, and say "@${name} hello" in the lobby. With \`--watch\` a change of the module takes effect at once,
and ${name} goes on where it was:

\`\`\`sh
npx academy up --watch --participant ./${module}
\`\`\`

How participants are written and tested: docs/PARTICIPANTS.md and docs/TESTING.md in the package academy-mesh,
which npm puts into \`node_modules\`.
`;
}
