/** Feeds a system the events of a stream as the socket's thread would: in their fixed layouts, ids defined ahead. */
import type { ActorSystem } from '../../runtime/hosting/ActorSystem.js';
import { needsDefinitions } from '../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout } from '../../runtime/protocol/layout/FixedLayout.js';
import { IdDictionary } from '../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../runtime/protocol/layout/IdTable.js';
import { topicOf } from '../../runtime/protocol/packet.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { StreamHandover } from '../../runtime/protocol/streams.js';
import { otherNode } from './probes.js';

const layout = FixedLayout.of('academy.training.signal');

export class StreamFeed {
  readonly stream: StreamHandover;
  readonly #dictionary = new IdDictionary();
  readonly #ids = new IdTable();
  /** Used again for each event, as a socket's memory is. */
  readonly #bytes = Buffer.alloc(1_400);
  #position = 0;

  constructor(system: ActorSystem) {
    const origin = { nodeId: otherNode, session: '0123456789abcdef', channel: 'training' } as const;
    this.stream = system.openStream(origin, 'ordered', this.#ids);
  }

  isWanted(roomId: string): boolean {
    return this.stream.isWanted(layout.eventId, topicOf(roomId));
  }

  /** @returns number of threads that it goes to */
  say(signal: TrainingSignal): number {
    const bytes = this.#bytes;
    const dictionary = this.#dictionary;
    let end = layout.encode(signal, bytes, 0, bytes.length, dictionary);
    if (end === needsDefinitions) {
      const definitions = bytes.subarray(0, dictionary.writeDefinitions(bytes, 0, bytes.length));
      this.#ids.define(bytes, 0, definitions.length);
      this.stream.define(definitions);
      end = layout.encode(signal, bytes, 0, bytes.length, dictionary);
    }
    return this.feed(bytes.subarray(0, end), signal.roomId);
  }

  /** Bytes as they are, in place of an event. */
  feed(payload: Buffer, roomId: string): number {
    const threads = this.stream.event(layout.eventId, topicOf(roomId), this.#position++, payload);
    payload.fill(0xc1);
    return threads;
  }
}
