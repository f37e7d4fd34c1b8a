/**
 * Imports a module as its files are now, for development: `file:///bot.ts?fresh=3` is read anew for each number, with
 * all that it imports from outside of node_modules, and may be TypeScript. jiti compiles it; Node.js itself keeps a
 * module for ever. What the module shares with its host, such as XState, is the host's own copy.
 */
import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as xstate from 'xstate';

const parameter = 'fresh';
const packageName = 'academy-mesh';

type Namespace = Record<string, unknown>;

interface Imported {
  readonly module: string;
  readonly namespace: Promise<Namespace>;
}

/** The latest of each file: its actors share it. */
const latest = new Map<string, Imported>();

/** @param version another number for each time that the files have changed */
export function freshModule(module: string, version: number): string {
  const url = new URL(module);
  url.searchParams.set(parameter, String(version));
  return url.href;
}

export function isFresh(module: string): boolean {
  return module.startsWith('file:') && new URL(module).searchParams.has(parameter);
}

export async function importFresh(module: string): Promise<Namespace> {
  const path = fileURLToPath(module);
  const known = latest.get(path);
  if (known?.module === module) return known.namespace;
  const imported = { module, namespace: importAnew(path) };
  latest.set(path, imported);
  return imported.namespace;
}

async function importAnew(path: string): Promise<Namespace> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(path, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { xstate, [packageName]: await ownNamespace() },
  });
  forgetFiles();
  return { ...(await jiti.import<Namespace>(path)) };
}

/** By a name that is no literal, since nothing here may depend on the package's door. */
function ownNamespace(): Promise<Namespace> {
  const name: string = packageName;
  return import(name) as Promise<Namespace>;
}

/** jiti keeps what it has compiled where require() does. Libraries stay: they do not change while one works. */
function forgetFiles(): void {
  const { cache } = createRequire(import.meta.url);
  const library = `${sep}node_modules${sep}`;
  for (const file of Object.keys(cache)) if (!file.includes(library)) delete cache[file];
}
