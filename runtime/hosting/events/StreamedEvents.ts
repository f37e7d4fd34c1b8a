/** Decodes the events of streams on the shard where their listeners live, in the memory of the ring that brought them. */
import type { AcademyEventData } from '../../protocol/events.js';
import type { FixedLayout } from '../../protocol/layout/FixedLayout.js';
import type { HotEventName } from '../../protocol/layout/hotEvents.js';
import { IdTable } from '../../protocol/layout/IdTable.js';
import { hasDictionary, streamLayouts } from '../../protocol/layout/streamLayouts.js';
import { StreamedHeader, StreamOrigin, type StreamOriginInfo } from '../../protocol/StreamedHeader.js';
import type { StreamClass } from '../../protocol/streams.js';

export interface StreamedEvent {
  readonly name: HotEventName;
  readonly header: StreamedHeader;
  readonly data: AcademyEventData[HotEventName];
}

interface HeardStream {
  readonly origin: StreamOrigin;
  readonly ids: IdTable | null;
  readonly layouts: ReturnType<typeof streamLayouts>;
}

export class StreamedEvents {
  readonly #streams = new Map<number, HeardStream>();

  open(number: number, origin: StreamOriginInfo, streamClass: StreamClass): void {
    this.#streams.set(number, {
      origin: new StreamOrigin(origin),
      ids: hasDictionary(streamClass) ? new IdTable() : null,
      layouts: streamLayouts(streamClass),
    });
  }

  /** @param bytes a message of definitions */
  define(number: number, bytes: Uint8Array): void {
    this.#streams.get(number)?.ids?.define(bufferOf(bytes), 0, bytes.length);
  }

  end(number: number): void {
    this.#streams.delete(number);
  }

  /**
   * @param bytes with the event in its fixed layout from `start` to `end`; what is made of it keeps nothing of them
   * @returns undefined for what is not exactly one valid event
   */
  read(
    number: number,
    eventId: number,
    position: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): StreamedEvent | undefined {
    const stream = this.#streams.get(number);
    const hot = stream?.layouts.get(eventId);
    if (!stream || !hot) return undefined;
    const layout: FixedLayout<AcademyEventData[HotEventName]> = hot.layout;
    const data = layout.decode(bytes, start, end, stream.ids);
    if (data === undefined) return undefined;
    return { name: hot.name, header: new StreamedHeader(stream.origin, eventId, position, data), data };
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
