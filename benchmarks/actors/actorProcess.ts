/** The process that one round of one case runs in: it starts with a clean heap and compiles only its own code. */
import { answerQuestions } from '../runner/ForkedProcess.js';
import { academyWorkload } from './academyWorkload.js';
import { eventEmitterWorkload } from './eventEmitterWorkload.js';
import type { Measured, Workload } from './Workload.js';
import { xstateWorkload } from './xstateWorkload.js';

export type WorkloadName = 'academy' | 'academy-threads' | 'xstate' | 'eventemitter3';

export type ActorQuestions = {
  readonly measure: {
    readonly given: { readonly workload: WorkloadName; readonly work: keyof Workload; readonly count: number };
    readonly answer: Measured;
  };
};

const workloads: Readonly<Record<WorkloadName, Workload>> = {
  academy: academyWorkload(false),
  'academy-threads': academyWorkload(true),
  xstate: xstateWorkload,
  eventemitter3: eventEmitterWorkload,
};

answerQuestions<ActorQuestions>({ measure: ({ workload, work, count }) => workloads[workload][work](count) });
