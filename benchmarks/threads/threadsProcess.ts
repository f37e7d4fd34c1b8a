/** The process that one round of one case runs in: it starts with a clean heap and compiles only its own code. */
import { academyWorkload } from '../actors/academyWorkload.js';
import type { MeasureQuestions } from '../actors/measureForked.js';
import { threadsWorkload } from '../actors/threadsWorkload.js';
import type { Measured } from '../actors/Workload.js';
import { answerQuestions } from '../runner/ForkedProcess.js';
import type { LinkName } from './links.js';
import { fanOut, type Hop, hops, roundTrips, streamBetweenThreads, streamToThread } from './linkWork.js';
import { computeOnThreads, playOnShards } from './shardsScaling.js';
import { type SignalWay, signalStream } from './signalStream.js';

const linkWorks = { roundTrips, streamToThread, streamBetweenThreads, fanOut } as const;
export type LinkWork = keyof typeof linkWorks;

export type ThreadsTask =
  | { readonly by: LinkName; readonly work: LinkWork }
  | { readonly by: 'actors'; readonly work: 'roundTrips' | 'fanOut' | 'localFanOut' }
  | { readonly by: 'signals'; readonly way: SignalWay }
  | { readonly by: 'shards' | 'compute'; readonly threads: number }
  | { readonly by: 'hops'; readonly frame: 'event' | 'message'; readonly hop: Hop };

export interface ThreadsGiven {
  readonly task: ThreadsTask;
  readonly count: number;
}

answerQuestions<MeasureQuestions<ThreadsGiven>>({
  measure: ({ task, count }) => {
    switch (task.by) {
      case 'actors':
        return actors(task.work, count);
      case 'signals':
        return signalStream(task.way, count);
      case 'shards':
        return playOnShards(task.threads, count);
      case 'compute':
        return computeOnThreads(task.threads, count);
      case 'hops':
        return hops(task.frame, task.hop, count);
      default:
        return linkWorks[task.work](task.by, count);
    }
  },
});

async function actors(work: 'roundTrips' | 'fanOut' | 'localFanOut', count: number): Promise<Measured> {
  if (work === 'fanOut') return threadsWorkload.fanOut(count);
  if (work === 'localFanOut') return academyWorkload.fanOut(count);
  // A round trip is two messages.
  return { ...(await threadsWorkload.pingPong(2 * count)), count };
}
