/** The way of the mesh's events from the main thread to the shards that have subscribers for them. */
import type { IdTable } from '../../protocol/layout/IdTable.js';
import type { PacketHeader } from '../../protocol/packet.js';
import type { StreamOriginInfo } from '../../protocol/StreamedHeader.js';
import type { StreamClass, StreamHandover } from '../../protocol/streams.js';
import type { OrderFrame } from '../frames.js';
import { interestKey } from './EventInterest.js';
import { ShardedStream } from './ShardedStream.js';

export class EventRoutes {
  readonly #order: (shard: number, frame: OrderFrame) => void;
  /** Shards that have subscribers, by event and topic. */
  readonly #interest = new Map<number, Set<number>>();
  readonly #streams = new Set<ShardedStream>();
  #lastStream = 0;

  constructor(order: (shard: number, frame: OrderFrame) => void) {
    this.#order = order;
  }

  /** @returns number of shards that were handed the packet */
  deliver(header: PacketHeader, payload: Uint8Array): number {
    const shards = this.#interest.get(interestKey(header.eventId, header.topic));
    if (!shards) return 0;
    // A link has taken its copy when it returns; the main thread's own actors need one.
    for (const shard of shards) this.#order(shard, ['event', header, shard === 0 ? new Uint8Array(payload) : payload]);
    return shards.size;
  }

  openStream(origin: StreamOriginInfo, streamClass: StreamClass, ids: IdTable | null): StreamHandover {
    const stream = new ShardedStream({
      number: ++this.#lastStream,
      origin,
      streamClass,
      ids,
      shardsFor: (eventId, topic) => this.#interest.get(interestKey(eventId, topic)),
      order: this.#order,
      onEnd: (ended) => this.#streams.delete(ended),
    });
    this.#streams.add(stream);
    return stream;
  }

  setInterest(key: number, shard: number, interested: boolean): void {
    const shards = this.#interest.get(key);
    if (interested) {
      if (shards) shards.add(shard);
      else this.#interest.set(key, new Set([shard]));
    } else if (shards?.delete(shard) && shards.size === 0) {
      this.#interest.delete(key);
    }
  }

  shardDown(shard: number): void {
    for (const key of [...this.#interest.keys()]) this.setInterest(key, shard, false);
    for (const stream of this.#streams) stream.forget(shard);
  }
}
