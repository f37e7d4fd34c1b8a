/** The process that one round of one case runs in: it starts with a clean heap and compiles only its own code. */
import { peerPackages } from '../peers/peerPackages.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import type { MeasureQuestions } from './measureForked.js';
import type { Workload } from './Workload.js';
import { openWorkload, type WorkloadName } from './workloads.js';

export type ActorTask =
  | { readonly by: WorkloadName; readonly work: keyof Workload }
  | { readonly by: 'academy-threads'; readonly work: 'pingPong' | 'fanOut' }
  | { readonly by: 'academy' | 'xstate'; readonly load: 'mixed' | 'single' }
  | { readonly by: 'academy'; readonly load: 'million' | 'bare' };

export interface ActorGiven {
  readonly task: ActorTask;
  readonly count: number;
  /** Where the packages of the peers are; empty when there are none. */
  readonly peersFolder: string;
}

answerQuestions<MeasureQuestions<ActorGiven>>({
  measure: async ({ task, count, peersFolder }) => {
    if (task.by === 'academy-threads') return (await import('./threadsWorkload.js')).threadsWorkload[task.work](count);
    if ('work' in task) return (await openWorkload(task.by, peerPackages(peersFolder)))[task.work](count);
    if (task.load === 'million') return (await import('./academyMillion.js')).academyMillion(count);
    if (task.load === 'bare') return (await import('./bareTable.js')).bareFanOut(count);
    const { mixedMachines, singleMachines } = await import('./mixed/mixedMachines.js');
    const machines = task.load === 'mixed' ? mixedMachines : singleMachines;
    if (task.by === 'xstate') return (await import('./mixed/xstateMixed.js')).xstateMixed(machines, count);
    return (await import('./mixed/academyMixed.js')).academyMixed(machines, count);
  },
});
