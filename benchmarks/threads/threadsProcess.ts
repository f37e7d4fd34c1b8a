/** The process that one round of one case runs in: it starts with a clean heap and compiles only its own code. */
import { academyWorkload } from '../actors/academyWorkload.js';
import { threadsWorkload } from '../actors/threadsWorkload.js';
import type { Measured } from '../actors/Workload.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import type { LinkName } from './links.js';
import { fanOut, type Hop, hops, roundTrips, streamBetweenThreads, streamToThread } from './linkWork.js';

const linkWorks = { roundTrips, streamToThread, streamBetweenThreads, fanOut } as const;
export type LinkWork = keyof typeof linkWorks;

export type ThreadsTask =
  | { readonly by: LinkName; readonly work: LinkWork }
  | { readonly by: 'actors'; readonly work: 'pingPong' | 'fanOut'; readonly acrossThreads: boolean }
  | { readonly by: 'hops'; readonly frame: 'event' | 'message'; readonly hop: Hop };

export type ThreadsQuestions = {
  readonly measure: {
    readonly given: { readonly task: ThreadsTask; readonly count: number };
    readonly answer: Measured;
  };
};

answerQuestions<ThreadsQuestions>({
  measure: ({ task, count }) => {
    if (task.by === 'actors') return (task.acrossThreads ? threadsWorkload : academyWorkload)[task.work](count);
    if (task.by === 'hops') return hops(task.frame, task.hop, count);
    return linkWorks[task.work](task.by, count);
  },
});
