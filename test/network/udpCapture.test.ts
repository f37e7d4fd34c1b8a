import { createSocket } from 'node:dgram';
import { decode } from '@msgpack/msgpack';
import t from 'tap';
import {
  type AcademyEventData,
  type AcademyEventName,
  assertEventData,
  eventById,
  requireEvent,
} from '../../runtime/protocol/events.js';
import { identityFromSeed } from '../../runtime/protocol/identity.js';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import { PacketSealer, packetHeaderBytes } from '../../runtime/protocol/packet.js';
import { systemClock } from '../../runtime/system/systemClock.js';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import { until } from '../../testing/realTime.js';
import { AcademyUDPTransport } from '../../transports/udp/AcademyUDPTransport.js';
import { type GroupChannel, groupAddresses } from '../../transports/udp/groupAddresses.js';

const academyId = `udp-capture-${systemRandom.id()}`;
const { nodeId } = identityFromSeed(systemRandom.bytes(32));
const timestamp = 1_790_000_000_000;

const samples: { readonly [N in AcademyEventName]?: AcademyEventData[N] } = {
  'academy.chat.typing': {
    participantId: 'ada',
    username: 'Ada Łovelace 🧮',
    roomId: 'typescript-help',
    academyId,
    expiresInMs: 4_000,
    timestamp,
  },
  'academy.chat.message': {
    messageId: 'm-1',
    roomId: 'typescript-help',
    academyId,
    participantId: 'ada',
    participantType: 'human',
    username: 'Ada',
    text: 'Was heißt „keyof“? '.repeat(8),
    messageType: 'text',
    trainingMode: 'active',
    sessionId: 's-1',
    timestamp,
    aiGenerated: false,
    entry: {
      author: `ada@${nodeId}`,
      sequence: 1,
      previousHash: new Uint8Array(32),
      hybridTime: { ms: timestamp, counter: 3 },
      publicKey: systemRandom.bytes(32),
      signature: systemRandom.bytes(64),
    },
  },
  'academy.training.signal': {
    personaId: 'compiler-guide',
    academyId,
    roomId: 'typescript-help',
    sessionId: 's-1',
    messageId: 'm-2',
    judge: `ada@${nodeId}`,
    signal: {
      type: 'immediate',
      value: -0.75,
      category: 'technical',
      source: 'human_feedback',
      inputContext: 'how do I take a key of a type',
      expectedBehavior: 'explain keyof',
      actualBehavior: 'explained typeof',
      improvementSuggestion: '',
    },
    expectedAnswerId: 'ts.keyof',
    actualAnswerId: null,
    propagateToNetwork: true,
    timestamp,
  },
  'academy.persona.capability.acquired': {
    requestId: 'r-1',
    personaId: 'compiler-guide',
    academyId,
    capability: 'banking',
    outcome: 'acquired',
    genomeId: 'g-1',
    reason: 'better on 96 held-out items',
    gain: 0.41,
    timestamp,
  },
  'academy.persona.capability.request': {
    requestId: 'r-2',
    personaId: 'compiler-guide',
    academyId,
    capability: 'travel',
    reason: 'capability_gap',
    timestamp,
  },
};

/** A plain socket in the group: what a capture tool or a program in another language would be. */
function captureGroup(address: string, port: number, onDatagram: (bytes: Buffer) => void): Promise<() => void> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', onDatagram);
  return new Promise((resolve) => {
    socket.bind(port, '0.0.0.0', () => {
      socket.addMembership(address, '127.0.0.1');
      resolve(() => socket.close());
    });
  });
}

/** Binary fields as hexadecimal text, because the two decoders have different classes for them. */
function plainFields(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plainFields(field)]));
}

for (const channel of ['training', 'evolution'] as const satisfies readonly GroupChannel[]) {
  t.test(`a capture of the ${channel} group is read by a foreign MessagePack decoder`, async (test) => {
    const transport = new AcademyUDPTransport({
      ...groupAddresses(academyId, 'academy', 0)[channel],
      academyId,
      nodeId,
      clock: systemClock,
    });
    await transport.start(() => {});
    test.teardown(() => transport.stop());
    const captured: Buffer[] = [];
    test.teardown(await captureGroup(transport.multicastAddress, transport.port, (bytes) => captured.push(bytes)));

    const sealer = new PacketSealer(academyId, systemRandom.bytes(32));
    const codec = new MessageCodec();
    for (const [sequence, [name, data]] of Object.entries(samples).entries()) {
      const { id: eventId } = requireEvent(name);
      const header = {
        eventId,
        channel,
        priority: 'normal',
        hops: 0,
        timestampMs: timestamp,
        session: 1,
        sequence,
        sourceNode: nodeId,
        traceId: 'f'.repeat(32),
        topic: 0,
      } as const;
      const payload = codec.encode(assertEventData(name as AcademyEventName, data));
      const result = await transport.send(sealer.seal(header, payload));
      test.match(result, { success: true, receipt: 'sent' }, name);
    }

    await until('every datagram is captured', () => captured.length === Object.keys(samples).length);
    for (const datagram of captured) {
      const name = eventById(datagram.readUInt16BE(4))?.name as keyof typeof samples;
      const payload = decode(datagram.subarray(packetHeaderBytes));
      test.strictSame(plainFields(payload), plainFields(samples[name]), name);
    }
  });
}
