/** msgpackr by itself: with the shared structures that make it fast, or as plain MessagePack. */
import { Packr } from 'msgpackr';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import type { SignalCodec } from './SignalCodec.js';

export function msgpackrCodec(
  signals: readonly TrainingSignal[],
  { structures }: { structures: boolean },
): SignalCodec {
  const packr = structures ? new Packr({ structures: [] }) : new Packr({ useRecords: false });
  const messages = signals.map((signal) => Buffer.from(packr.pack(signal)));
  return {
    bytes: messages.reduce((sum, message) => sum + message.length, 0),

    encode(count) {
      let bytes = 0;
      for (let done = 0, index = 0; done < count; done++) {
        bytes += packr.pack(signals[index]).length;
        if (++index === signals.length) index = 0;
      }
      return bytes;
    },

    decode(count) {
      let sum = 0;
      for (let done = 0, index = 0; done < count; done++) {
        sum += (packr.unpack(messages[index] as Buffer) as TrainingSignal).timestamp;
        if (++index === signals.length) index = 0;
      }
      return sum;
    },

    throughBytes: (index) => packr.unpack(messages[index] as Buffer),
  };
}
