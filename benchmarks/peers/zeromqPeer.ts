/**
 * ZeroMQ over TCP on loopback, publish and subscribe. A plain PUB drops silently at its high-water mark (1000
 * messages); users who must not lose set ZMQ_XPUB_NODROP on an XPUB, where send() fails with EAGAIN instead, and try
 * again a little later, as here. Measured on two cores, a pause of a millisecond carries twice of what trying again at
 * once does, and three times of what a PUSH socket per receiver does to three.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, loopback, type Peer } from './Peer.js';

interface XPublisher extends AsyncIterable<readonly Uint8Array[]> {
  noDrop: boolean;
  /** `allSubs`: also subscriptions to what somebody else has subscribed to already. */
  verbosity: 'allSubs';
  linger: number;
  bind(address: string): Promise<void>;
  /** One at a time. */
  send(message: Uint8Array): Promise<void>;
  close(): void;
}
interface Subscriber extends AsyncIterable<readonly Uint8Array[]> {
  connect(address: string): void;
  subscribe(): void;
  close(): void;
}
interface Zeromq {
  readonly XPublisher: new () => XPublisher;
  readonly Subscriber: new () => Subscriber;
}

const pauseMs = 1;

export const zeromqPeer: Peer = {
  messages: 'msgpackr',

  async openPublisher(network, load) {
    const zeromq = await load<Zeromq>('zeromq');
    const socket = new zeromq.XPublisher();
    socket.noDrop = true;
    socket.verbosity = 'allSubs';
    socket.linger = 0;
    await socket.bind(`tcp://${loopback}:${network.port}`);
    let sending: Promise<void> | undefined;
    const sent = (): void => {
      sending = undefined;
    };
    return {
      send: (message) => {
        const bytes = bytesOf(message);
        sending = socket.send(bytes).then(sent, (thrown) => sendLater(socket, bytes, thrown).then(sent));
      },
      get isFull() {
        return sending !== undefined;
      },
      ready: async () => sending,
      flush: async () => sending,
      // An XPUB hears of its subscribers.
      whenHeard: async () => {
        let subscribed = 0;
        for await (const _ of socket) {
          subscribed += 1;
          if (subscribed === network.receivers) break;
        }
      },
      close: async () => socket.close(),
    };
  },

  async openReceiver(network, load, onMessage) {
    const zeromq = await load<Zeromq>('zeromq');
    const socket = new zeromq.Subscriber();
    socket.connect(`tcp://${loopback}:${network.port}`);
    socket.subscribe();
    const reading = (async () => {
      for await (const [message] of socket) if (message) onMessage(message);
    })();
    return {
      close: async () => {
        socket.close();
        await reading;
      },
    };
  },
};

async function sendLater(socket: XPublisher, message: Uint8Array, thrown: unknown): Promise<void> {
  if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN')) throw thrown;
  await sleep(pauseMs);
  return socket.send(message).catch((again) => sendLater(socket, message, again));
}
