/** A process that publishes numbered frames on a stream of a group, as its parent asks for. Started on a test host. */
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { copyFrame } from '../../../runtime/protocol/streams.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../../transports/udp/AcademyUDPTransport.js';
import type { LadderStep } from '../../../transports/udp/UdpGroupSockets.js';
import type { ListenerGiven } from './streamListener.js';

export interface SpeakerReport {
  readonly said: number;
  readonly members: number;
  readonly repaired: number;
  /** The step of the ladder that it is on now. */
  readonly step: LadderStep | null;
}

const {
  multicastAddress,
  port,
  step,
  datagramKey,
  interfaceAddress = '127.0.0.1',
} = JSON.parse(process.argv[2] as string) as ListenerGiven;
const identity = identityFromSeed(systemRandom.bytes(32));
const transport = new AcademyUDPTransport({
  mode: 'multicast',
  multicastAddress,
  port,
  step,
  interfaceAddress,
  academyId: 'stream-test',
  nodeId: identity.nodeId,
  streams: { identity, datagramKey: Uint8Array.from(datagramKey), random: systemRandom },
  clock: systemClock,
});
await transport.start(() => {});
const stream = transport.openStream({ streamClass: 'ordered', layoutHash: 1, definitionKind: 2 });
const payload = Buffer.alloc(300);
let said = 0;

process.on('message', async ({ say }: { readonly say: number }) => {
  for (const end = said + say; said < end; ) {
    payload.writeUInt32BE(said, 0);
    if (stream.write(1, copyFrame, payload) === 'taken') said += 1;
    else await stream.ready();
  }
  stream.flush();
  const { slotsRepaired } = stream.stats();
  const now = transport.stats().step;
  process.send?.({ said, members: stream.members, repaired: slotsRepaired, step: now } satisfies SpeakerReport);
});
process.on('disconnect', () => process.exit());
process.send?.({ said, members: stream.members, repaired: 0, step } satisfies SpeakerReport);
