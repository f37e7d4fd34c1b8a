/** Makes the paths of a configuration absolute: a file's are relative to that file, other ones to the caller's folder. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AcademyError } from '../protocol/errors.js';
import { isPlainObject } from './configKeys.js';

/** Value of the key `path`; whatever has not the right shape is left for the schema to refuse. */
export function withAbsolutePaths(path: string, value: unknown, folder: string): unknown {
  if (path === 'data' && typeof value === 'string') return resolve(folder, value);
  if (path === 'participants' && Array.isArray(value)) {
    return value.map((item: unknown) => (typeof item === 'string' ? absoluteModule(item, folder) : item));
  }
  if (path === 'personas' && Array.isArray(value)) {
    return value.map((persona: unknown) => {
      if (!isPlainObject(persona) || !Array.isArray(persona.knowledge)) return persona;
      const knowledge = persona.knowledge.map((item: unknown) =>
        typeof item === 'string' ? absoluteKnowledge(item, folder) : item,
      );
      return { ...persona, knowledge };
    });
  }
  return value;
}

/** `./module.js#export` from a folder; the name of an installed package stays as it is. */
function absoluteModule(reference: string, folder: string): string {
  return /^\.{1,2}[\\/]/.test(reference) || isAbsolute(reference) ? resolve(folder, reference) : reference;
}

const builtInPrefix = 'builtin:';

function absoluteKnowledge(reference: string, folder: string): string {
  if (!reference.startsWith(builtInPrefix)) return resolve(folder, reference);
  return resolve(builtInKnowledgeFolder(), `${reference.slice(builtInPrefix.length)}.jsonl`);
}

/** Where the packs that ship lie. */
export function builtInKnowledgeFolder(): string {
  return resolve(packageRoot(), 'data', 'knowledge');
}

/** The compiled files lie at several depths: in dist/ of the package, and elsewhere in builds for tests. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const manifest = resolve(folder, 'package.json');
    if (existsSync(manifest) && /"name":\s*"academy-mesh"/.test(readFileSync(manifest, 'utf8'))) return folder;
    const parent = dirname(folder);
    if (parent === folder) {
      throw new AcademyError('ERR_ACADEMY_FILE_NOT_FOUND', 'the package folder of academy-mesh was not found', {
        remedy: 'install the package again',
      });
    }
    folder = parent;
  }
}
