/** The peers by name, in the order of the table. Each is loaded when it is asked for. */
import type { Peer } from './Peer.js';

const peers = {
  zeromq: async (): Promise<Peer> => (await import('./zeromqPeer.js')).zeromqPeer,
  nats: async (): Promise<Peer> => (await import('./natsPeer.js')).natsPeer,
  ws: async (): Promise<Peer> => (await import('./wsPeer.js')).wsPeer,
  'socket.io': async (): Promise<Peer> => (await import('./socketIoPeer.js')).socketIoPeer,
  redis: async (): Promise<Peer> => (await import('./redisPeer.js')).redisPeer,
  gossipsub: async (): Promise<Peer> => (await import('./gossipsubPeer.js')).gossipsubPeer,
} as const;

export type PeerName = keyof typeof peers;
export const peerNames = Object.keys(peers) as readonly PeerName[];

/** The packages whose versions a reader of the figures wants to know. */
export const peerPackageNames: Readonly<Record<PeerName, readonly string[]>> = {
  zeromq: ['zeromq'],
  nats: ['@nats-io/transport-node'],
  ws: ['ws'],
  'socket.io': ['socket.io'],
  redis: ['@redis/client'],
  gossipsub: ['libp2p', '@libp2p/gossipsub'],
};

export function isPeerName(name: string): name is PeerName {
  return Object.hasOwn(peers, name);
}

export function openPeer(name: PeerName): Promise<Peer> {
  return peers[name]();
}
