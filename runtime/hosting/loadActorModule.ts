/** Loads an actor's definition from its module, on whatever thread it is to live. */

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ActorDefinition } from '../protocol/actors.js';
import { AcademyError } from '../protocol/errors.js';

/**
 * @param module URL of the module (file:, data:), an absolute path, or the name of an installed package
 * @throws AcademyError ERR_ACADEMY_ACTOR_MODULE that names module and export, the exports that exist, and the remedy
 */
export async function loadActorModule(module: string, exportName: string): Promise<ActorDefinition> {
  if (module.startsWith('.')) {
    throw new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `the actor module "${module}" is a relative path`, {
      remedy: `give its URL, e.g. new URL('${module}', import.meta.url).href`,
    });
  }
  const loaded = await importModule(module);
  if (!Object.hasOwn(loaded, exportName)) {
    const exports = Object.keys(loaded);
    throw new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `the actor module "${module}" has no export "${exportName}"`, {
      remedy:
        exports.length > 0 ? `use one of its exports: ${exports.join(', ')}` : 'it exports nothing: export an actor',
    });
  }
  const exported = loaded[exportName];
  if (!isActorDefinition(exported)) {
    throw new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `the export "${exportName}" of "${module}" is not an actor`, {
      remedy: 'export the result of defineActor({ machine }) or defineParticipant(…)',
    });
  }
  return exported;
}

async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(isAbsolute(module) ? pathToFileURL(module).href : module)) as Record<string, unknown>;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(module)) {
      throw new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `the actor module "${module}" is TypeScript`, {
        remedy: 'compile it to JavaScript first (npx tsc), or start Node.js with a loader: node --import tsx …',
        cause,
      });
    }
    throw new AcademyError(
      'ERR_ACADEMY_ACTOR_MODULE',
      `the actor module "${module}" does not load: ${message ?? cause}`,
      {
        // Loaders that run beside Node's own lose the code, and keep the message.
        remedy:
          code === 'ERR_MODULE_NOT_FOUND' || message?.startsWith('Cannot find module')
            ? 'check the path, and that the project is built'
            : undefined,
        cause,
      },
    );
  }
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
