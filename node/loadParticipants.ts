/** Loads the modules of participants that the configuration names, so that a faulty one is told before anything is opened. */

import type { ParticipantDefinition } from '../actors/defineParticipant.js';
import { actorModuleOf, loadParticipantModule, type ParticipantSource } from './loadParticipantModule.js';
import type { ModuleWatch } from './ModuleWatch.js';

/** @throws AcademyError ERR_ACADEMY_ACTOR_MODULE, of the first that does not load */
export function loadParticipants(
  sources: readonly ParticipantSource[],
  watch: ModuleWatch | null,
): Promise<ParticipantDefinition[]> {
  return Promise.all(
    sources.map(async (source) => {
      const asked = actorModuleOf(source);
      return (await loadParticipantModule(watch?.prepare(asked) ?? asked)).definition;
    }),
  );
}
