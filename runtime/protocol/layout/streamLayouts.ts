/**
 * Which layouts the hot events have on a stream, by the stream's class: whoever writes, routes or reads a stream has to
 * take the same.
 */
import type { AcademyEventData } from '../events.js';
import type { StreamClass } from '../streams.js';
import { FixedLayout } from './FixedLayout.js';
import { type HotEventName, hotEvents } from './hotEvents.js';

export const hotEventNames = Object.keys(hotEvents) as HotEventName[];

/** Definitions may get lost in a lossy stream, so its ids are texts. */
export function hasDictionary(streamClass: StreamClass): boolean {
  return streamClass !== 'lossy';
}

export function streamLayoutOf<N extends HotEventName>(
  name: N,
  streamClass: StreamClass,
): FixedLayout<AcademyEventData[N]> {
  return FixedLayout.of(name, { dictionary: hasDictionary(streamClass) });
}

/** Of all layouts that a stream of this class may carry; uint32. */
export function streamLayoutHash(streamClass: StreamClass): number {
  return hotEventNames.reduce((hash, name) => (Math.imul(hash, 31) + streamLayoutOf(name, streamClass).hash) >>> 0, 7);
}

/** The layouts by the number of their event. */
export function streamLayouts(
  streamClass: StreamClass,
): ReadonlyMap<number, { readonly name: HotEventName; readonly layout: FixedLayout<AcademyEventData[HotEventName]> }> {
  return new Map(
    hotEventNames.map((name) => {
      const layout = streamLayoutOf(name, streamClass) as FixedLayout<AcademyEventData[HotEventName]>;
      return [layout.eventId, { name, layout }];
    }),
  );
}
