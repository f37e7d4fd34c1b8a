/** A process that hears the streams of a group, and tells its parent what it has heard. Started by fork(). */
import { identityFromSeed } from '../../../runtime/protocol/identity.js';
import { systemClock } from '../../../runtime/system/systemClock.js';
import { systemRandom } from '../../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../../transports/udp/AcademyUDPTransport.js';
import type { LadderStep } from '../../../transports/udp/UdpGroupSockets.js';

export interface ListenerGiven {
  readonly multicastAddress: string;
  readonly port: number;
  readonly step: LadderStep;
  readonly datagramKey: readonly number[];
  readonly receiveBufferBytes: number;
  /** @default '127.0.0.1' */
  readonly interfaceAddress?: string;
}

export interface ListenerReport {
  /** Frames that were the next one. */
  readonly heard: number;
  /** Frames that were not. */
  readonly wrong: number;
}

const given = JSON.parse(process.argv[2] as string) as ListenerGiven;
const identity = identityFromSeed(systemRandom.bytes(32));
const transport = new AcademyUDPTransport({
  mode: 'multicast',
  multicastAddress: given.multicastAddress,
  port: given.port,
  step: given.step,
  interfaceAddress: given.interfaceAddress ?? '127.0.0.1',
  academyId: 'stream-test',
  nodeId: identity.nodeId,
  receiveBufferBytes: given.receiveBufferBytes,
  streams: { identity, datagramKey: Uint8Array.from(given.datagramKey), random: systemRandom },
  clock: systemClock,
});
let heard = 0;
let wrong = 0;
let busyUntilMs = 0;
transport.onStream(() => ({
  onFrame: (_kind, bytes, at) => {
    if (bytes.readUInt32BE(at) === heard) heard += 1;
    else wrong += 1;
    while (performance.now() < busyUntilMs) {
      // As a listener that is busy with something else.
    }
  },
  onDefinition: () => {},
  onEnd: () => {},
}));
await transport.start(() => {});
process.on('message', (message: { readonly busyMs?: number }) => {
  if (message.busyMs) busyUntilMs = performance.now() + message.busyMs;
  process.send?.({ heard, wrong } satisfies ListenerReport);
});
process.on('disconnect', () => process.exit());
process.send?.({ heard, wrong } satisfies ListenerReport);
