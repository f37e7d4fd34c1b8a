/** JSON, to bytes and back. */
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { SignalCodec } from './SignalCodec.js';

export function jsonCodec(signals: readonly TrainingSignal[]): SignalCodec {
  const messages = signals.map((signal) => Buffer.from(JSON.stringify(signal)));
  return {
    bytes: messages.reduce((sum, message) => sum + message.length, 0),

    encode(count) {
      let bytes = 0;
      for (let done = 0, index = 0; done < count; done++) {
        bytes += Buffer.from(JSON.stringify(signals[index])).length;
        if (++index === signals.length) index = 0;
      }
      return bytes;
    },

    decode(count) {
      let sum = 0;
      for (let done = 0, index = 0; done < count; done++) {
        sum += (JSON.parse((messages[index] as Buffer).toString()) as TrainingSignal).timestamp;
        if (++index === signals.length) index = 0;
      }
      return sum;
    },

    throughBytes: (index) => JSON.parse((messages[index] as Buffer).toString()),
  };
}
