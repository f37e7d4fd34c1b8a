/**
 * What a transport is to the mesh: it carries sealed packets and hands in what it hears, unopened. It neither looks
 * into packets nor decides where they go. One contract suite runs against every implementation.
 */
import type { ErrorRecord } from './errors.js';
import type { NodeId } from './identity.js';
import type { Channel } from './packet.js';
import type { ReceiptWord } from './receipts.js';

/** Where a packet came from, for budgets and counters. It proves nothing unless one of the nodes is set. */
export interface PacketSource {
  readonly transport: string;
  /** `address:port`, or whatever tells one source from another. */
  readonly source: string;
  /** Set by connections whose peer has proved its key. */
  readonly authenticatedNode?: NodeId;
  /** Set for what came in a stream that proves its source: the node that has signed it. */
  readonly provenNode?: NodeId;
}

/** Called for every packet, synchronously; the bytes may be reused afterwards. Must not throw. */
export type PacketHandler = (bytes: Uint8Array, from: PacketSource) => void;

export interface TransportSendResult {
  readonly success: boolean;
  /** What is known of it; a datagram is `sent` at the most. */
  readonly receipt: ReceiptWord | 'failed';
  readonly bytes: number;
  readonly academyBroadcast?: boolean;
  readonly trainingDataShared?: boolean;
  readonly genomeShared?: boolean;
  readonly genomeSizeBytes?: number;
  readonly error?: ErrorRecord;
}

export interface TransportStats {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly bytesReceived: number;
  readonly sendErrors: number;
}

export interface Transport {
  readonly name: string;
  readonly channel: Channel;
  /** Largest packet, header included, that it carries. */
  readonly packetBytesMax: number;
  /** @throws AcademyError ERR_ACADEMY_TRANSPORT_START or ERR_ACADEMY_PORT_IN_USE, saying which address */
  start(handler: PacketHandler): Promise<void>;
  /** Ends sockets and timers; a packet whose send() has resolved is not lost by it. */
  stop(): Promise<void>;
  /** Sends to the group, or to each of `nodes` where the transport can address them. Resolves, never rejects. */
  send(packet: Uint8Array, nodes?: readonly NodeId[]): Promise<TransportSendResult>;
  stats(): TransportStats;
}

export interface PeerAddress {
  readonly nodeId: NodeId;
  readonly host: string;
  readonly port: number;
}

/** Answers a request of a peer whose key is proved. What it throws goes back as an error record. */
export type RequestHandler = (from: NodeId, request: Uint8Array) => Promise<Uint8Array>;

export interface RequestOptions {
  /** Milliseconds until it fails with ERR_ACADEMY_DEADLINE; connecting is included. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** A transport with connections: addressed, ordered, acknowledged, and with answers. */
export interface ReliableTransport extends Transport {
  /** Port that it listens on; known after start(). */
  readonly port: number;
  /** Tells where a node is reached. A node that has moved replaces its address. */
  setPeer(peer: PeerAddress): void;
  forgetPeer(nodeId: NodeId): void;
  /**
   * Connects to an address whose node is not known yet (static peers).
   * @returns the id that the peer has proved
   */
  connect(host: string, port: number, options: RequestOptions): Promise<NodeId>;
  onRequest(handler: RequestHandler): void;
  /** @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN, ERR_ACADEMY_DEADLINE, or the error that the peer answered with */
  request(nodeId: NodeId, request: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
}
