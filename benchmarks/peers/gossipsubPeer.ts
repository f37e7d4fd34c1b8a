/**
 * libp2p's gossipsub over TCP with noise and yamux, messages signed, as its documentation sets it up. The receivers
 * dial the publisher. It has no back-pressure of its own: what a peer's stream cannot take waits in memory up to a
 * limit, and is dropped beyond it. So the receivers say over the same mesh how far they have come, as its users must.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemRandom } from '../../runtime/system/systemRandom.js';
import type { SignalNetwork } from '../multicast/SignalPath.js';
import { bytesOf, type LoadPackage, loopback, type Peer } from './Peer.js';

type Part = (options?: object) => (components: never) => unknown;
interface Multiaddr {
  toString(): string;
}
interface GossipMessage {
  readonly detail: { readonly topic: string; readonly data: Uint8Array };
}
interface Pubsub {
  subscribe(topic: string): void;
  publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: readonly unknown[] }>;
  getSubscribers(topic: string): readonly unknown[];
  addEventListener(event: 'message', listener: (message: GossipMessage) => void): void;
}
interface Libp2pNode {
  readonly services: { readonly pubsub: Pubsub };
  dial(address: Multiaddr): Promise<unknown>;
  getMultiaddrs(): readonly Multiaddr[];
  stop(): Promise<void>;
}
interface Libp2p {
  readonly createLibp2p: (options: object) => Promise<Libp2pNode>;
}
interface Multiaddrs {
  readonly multiaddr: (text: string) => Multiaddr;
}
interface Progress {
  readonly receiver: string;
  /** That it has, of the publisher's. */
  readonly messages: number;
}

const topic = 'academy.training.signal';
const progressTopic = 'benchmark progress';
/** Messages under way at most, and how often a receiver tells; a message is one signal or a batch. */
const underWayMax = 128;
const tellEvery = 32;
const pollMs = 20;

export const gossipsubPeer: Peer = {
  messages: 'msgpackr',

  async openPublisher(network, load) {
    const node = await openNode(load, [`/ip4/${loopback}/tcp/${network.port}`]);
    const { pubsub } = node.services;
    const progress = new Map<string, number>();
    let sent = 0;
    let refused: Error | undefined;
    let onProgress = (): void => {};
    const underWay = (): number => {
      const reached = progress.size < network.receivers ? 0 : Math.min(...progress.values());
      return sent - reached;
    };
    const until = (isEnough: () => boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        onProgress = () => {
          if (refused) reject(refused);
          else if (isEnough()) resolve();
        };
        onProgress();
      });
    pubsub.addEventListener('message', ({ detail }) => {
      if (detail.topic !== progressTopic) return;
      const { receiver, messages } = JSON.parse(Buffer.from(detail.data).toString()) as Progress;
      progress.set(receiver, Math.max(messages, progress.get(receiver) ?? 0));
      onProgress();
    });
    pubsub.subscribe(progressTopic);
    return {
      send: (message) => {
        sent += 1;
        pubsub.publish(topic, bytesOf(message)).catch((error: Error) => {
          refused = error;
          onProgress();
        });
      },
      get isFull() {
        return underWay() >= underWayMax;
      },
      ready: () => until(() => underWay() < underWayMax),
      flush: () => until(() => underWay() === 0),
      whenHeard: async () => {
        while (pubsub.getSubscribers(topic).length < network.receivers) await sleep(pollMs);
      },
      close: () => node.stop(),
    };
  },

  async openReceiver(network, load, onMessage) {
    const node = await openNode(load, []);
    const { pubsub } = node.services;
    const receiver = systemRandom.id();
    let messages = 0;
    let told = 0;
    const tell = async (): Promise<void> => {
      const progress: Progress = { receiver, messages };
      const { recipients } = await pubsub.publish(progressTopic, Buffer.from(JSON.stringify(progress)));
      if (recipients.length > 0) told = Math.max(told, progress.messages);
    };
    pubsub.addEventListener('message', ({ detail }) => {
      if (detail.topic !== topic) return;
      onMessage(detail.data);
      messages += 1;
      if (messages % tellEvery === 0) void tell();
    });
    const repeat = setInterval(() => {
      if (told < messages) void tell();
    }, pollMs);
    pubsub.subscribe(topic);
    await dial(node, network, load);
    return {
      close: () => {
        clearInterval(repeat);
        return node.stop();
      },
    };
  },
};

async function dial(node: Libp2pNode, { port }: SignalNetwork, load: LoadPackage): Promise<void> {
  const { multiaddr } = await load<Multiaddrs>('@multiformats/multiaddr');
  await node.dial(multiaddr(`/ip4/${loopback}/tcp/${port}`));
}

async function openNode(load: LoadPackage, listen: readonly string[]): Promise<Libp2pNode> {
  provideWithResolvers();
  const [{ createLibp2p }, { tcp }, { noise }, { yamux }, { identify }, { gossipsub }] = await Promise.all([
    load<Libp2p>('libp2p'),
    load<{ readonly tcp: Part }>('@libp2p/tcp'),
    load<{ readonly noise: Part }>('@libp2p/noise'),
    load<{ readonly yamux: Part }>('@libp2p/yamux'),
    load<{ readonly identify: Part }>('@libp2p/identify'),
    load<{ readonly gossipsub: Part }>('@libp2p/gossipsub'),
  ]);
  return createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        // By default many peers of one address, as all are on loopback, are heard no more.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  });
}

/** libp2p 3 is written for Node 22, and on Node 20 this is all that it lacks. */
function provideWithResolvers(): void {
  const known = Promise as unknown as { withResolvers?: <T>() => Resolvers<T> };
  known.withResolvers ??= <T>() => {
    let settle: Pick<Resolvers<T>, 'resolve' | 'reject'> | undefined;
    const promise = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    });
    return { promise, ...(settle as Pick<Resolvers<T>, 'resolve' | 'reject'>) };
  };
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}
