/**
 * Imports a module as its files are now, for development: `file:///bot.ts?fresh=3` is read anew for each number, with
 * all that it imports from outside of node_modules, and may be TypeScript. jiti compiles it; Node.js itself keeps a
 * module for ever. What the module shares with its host, such as XState, is the host's own copy.
 */
import { createRequire } from 'node:module';
import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Jiti, JitiOptions, TransformOptions, TransformResult } from 'jiti';
import * as xstate from 'xstate';

const parameter = 'fresh';
const packageName = 'academy-mesh';

type Namespace = Record<string, unknown>;

interface FreshImport {
  readonly namespace: Namespace;
  /** What was read for it: its own file, and those that it imports from outside of node_modules. */
  readonly files: readonly string[];
}

/** The latest of each file: its actors share it. */
const latest = new Map<string, { readonly module: string; readonly imported: Promise<FreshImport> }>();
/** One after the other, since all share one record of what was read. */
let queue: Promise<unknown> = Promise.resolve();

/** @param version another number for each time that the files have changed */
export function freshModule(module: string, version: number): string {
  const url = new URL(module);
  url.searchParams.set(parameter, String(version));
  return url.href;
}

export function isFresh(module: string): boolean {
  return module.startsWith('file:') && new URL(module).searchParams.has(parameter);
}

export function importFresh(module: string): Promise<FreshImport> {
  const path = fileURLToPath(module);
  const known = latest.get(path);
  if (known?.module === module) return known.imported;
  const imported = queue.then(() => importAnew(path));
  queue = imported.catch(() => {});
  latest.set(path, { module, imported });
  return imported;
}

async function importAnew(path: string): Promise<FreshImport> {
  const { cache } = createRequire(import.meta.url);
  const jiti = createJiti(path, { xstate, [packageName]: await ownNamespace() });
  // jiti keeps what it has compiled where require() does.
  for (const file of ownFiles(cache)) delete cache[file];
  const namespace = { ...(await jiti.import<Namespace>(path)) };
  return { namespace, files: [...new Set([path, ...ownFiles(cache)])] };
}

type JitiCore = (
  path: string,
  options: JitiOptions,
  host: {
    readonly createRequire: typeof createRequire;
    readonly nativeImport: (target: string) => Promise<unknown>;
    readonly onError: (fault: unknown) => never;
  },
) => Jiti;

/**
 * jiti's door leaves modules of JavaScript to Node.js, which would give the first version for ever. Its core takes the
 * import by Node.js as an argument, and compiles what that refuses.
 */
function createJiti(path: string, virtualModules: Record<string, unknown>): Jiti {
  const require = createRequire(createRequire(import.meta.url).resolve('jiti/package.json'));
  const core = require('./dist/jiti.cjs') as JitiCore;
  const transform = (options: TransformOptions) =>
    (require('./dist/babel.cjs') as (options: TransformOptions) => TransformResult)(options);
  return core(
    path,
    { fsCache: false, interopDefault: false, virtualModules, transform },
    {
      createRequire,
      nativeImport: async (target) => {
        if (isOwnFile(target)) throw new Error(`${target} is compiled, so that it is read anew`);
        return import(target);
      },
      onError: (fault) => {
        throw fault;
      },
    },
  );
}

/** By a name that is no literal, since nothing here may depend on the package's door. */
function ownNamespace(): Promise<Namespace> {
  const name: string = packageName;
  return import(name) as Promise<Namespace>;
}

function ownFiles(cache: NodeJS.Dict<unknown>): string[] {
  return Object.keys(cache).filter(isOwnFile);
}

/** Libraries do not change while one works. */
function isOwnFile(target: string): boolean {
  return isAbsolute(target) && !target.includes(`${sep}node_modules${sep}`);
}
