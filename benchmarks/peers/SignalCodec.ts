/**
 * The codec of the mesh as peers are given it: a batch of signals in the fixed layout, each behind its length in four
 * bytes. Repeated ids travel as numbers; what defines them stands in the stream before their first use, which needs a
 * peer that loses nothing and receivers that are there from the start.
 */

import { isDefinitions } from '../../runtime/protocol/layout/definitions.js';
import { doesNotFit, needsDefinitions } from '../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout } from '../../runtime/protocol/layout/FixedLayout.js';
import { IdDictionary } from '../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../runtime/protocol/layout/IdTable.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';

const lengthBytes = 4;
/** Room for a signal at first; a batch of longer ones is given more. */
const signalBytes = 400;

/** One end of one stream: it encodes or decodes, never both for the same stream. */
export class SignalCodec {
  readonly #layout = FixedLayout.of('academy.training.signal');
  readonly #dictionary = new IdDictionary();
  readonly #table = new IdTable();

  /** @returns bytes that are the caller's; `from` is the first signal, `to` the one after the last */
  encodeBatch(signals: readonly TrainingSignal[], from: number, to: number): Uint8Array {
    let target = Buffer.allocUnsafeSlow((to - from) * signalBytes);
    let offset = 0;
    for (let index = from; index < to; ) {
      const start = offset + lengthBytes;
      let end = this.#layout.encode(signals[index] as TrainingSignal, target, start, target.length, this.#dictionary);
      if (end >= 0) index += 1;
      else if (end === needsDefinitions) end = this.#dictionary.writeDefinitions(target, start, target.length);
      if (end === doesNotFit) {
        target = Buffer.concat([target], target.length * 2);
      } else if (end < 0) {
        throw new Error(`signal ${index} cannot be encoded`);
      } else {
        target.writeUInt32LE(end - start, offset);
        offset = end;
      }
    }
    return target.subarray(0, offset);
  }

  /** Throws on bytes that are not exactly a batch. */
  decodeBatch(bytes: Uint8Array, onSignal: (signal: TrainingSignal) => void): void {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let offset = 0; offset < source.length; ) {
      const start = offset + lengthBytes;
      const end = start + source.readUInt32LE(offset);
      if (end > source.length) throw new Error('the batch is cut short');
      this.#read(source, start, end, onSignal);
      offset = end;
    }
  }

  #read(source: Buffer, start: number, end: number, onSignal: (signal: TrainingSignal) => void): void {
    const signal = this.#layout.decode(source, start, end, this.#table);
    if (signal !== undefined) onSignal(signal);
    else if (!isDefinitions(source, start) || !this.#table.define(source, start, end)) throw new Error('no signal');
  }
}
