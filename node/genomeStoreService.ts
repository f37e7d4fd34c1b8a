/** The service `genome-store`: genomes as folders of files, where the disk is. */
import type { GenomeStoreQuestions } from '../actors/messages.js';
import type { ServiceHandlers } from '../actors/serviceActor.js';
import type { GenomeStore } from '../runtime/storage/GenomeStore.js';

type Ask<Q extends keyof GenomeStoreQuestions> = GenomeStoreQuestions[Q]['ask'];

/** @param onChange told when the list of genomes has changed, since others are told what this node has */
export function genomeStoreService(
  store: GenomeStore,
  onChange: (genomeIds: readonly string[]) => void,
): ServiceHandlers {
  return {
    'store.put': async ({ genomeId, files }: Ask<'store.put'>) => {
      await store.put(genomeId, new Map(Object.entries(files)));
      onChange(await store.list());
    },
    'store.get': async ({ genomeId }: Ask<'store.get'>) => {
      const files = await store.get(genomeId);
      return files ? Object.fromEntries(files) : null;
    },
    'store.list': () => store.list(),
  } satisfies ServiceHandlers;
}
