/** The fixed layout with a stream's dictionary, as a publisher and its receivers use it. */
import { needsDefinitions } from '../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout } from '../../runtime/protocol/layout/FixedLayout.js';
import { IdDictionary } from '../../runtime/protocol/layout/IdDictionary.js';
import { IdTable } from '../../runtime/protocol/layout/IdTable.js';
import { limits } from '../../runtime/protocol/limits.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { SignalCodec } from './SignalCodec.js';

/** Bytes of the ring that signals are encoded into, over and over, as into a stream's. */
const ringBytes = 4 * 1024 * 1024;

export function fixedLayoutCodec(signals: readonly TrainingSignal[]): SignalCodec {
  const layout = FixedLayout.of('academy.training.signal');
  const dictionary = new IdDictionary();
  const table = new IdTable();
  const ring = Buffer.alloc(ringBytes);
  const messages = Buffer.alloc(signals.length * limits.datagramBytesMax);
  const ends = new Int32Array(signals.length + 1);
  let definitionBytes = 0;

  function learn(): void {
    const definitions = Buffer.alloc(limits.datagramBytesMax);
    const end = dictionary.writeDefinitions(definitions, 0, definitions.length);
    if (!table.define(definitions, 0, end)) throw new Error('the table refused a definition');
    definitionBytes += end;
  }

  for (const [index, signal] of signals.entries()) {
    const encode = (): number => layout.encode(signal, messages, ends[index] ?? 0, messages.length, dictionary);
    let end = encode();
    while (end === needsDefinitions) {
      learn();
      end = encode();
    }
    ends[index + 1] = end;
  }
  const reader = layout.lazy();

  return {
    bytes: (ends[signals.length] ?? 0) + definitionBytes,

    encode(count) {
      let bytes = 0;
      let offset = 0;
      for (let done = 0, index = 0; done < count; done++) {
        const end = layout.encode(signals[index] as TrainingSignal, ring, offset, ringBytes, dictionary);
        if (end < 0) throw new Error(`encode said ${end}`);
        bytes += end - offset;
        offset = ringBytes - end < limits.datagramBytesMax ? 0 : end;
        if (++index === signals.length) index = 0;
      }
      return bytes;
    },

    decode(count) {
      let sum = 0;
      for (let done = 0, index = 0; done < count; done++) {
        const signal = layout.decode(messages, ends[index] as number, ends[index + 1] as number, table);
        if (signal) sum += signal.timestamp;
        if (++index === signals.length) index = 0;
      }
      return sum;
    },

    readFields(count, text) {
      return text === 'inputContext' ? readFreeText(count) : readId(count);
    },

    throughBytes: (index) => layout.decode(messages, ends[index] as number, ends[index + 1] as number, table),
  };

  function readFreeText(count: number): number {
    let sum = 0;
    for (let done = 0, index = 0; done < count; done++) {
      if (reader.at(messages, ends[index] as number, ends[index + 1] as number, table)) {
        const { value } = reader;
        sum += value.signal.value + value.timestamp + value.signal.inputContext.length;
      }
      if (++index === signals.length) index = 0;
    }
    return sum;
  }

  function readId(count: number): number {
    let sum = 0;
    for (let done = 0, index = 0; done < count; done++) {
      if (reader.at(messages, ends[index] as number, ends[index + 1] as number, table)) {
        const { value } = reader;
        sum += value.signal.value + value.timestamp + value.personaId.length;
      }
      if (++index === signals.length) index = 0;
    }
    return sum;
  }
}
