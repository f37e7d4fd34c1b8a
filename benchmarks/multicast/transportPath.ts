/**
 * The path of the mesh, a signal a datagram: encode, seal, AcademyUDPTransport; and back: open, decode, validate.
 */
import { isEventData, requireEvent } from '../../runtime/protocol/events.js';
import { nodeIdOf } from '../../runtime/protocol/identity.js';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import { PacketSealer, sessionAt, topicOf } from '../../runtime/protocol/packet.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { groupAddresses } from '../../transports/udp/groupAddresses.js';
import { type SignalNetwork, type SignalPath, takesAllAtOnce } from './SignalPath.js';

const event = 'academy.training.signal';
const traceId = '0'.repeat(32);

export const transportPath: SignalPath = {
  pacing: 'window',

  async openPublisher(network) {
    const { transport, nodeId } = transportOf(network);
    // A node hears its own packets too, and drops them by their source before it opens them; here they end unread.
    await transport.start(() => {});
    const codec = new MessageCodec();
    const sealer = new PacketSealer(network.academyId, network.datagramKey);
    const eventId = requireEvent(event).id;
    const session = sessionAt(systemClock.nowMs());
    let sequence = 0;
    let refused = 0;
    const refusal = (): void => {
      refused += 1;
    };
    return {
      ...takesAllAtOnce,
      publish: (signal) => {
        const packet = sealer.seal(
          {
            eventId,
            channel: 'training',
            priority: 'normal',
            hops: 0,
            timestampMs: systemClock.nowMs(),
            session,
            sequence: sequence++,
            sourceNode: nodeId,
            traceId,
            topic: topicOf(signal.roomId),
          },
          codec.encode(signal),
        );
        transport.send(packet).then((result) => {
          if (!result.success) refused += 1;
        }, refusal);
        return true;
      },
      get refused() {
        return refused;
      },
      close: () => transport.stop(),
    };
  },

  async openReceiver(network, onSignal) {
    const { transport } = transportOf(network);
    const codec = new MessageCodec();
    const sealer = new PacketSealer(network.academyId, network.datagramKey);
    let dropped = 0;
    await transport.start((bytes) => {
      const packet = sealer.open(bytes);
      const data = typeof packet === 'string' ? undefined : codec.decode(packet.payload);
      if (isEventData(event, data)) onSignal(data);
      else dropped += 1;
    });
    return {
      get dropped() {
        return dropped;
      },
      close: () => transport.stop(),
    };
  },
};

function transportOf(network: SignalNetwork) {
  const nodeId = nodeIdOf(systemRandom.bytes(32));
  const { mode, multicastAddress, port } = groupAddresses(network.academyId, 'academy', network.port).training;
  const transport = new AcademyUDPTransport({
    mode,
    multicastAddress,
    port,
    academyId: network.academyId,
    nodeId,
    clock: systemClock,
  });
  return { transport, nodeId };
}
