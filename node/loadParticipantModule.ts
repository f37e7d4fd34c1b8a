/**
 * Finds the definition in a participant's module before a worker is troubled with it, so that a wrong path or export
 * is told at once, with what is there instead.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isParticipantDefinition, type ParticipantDefinition } from '../actors/defineParticipant.js';
import { importFresh, isFresh } from '../runtime/hosting/modules/importFresh.js';
import { loadingError } from '../runtime/hosting/modules/loadActorModule.js';
import type { ActorModule } from '../runtime/protocol/actorModule.js';
import { AcademyError } from '../runtime/protocol/errors.js';

/** `./my-bot.js`, `./my-bot.js#export`, a file URL, or both parts. */
export type ParticipantSource = string | URL | ActorModule;

export interface LoadedParticipant extends ActorModule {
  readonly definition: ParticipantDefinition;
}

/** @throws AcademyError ERR_ACADEMY_ACTOR_MODULE */
export async function loadParticipantModule(source: ParticipantSource): Promise<LoadedParticipant> {
  const { module, exportName } = actorModuleOf(source);
  const path = fileURLToPath(module);
  if (!existsSync(path)) {
    throw new AcademyError('ERR_ACADEMY_ACTOR_MODULE', `there is no module ${path}`, {
      remedy: 'give the path of a module, relative to the current folder',
    });
  }
  let loaded: Readonly<Record<string, unknown>>;
  try {
    loaded = isFresh(module)
      ? (await importFresh(module)).namespace
      : ((await import(module)) as Record<string, unknown>);
  } catch (cause) {
    throw await loadingError(path, cause);
  }
  const definition = loaded[exportName];
  if (isParticipantDefinition(definition)) return { module, exportName, definition };
  const participants = Object.keys(loaded).filter((name) => isParticipantDefinition(loaded[name]));
  throw new AcademyError(
    'ERR_ACADEMY_ACTOR_MODULE',
    definition === undefined
      ? `${path} has no export "${exportName}"`
      : `the export "${exportName}" of ${path} is no participant`,
    {
      remedy:
        participants.length > 0
          ? `name one of its participants: ${participants.map((name) => `${path}#${name}`).join(', ')}`
          : 'export what defineParticipant() returns',
    },
  );
}

export function actorModuleOf(source: ParticipantSource): ActorModule {
  if (typeof source === 'object' && !(source instanceof URL)) return source;
  const [path = '', exportName = 'default'] = String(source).split('#', 2);
  const module = path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href;
  return { module, exportName: exportName || 'default' };
}
