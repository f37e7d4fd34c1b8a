/**
 * How many datagrams of a stream a signal takes on the average: the signals of a seed, in their fixed layout, filled into
 * slots as a publisher fills them. So rates of signals can be told as rates of datagrams.
 */
import { doesNotFit, needsDefinitions } from '../../runtime/protocol/layout/encodeResults.js';
import { FixedLayout } from '../../runtime/protocol/layout/FixedLayout.js';
import { IdDictionary } from '../../runtime/protocol/layout/IdDictionary.js';
import { limits } from '../../runtime/protocol/limits.js';
import { TermRing } from '../../transports/udp/stream/sending/TermRing.js';
import { trainingSignals } from './trainingSignals.js';

const slots = 4;

export function datagramsPerSignal(seed: number): number {
  const layout = FixedLayout.of('academy.training.signal');
  const ids = new IdDictionary();
  const ring = new TermRing(Buffer.alloc(8), slots, limits.datagramBytesMax);
  const definitions = Buffer.alloc(limits.datagramBytesMax);
  const signals = trainingSignals(seed);
  ring.openSlot();
  for (const signal of signals) {
    for (;;) {
      const end = layout.encode(signal, ring.bytes, ring.payloadAt, ring.slotEnd, ids);
      if (end >= 0) {
        ring.commit(0, end);
        break;
      }
      if (end === needsDefinitions) ids.writeDefinitions(definitions, 0, definitions.length);
      else if (end !== doesNotFit) throw new Error(`a signal cannot be encoded: ${end}`);
      else {
        ring.closeSlot();
        ring.openSlot();
      }
    }
  }
  return (ring.sequence + 1) / signals.length;
}
