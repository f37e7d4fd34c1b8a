/**
 * The project's own source files, for tests that read them. Tests run from the compiled folder, so the root is found by
 * walking up to the package.json of academy-mesh.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** Relative to the root, with forward slashes: `runtime/protocol/events.ts`. */
  readonly path: string;
  readonly text: string;
}

function findRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'academy-mesh') return folder;
    if (folder === dirname(folder)) throw new Error('no package.json of academy-mesh above the tests');
  }
}

export const PROJECT_ROOT = findRoot();

/** What ships, without the tests. */
export const SOURCE_FOLDERS = [
  'runtime',
  'actors',
  'transports',
  'node',
  'testing',
  'cli',
  'examples',
  'benchmarks',
] as const;

/** All TypeScript sources below the folders, and those in the root itself. */
export function readProjectSources(folders: readonly string[] = SOURCE_FOLDERS): SourceFile[] {
  const inRoot = readdirSync(PROJECT_ROOT).filter((name) => name.endsWith('.ts'));
  const below = folders.filter((folder) => existsSync(join(PROJECT_ROOT, folder))).flatMap(typeScriptFiles);
  return [...inRoot, ...below].map((path) => ({ path, text: readFileSync(join(PROJECT_ROOT, path), 'utf8') }));
}

function typeScriptFiles(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return typeScriptFiles(path);
    return /\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
  });
}
