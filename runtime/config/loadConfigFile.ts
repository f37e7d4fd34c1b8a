/** Finds and reads the configuration file. TypeScript files need no build: jiti compiles them as they are read. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AcademyError } from '../protocol/errors.js';

export interface ConfigFile {
  /** Absolute. */
  readonly path: string;
  /** As it was read; resolveConfig() checks it. */
  readonly value: unknown;
}

/** In the order in which they are looked for; the first one counts. */
export const configFileNames = [
  'academy.config.ts',
  'academy.config.js',
  'academy.config.mjs',
  'academy.config.json',
] as const;

/**
 * @param folder where to look for one of configFileNames
 * @param explicit a file that must be there instead, relative to the folder
 * @returns undefined when there is none and none was asked for
 * @throws AcademyError ERR_ACADEMY_FILE_NOT_FOUND, ERR_ACADEMY_CONFIG_INVALID when the file cannot be read as what
 * its name says
 */
export async function loadConfigFile(folder: string, explicit?: string): Promise<ConfigFile | undefined> {
  if (explicit === undefined) {
    const path = configFileNames.map((name) => resolve(folder, name)).find((candidate) => existsSync(candidate));
    return path === undefined ? undefined : { path, value: await readConfig(path) };
  }
  const path = resolve(folder, explicit);
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${path} is a folder and no configuration file`, {
      remedy: `name the file in it, such as ${join(path, configFileNames[0])}`,
    });
  }
  if (existsSync(path)) return { path, value: await readConfig(path) };
  throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', `there is no configuration file ${path}`, {
    remedy: `name one that exists, or leave the choice out to use ${configFileNames[0]} in the current folder`,
  });
}

async function readConfig(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8')) as unknown;
    const { createJiti } = await import('jiti');
    // A config file may be used where the package is not installed, e.g. by npx: defineConfig is found all the same.
    const alias = { 'academy-mesh': fileURLToPath(new URL('./defineConfig.js', import.meta.url)) };
    const jiti = createJiti(join(path, '..', '/'), {
      alias,
      fsCache: false,
      moduleCache: false,
      interopDefault: false,
    });
    const module = await jiti.import<{ default?: unknown }>(path);
    if (module.default !== undefined) return module.default;
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ');
    throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${path} cannot be read: ${reason}`, {
      remedy: 'correct that file, or name another one with --config',
      cause,
    });
  }
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `${path} has no default export`, {
    remedy: 'write: export default defineConfig({ … })',
  });
}
