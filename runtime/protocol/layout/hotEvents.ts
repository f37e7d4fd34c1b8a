/**
 * The events that are sent so often that they have a fixed layout, and which of their ids repeat from one to the
 * next, so that a stream may give them numbers. Never a free text, and never an id that is new in each event.
 */
import type { AcademyEventData, AcademyEventName } from '../events.js';

type IdPath<T> = { [K in keyof T & string]-?: NonNullable<T[K]> extends string ? K : never }[keyof T & string];

interface HotEvent<N extends AcademyEventName> {
  /** Names of fields of the schema's top level, each an Id. */
  readonly repeatedIds: readonly IdPath<AcademyEventData[N]>[];
}

export const hotEvents = {
  'academy.training.signal': { repeatedIds: ['personaId', 'academyId', 'roomId', 'sessionId', 'judge'] },
  'academy.training.performance': { repeatedIds: ['personaId', 'academyId', 'roomId', 'sessionId'] },
  'academy.chat.typing': { repeatedIds: ['participantId', 'roomId', 'academyId'] },
  'academy.chat.presence': { repeatedIds: ['participantId', 'personaId', 'academyId', 'roomId', 'trainingSession'] },
} as const satisfies { readonly [N in AcademyEventName]?: HotEvent<N> };

export type HotEventName = keyof typeof hotEvents;

export function isHotEventName(name: unknown): name is HotEventName {
  return typeof name === 'string' && Object.hasOwn(hotEvents, name);
}
