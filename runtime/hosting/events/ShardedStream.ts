/**
 * A stream's way from the thread of the socket to the threads whose actors listen. Events go there as they came, one copy
 * into the ring of each shard that wants them, and are decoded where the actors live; the definitions of their ids go
 * ahead. A shard hears of the stream with the first event that it wants, and once more in each new life.
 */
import type { IdTable } from '../../protocol/layout/IdTable.js';
import { limits } from '../../protocol/limits.js';
import type { StreamOriginInfo } from '../../protocol/StreamedHeader.js';
import type { StreamClass, StreamHandover } from '../../protocol/streams.js';
import type { OrderFrame } from '../frames.js';

export interface ShardedStreamParts {
  /** Of the stream, among those that this node hears. */
  readonly number: number;
  readonly origin: StreamOriginInfo;
  readonly streamClass: StreamClass;
  /** What the socket's thread knows of the stream's ids; null for a stream without. */
  readonly ids: IdTable | null;
  readonly shardsFor: (eventId: number, topic: number) => ReadonlySet<number> | undefined;
  readonly order: (shard: number, frame: OrderFrame) => void;
  readonly onEnd: (stream: ShardedStream) => void;
}

export class ShardedStream implements StreamHandover {
  readonly #parts: ShardedStreamParts;
  readonly #told = new Set<number>();

  constructor(parts: ShardedStreamParts) {
    this.#parts = parts;
  }

  isWanted(eventId: number, topic: number): boolean {
    return this.#parts.shardsFor(eventId, topic) !== undefined;
  }

  define(bytes: Uint8Array): void {
    for (const shard of this.#told) this.#parts.order(shard, ['stream-ids', this.#parts.number, new Uint8Array(bytes)]);
  }

  event(eventId: number, topic: number, position: number, payload: Buffer): number {
    const { number, order, shardsFor } = this.#parts;
    const shards = shardsFor(eventId, topic);
    if (!shards) return 0;
    for (const shard of shards) {
      if (!this.#told.has(shard)) this.#tell(shard);
      order(shard, ['stream-event', number, eventId, position, payload, 0, payload.length]);
    }
    return shards.size;
  }

  end(): void {
    for (const shard of this.#told) this.#parts.order(shard, ['stream-end', this.#parts.number]);
    this.#told.clear();
    this.#parts.onEnd(this);
  }

  /** The shard's thread has died, and with it all that it was told. */
  forget(shard: number): void {
    this.#told.delete(shard);
  }

  #tell(shard: number): void {
    const { number, origin, streamClass, ids, order } = this.#parts;
    this.#told.add(shard);
    order(shard, ['stream', number, origin, streamClass]);
    for (const definitions of ids?.definitions(limits.datagramBytesMax) ?? []) {
      order(shard, ['stream-ids', number, definitions]);
    }
  }
}
