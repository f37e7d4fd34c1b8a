/** Loads an actor's definition from its module, on whatever thread it is to live. */

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActorDefinition } from '../../protocol/actors.js';
import { AcademyError } from '../../protocol/errors.js';
import { faultPlace } from './faultPlace.js';
import { importFresh, isFresh } from './importFresh.js';

/**
 * @param module URL of the module (file:, data:), an absolute path, or the name of an installed package
 * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE that names module and export, the exports that exist, and the remedy
 */
export async function loadActorModule(module: string, exportName: string): Promise<ActorDefinition> {
  if (module.startsWith('.')) {
    throw moduleError(`the actor module "${module}" is a relative path`, {
      remedy: `give its URL, e.g. new URL('${module}', import.meta.url).href`,
    });
  }
  const loaded = await importModule(module);
  if (!Object.hasOwn(loaded, exportName)) {
    const exports = Object.keys(loaded);
    throw moduleError(`the actor module "${module}" has no export "${exportName}"`, {
      remedy:
        exports.length > 0 ? `use one of its exports: ${exports.join(', ')}` : 'it exports nothing: export an actor',
    });
  }
  const exported = loaded[exportName];
  if (isActorDefinition(exported)) return exported;
  throw moduleError(`the export "${exportName}" of "${module}" is ${whatItIs(exported)}`, {
    remedy: 'export the result of defineActor({ machine }) or defineParticipant(…)',
  });
}

async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    if (isFresh(module)) return (await importFresh(module)).namespace;
    return (await import(isAbsolute(module) ? pathToFileURL(module).href : module)) as Record<string, unknown>;
  } catch (cause) {
    throw await loadingError(module, cause);
  }
}

/** What a module failed with when it was imported, in words that lead to its cause. */
export async function loadingError(module: string, cause: unknown): Promise<AcademyError> {
  const { code, message: told = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  const message = told.replace(/\s+/g, ' ');
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(module)) {
    return moduleError(`the actor module "${module}" is TypeScript`, {
      remedy: 'compile it to JavaScript first (npx tsc), or develop it with "academy up --watch"',
      cause,
    });
  }
  if (code === 'ERR_UNSUPPORTED_DIR_IMPORT') {
    return moduleError(`the actor module "${module}" is a folder`, { remedy: 'name the file in it', cause });
  }
  // Loaders that run beside Node's own lose the code, and keep the message.
  const missing = /^Cannot find (module|package) '([^']*)'/.exec(message);
  const remedy =
    missing?.[1] === 'package'
      ? `install it: npm install ${missing[2]}`
      : code === 'ERR_MODULE_NOT_FOUND' || missing
        ? 'check the path, and that the project is built'
        : 'correct it there, and see that Node.js imports it without an error';
  return moduleError(`the actor module "${module}" does not load: ${message}${await faultPlace(cause, module)}`, {
    remedy,
    cause,
  });
}

function whatItIs(exported: unknown): string {
  const { transition, getInitialSnapshot, __xstatenode: isMachine } = (exported ?? {}) as Record<string, unknown>;
  if (typeof transition === 'function' && typeof getInitialSnapshot === 'function') {
    return 'a machine by itself and not an actor';
  }
  return isMachine || typeof transition === 'function' ? 'a machine of another version of XState' : 'not an actor';
}

function moduleError(
  message: string,
  options: { readonly remedy: string | undefined; readonly cause?: unknown },
): AcademyError {
  return new AcademyError('ERR_ACADEMY_ACTOR_MODULE', message, options);
}

export function isActorDefinition(value: unknown): value is ActorDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, machine } = value as {
    kind?: unknown;
    machine?: { transition?: unknown; getInitialSnapshot?: unknown };
  };
  return (
    kind === 'academy-actor' &&
    typeof machine?.transition === 'function' &&
    typeof machine.getInitialSnapshot === 'function'
  );
}
