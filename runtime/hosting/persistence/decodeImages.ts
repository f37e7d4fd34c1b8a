/** Reads what encodeImages has written. */
import { DefaultDeserializer } from 'node:v8';
import { AcademyError } from '../../protocol/errors.js';
import type { ActorImage, ImageMonitor, ImageSubscription, ImageTimer } from './ActorImage.js';
import { type ContextGroup, type ImageColumns, imagesFormat } from './encodeImages.js';

const none: readonly never[] = [];
/** Of all that have neither: who reads snapshots does not write to them. */
const empty = Object.freeze({});

/**
 * @throws AcademyError ERR_ACADEMY_SNAPSHOT_INVALID for what is damaged, ERR_ACADEMY_STORE for what was written in
 * another layout
 */
export function decodeImages(bytes: Uint8Array): ActorImage[] {
  const columns = readColumns(bytes);
  const { ids, versions, sequences } = columns;
  const snapshots = snapshotsOf(columns);
  const ledgers = new Map(columns.ledgers);
  const timers = byRow<ImageTimer>(columns.timers);
  const subscriptions = byRow<ImageSubscription>(columns.subscriptions);
  const monitors = byRow<ImageMonitor>(columns.monitors);
  return Array.from(ids, (id, row) => ({
    id,
    version: versions[row] as number,
    sequence: sequences[row] as number,
    snapshot: snapshots[row],
    ledger: ledgers.get(row) ?? null,
    timers: timers.get(row) ?? none,
    subscriptions: subscriptions.get(row) ?? none,
    monitors: monitors.get(row) ?? none,
  }));
}

/**
 * Node.js hands out typed arrays that show a part of the bytes that are read: 32 bytes of a hash would keep all images of
 * a shard in memory, and a clone of them be as large.
 */
class ImageReader extends DefaultDeserializer {
  read(): unknown {
    this.readHeader();
    return this.readValue();
  }

  _readHostObject(): unknown {
    const shown = readHostObject.call(this);
    const { buffer, byteOffset, byteLength } = shown;
    const own = buffer.slice(byteOffset, byteOffset + byteLength);
    if (shown instanceof DataView) return new DataView(own);
    if (Buffer.isBuffer(shown)) return Buffer.from(own);
    return new (shown.constructor as Uint8ArrayConstructor)(own);
  }
}

const { _readHostObject: readHostObject } = DefaultDeserializer.prototype as unknown as {
  _readHostObject(this: ImageReader): ArrayBufferView<ArrayBuffer>;
};

function readColumns(bytes: Uint8Array): ImageColumns {
  let columns: ImageColumns | undefined;
  let cause: unknown;
  try {
    columns = new ImageReader(bytes).read() as ImageColumns;
  } catch (thrown) {
    cause = thrown;
  }
  if (columns?.format === imagesFormat) return columns;
  if (typeof columns?.format === 'number') {
    throw new AcademyError('ERR_ACADEMY_STORE', 'the stored actors were written in another layout', {
      remedy: 'start the node with the release that wrote them, or with --data <another folder>',
    });
  }
  throw new AcademyError('ERR_ACADEMY_SNAPSHOT_INVALID', 'the stored actors are damaged', {
    remedy: 'restore a copy of the data folder',
    cause,
  });
}

/** Contexts were written group by group, in the order of their rows. */
function snapshotsOf({ ids, shapes, shapeOf, groups, groupOf, whole }: ImageColumns): unknown[] {
  const values = shapes.map((text) => JSON.parse(text) as unknown);
  const next = new Int32Array(groups.length);
  const snapshots: unknown[] = new Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    const group = groupOf[row] as number;
    if (group < 0) continue;
    const at = next[group] as number;
    next[group] = at + 1;
    const value = values[shapeOf[row] as number];
    snapshots[row] = {
      status: 'active',
      value: typeof value === 'string' ? value : structuredClone(value),
      context: contextAt(groups[group] as ContextGroup, at),
      children: empty,
      historyValue: empty,
    };
  }
  for (const [row, snapshot] of whole) snapshots[row] = snapshot;
  return snapshots;
}

function contextAt({ names, columns }: ContextGroup, at: number): Record<string, unknown> {
  const context: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index++) {
    context[names[index] as string] = (columns[index] as readonly unknown[])[at];
  }
  return context;
}

function byRow<T>(pairs: readonly (readonly [row: number, value: T])[]): Map<number, T[]> {
  const map = new Map<number, T[]>();
  for (const [row, value] of pairs) {
    const values = map.get(row);
    if (values) values.push(value);
    else map.set(row, [value]);
  }
  return map;
}
