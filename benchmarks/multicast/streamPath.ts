/**
 * The path of the mesh for what must arrive: EventStreams over AcademyUDPTransport. A signal goes into its fixed layout
 * in the stream's memory; a run of them leaves at once; a receiver checks the run and decodes each signal in place. As on
 * all paths here the sender trusts its own objects; the receiver checks every bound of what it decodes.
 */
import { AcademySmartEventRouter } from '../../runtime/mesh/AcademySmartEventRouter.js';
import { EventStreams } from '../../runtime/mesh/EventStreams.js';
import { MeshCounters } from '../../runtime/mesh/MeshCounters.js';
import { RateLimitedLog } from '../../runtime/mesh/RateLimitedLog.js';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { seededRandom } from '../../runtime/protocol/Random.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { TransportFactory } from '../../transports/TransportFactory.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import type { LadderStep } from '../../transports/udp/UdpGroupSockets.js';
import type { SignalNetwork, SignalPath } from './SignalPath.js';

const event = 'academy.training.signal';
const pollMs = 2;

/** @param options of the publication; `proven` signs the publisher's runs */
export function streamPath(step: LadderStep | 'auto', options: { readonly proven?: boolean } = {}): SignalPath {
  return {
    pacing: 'own',

    async openPublisher(network) {
      const { factory, streams } = await open(network, step, () => 0);
      const publication = streams.publication(event, { checked: false, ...options });
      return {
        publish: (signal) => publication.publish(signal),
        ready: () => publication.ready(),
        flush: () => publication.flush(),
        whenHeard: async () => {
          while (publication.members < network.receivers) await new Promise((resolve) => setTimeout(resolve, pollMs));
        },
        refused: 0,
        close: () => factory.stopAll(),
      };
    },

    async openReceiver(network, onSignal) {
      const { factory, counters } = await open(network, step, (signal) => {
        onSignal(signal);
        return 1;
      });
      return {
        get dropped() {
          return Object.values(counters.snapshot().drops).reduce((sum, count) => sum + count, 0);
        },
        close: () => factory.stopAll(),
      };
    },
  };
}

async function open(network: SignalNetwork, step: LadderStep | 'auto', onSignal: (signal: TrainingSignal) => number) {
  const { academyId, port, datagramKey, lossPerMille = 0 } = network;
  const identity = identityFromSeed(systemRandom.bytes(32));
  const { mode, multicastAddress } = groupAddresses(academyId, 'academy', port).training;
  const chance = seededRandom(identity.publicKey.reduce((sum, byte) => sum * 31 + byte, 0));
  const factory = new TransportFactory();
  factory.register(
    new AcademyUDPTransport({
      mode,
      multicastAddress,
      port,
      academyId,
      nodeId: identity.nodeId,
      step,
      streams: {
        identity,
        datagramKey,
        random: systemRandom,
        ...(lossPerMille > 0 ? { isLost: () => chance.next() * 1_000 < lossPerMille } : {}),
      },
      clock: systemClock,
    }),
  );
  const counters = new MeshCounters();
  const streams = new EventStreams({
    nodeId: identity.nodeId,
    transports: factory,
    router: new AcademySmartEventRouter(),
    clock: systemClock,
    counters,
    log: new RateLimitedLog(() => {}, systemClock),
    receivePacket: () => {},
    deliver: (_header, data) => onSignal(data as TrainingSignal),
    hears: () => true,
    handOver: () => null,
  });
  factory.onStreams((name) => streams.consumerOf(name));
  await factory.startAll(() => {});
  return { factory, streams, counters };
}
