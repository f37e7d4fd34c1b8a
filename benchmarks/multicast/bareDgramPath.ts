/**
 * What one writes in ten minutes, and the baseline: a signal is a datagram of MessagePack on Node's dgram, without
 * header, integrity, academy or validation.
 */
import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { MessageCodec } from '../../runtime/protocol/MessageCodec.js';
import type { TrainingSignal } from '../../runtime/protocol/schemas/training.js';
import { type SignalNetwork, type SignalPath, takesAllAtOnce } from './SignalPath.js';

const loopback = '127.0.0.1';

export const bareDgramPath: SignalPath = {
  pacing: 'window',

  async openPublisher(network) {
    const socket = createSocket('udp4');
    await bound(socket, 0);
    socket.setMulticastInterface(loopback);
    socket.setMulticastLoopback(true);
    const codec = new MessageCodec();
    const group = groupOf(network);
    let refused = 0;
    return {
      ...takesAllAtOnce,
      publish: (signal) => {
        socket.send(codec.encode(signal), network.port, group, (error) => {
          if (error) refused += 1;
        });
        return true;
      },
      get refused() {
        return refused;
      },
      close: () => closed(socket),
    };
  },

  async openReceiver(network, onSignal) {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    await bound(socket, network.port);
    socket.addMembership(groupOf(network), loopback);
    const codec = new MessageCodec();
    let dropped = 0;
    socket.on('message', (bytes) => {
      const signal = codec.decode(bytes);
      if (signal === undefined) dropped += 1;
      else onSignal(signal as TrainingSignal);
    });
    return {
      get dropped() {
        return dropped;
      },
      close: () => closed(socket),
    };
  },
};

/** A group of its own, beside those of the academy. */
function groupOf({ academyId }: SignalNetwork): string {
  return `239.255.${createHash('sha256').update(academyId).digest().readUInt8(0)}.9`;
}

function bound(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
