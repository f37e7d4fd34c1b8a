/** The process that one round of one case runs in: it starts with a clean heap and compiles only its own code. */
import type { MeasureQuestions } from '../actors/measureForked.js';
import { peerPackages } from '../peers/peerPackages.js';
import { answerQuestions } from '../runner/ForkedProcess.js';

export type SupervisionTask = 'restart' | 'restart, nact' | 'shard recovery' | 'restore, XState';

export interface SupervisionGiven {
  readonly task: SupervisionTask;
  readonly count: number;
  /** Where the packages of the peers are; empty when there are none. */
  readonly peersFolder: string;
}

answerQuestions<MeasureQuestions<SupervisionGiven>>({
  measure: async ({ task, count, peersFolder }) => {
    switch (task) {
      case 'restart':
        return (await import('./academySupervision.js')).restarts(count);
      case 'shard recovery':
        return (await import('./academySupervision.js')).shardRecovery(count);
      case 'restart, nact':
        return (await import('./peerSupervision.js')).nactRestarts(count, peerPackages(peersFolder));
      case 'restore, XState':
        return (await import('./peerSupervision.js')).xstateRestore(count);
    }
  },
});
