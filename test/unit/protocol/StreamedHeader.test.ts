/** What listeners are told of an event that had no header of its own. */
import fc from 'fast-check';
import t from 'tap';
import { nodeIdOf } from '../../../runtime/protocol/identity.js';
import { packetId } from '../../../runtime/protocol/packet.js';
import { StreamedHeader, StreamOrigin } from '../../../runtime/protocol/StreamedHeader.js';

t.test(
  'ids are those of a packet, and traces are session and position, in whatever order positions come',
  async (t) => {
    const session = '00c0ffee01020304';
    const origin = new StreamOrigin({ nodeId: nodeIdOf(new Uint8Array(32)), session, channel: 'training' });
    const position = fc.oneof(
      fc.integer({ min: 0, max: 10_000 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(4_095, 4_096, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
    );
    fc.assert(
      fc.property(position, (at) => {
        const header = new StreamedHeader(origin, 4, at, { timestamp: 1, roomId: 'kitchen' });
        return header.id === packetId(header) && header.traceId === session + at.toString(16).padStart(16, '0');
      }),
      { numRuns: 1_000 },
    );
    t.pass();
  },
);
