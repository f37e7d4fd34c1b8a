/** The service `persona-store`: what personas have learnt, kept over restarts. */
import type { PersonaStoreQuestions } from '../actors/messages.js';
import type { ServiceHandlers } from '../actors/serviceActor.js';
import type { PersonaStore } from '../runtime/storage/PersonaStore.js';

type Ask<Q extends keyof PersonaStoreQuestions> = PersonaStoreQuestions[Q]['ask'];

export function personaStoreService(store: PersonaStore): ServiceHandlers {
  return {
    'learnt.put': ({ personaId, bytes }: Ask<'learnt.put'>) => store.put(personaId, bytes),
    'learnt.get': ({ personaId }: Ask<'learnt.get'>) => store.get(personaId) ?? null,
  } satisfies ServiceHandlers;
}
