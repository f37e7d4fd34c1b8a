/** Teaches a persona by training signals that stay on its node. */
import type { TrainingSignal } from '../../index.js';
import type { NodeConnection } from '../control/ControlMethods.js';
import type { SceneItem } from './clincItems.js';

export interface TeachLessonsOptions {
  readonly connection: NodeConnection;
  readonly nodeId: string;
  readonly academyId: string;
  readonly roomId: string;
  readonly personaId: string;
  readonly items: readonly SceneItem[];
  readonly signal?: AbortSignal | undefined;
}

/** Signals that are under way at a time; each has a connection of its own. */
const atOnce = 32;

export async function teachLessons({ items, connection, signal, ...about }: TeachLessonsOptions): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    signal?.throwIfAborted();
    const lessons = items.slice(from, from + atOnce).map((item, place) => lesson(item, from + place, about));
    await Promise.all(lessons.map((data) => connection.request('emit', { event: 'academy.training.signal', data })));
  }
}

function lesson(
  { input, expected }: SceneItem,
  number: number,
  about: Pick<TeachLessonsOptions, 'nodeId' | 'academyId' | 'roomId' | 'personaId'>,
): TrainingSignal {
  return {
    personaId: about.personaId,
    academyId: about.academyId,
    roomId: about.roomId,
    sessionId: 'lessons',
    messageId: `lesson-${number}`,
    judge: `teacher@${about.nodeId}`,
    signal: {
      type: 'meta',
      value: 1,
      category: 'technical',
      source: 'human_feedback',
      inputContext: input,
      expectedBehavior: expected,
      actualBehavior: '',
      improvementSuggestion: '',
    },
    expectedAnswerId: expected,
    propagateToNetwork: false,
    timestamp: Date.now(),
  };
}
