/**
 * The reliable transport: one long-lived TCP connection per pair of nodes, on which many requests are open at a time
 * and are answered in any order. Both sides prove their node key and, in an academy with a secret, their membership,
 * before anything else is read. Connections are made when they are needed and made again when they break; a request
 * is written to one connection only, so it runs at most once, and it has one total deadline, connecting included.
 *
 * ```ts
 * const tcp = new TcpReliableTransport({ identity, academyId, connectionKey, clock, random });
 * tcp.onRequest(async (from, request) => answerTo(request));
 * await tcp.start((packet, from) => receive(packet, from));
 * tcp.setPeer({ nodeId, host: '127.0.0.1', port: 40123 });
 * const answer = await tcp.request(nodeId, bytes, { deadlineMs: 2_000 });
 * ```
 */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../runtime/protocol/Clock.js';
import { AcademyError, type ErrorRecord, toErrorRecord } from '../../runtime/protocol/errors.js';
import type { NodeId, NodeIdentity } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import { academyTag } from '../../runtime/protocol/packet.js';
import type { Random } from '../../runtime/protocol/Random.js';
import type {
  PacketHandler,
  PacketSource,
  PeerAddress,
  ReliableTransport,
  RequestHandler,
  RequestOptions,
  TransportSendResult,
  TransportStats,
} from '../../runtime/protocol/Transport.js';
import { Exchange, type ExchangeKind } from '../Exchange.js';
import { sendAfterStop, sendTooLarge, startError } from '../failures.js';
import { sentToNodes } from '../sentToNodes.js';
import { type Credentials, instanceBytes, nonceBytes, type Refusal, type Role, refusals } from './handshake.js';
import { type ConnectionEvents, type ConnectionOwner, handshakeDeadlineMs, TcpConnection } from './TcpConnection.js';
import { DialFault, refusalError, TcpPeer } from './TcpPeer.js';

export interface TcpReliableTransportOptions {
  readonly identity: NodeIdentity;
  readonly academyId: string;
  /** `deriveKey(secret, academyId, 'connection')`; null in an open academy. */
  readonly connectionKey: Uint8Array | null;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** 1 to 65535, or 0 for any free one, which `port` then tells. @default 0 */
  readonly port?: number;
  readonly clock: Clock;
  /** Fit for keys: the handshake's nonces come from it. */
  readonly random: Random;
  /** Milliseconds until a packet that its receiver does not acknowledge counts as failed. @default 5000 */
  readonly packetDeadlineMs?: number;
  /** Connections that may be in the handshake at a time. @default 64 */
  readonly handshakesMax?: number;
}

export interface TcpTransportStats extends TransportStats {
  /** Connections whose peer has proved itself. */
  readonly connections: number;
  readonly requestsSent: number;
  readonly requestsServed: number;
  /** Connections that were not accepted, on either side, by reason. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Frames that broke the framing; each has cost its sender the connection. */
  readonly malformedFrames: number;
  /** Answers that came after their caller had given up. */
  readonly lateAnswers: number;
}

const defaultHost = '127.0.0.1';
const defaultPacketDeadlineMs = 5_000;
const defaultHandshakesMax = 64;
const stopped = 'this node has stopped';
/** How long stop() lets sockets send what they hold. */
const stopDeadlineMs = 1_000;

export class TcpReliableTransport implements ReliableTransport {
  readonly name = 'tcp-reliable';
  readonly channel = 'reliable';
  readonly packetBytesMax = limits.frameBytesMax;
  readonly #options: TcpReliableTransportOptions;
  readonly #peers = new Map<NodeId, TcpPeer>();
  /** All sockets, the unproven ones included, so that stop() ends every one. */
  readonly #sockets = new Set<Socket>();
  readonly #counts = { requestsSent: 0, requestsServed: 0, malformedFrames: 0, lateAnswers: 0 };
  readonly #refused = Object.fromEntries(refusals.map((refusal) => [refusal, 0])) as Record<Refusal, number>;
  readonly #traffic = { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  #server: Server | null = null;
  #owner: ConnectionOwner | null = null;
  #handler: PacketHandler = () => {};
  #requestHandler: RequestHandler | null = null;
  #port = 0;
  #handshakes = 0;

  /** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID for a port that is none */
  constructor(options: TcpReliableTransportOptions) {
    const { port = 0 } = options;
    if (!isPort(port)) {
      throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `tcp.port: ${port} is not a port`, {
        remedy: 'set tcp.port to a whole number from 1 to 65535, or to 0 for any free port',
      });
    }
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  async start(handler: PacketHandler): Promise<void> {
    if (this.#server) throw new AcademyError('ERR_ACADEMY_TRANSPORT_START', `${this.name} is running already`);
    const { host = defaultHost, port = 0 } = this.#options;
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    this.#handler = handler;
    this.#owner = this.#newLife();
    try {
      await listen(server, host, port);
    } catch (cause) {
      this.#server = null;
      this.#owner = null;
      throw startError(this.name, `tcp ${host}:${port}`, cause);
    }
    // A failed accept (no descriptors left) ends that connection only.
    server.on('error', () => {});
    this.#port = (server.address() as { readonly port: number }).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    this.#owner = null;
    this.#port = 0;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const fault = new AcademyError('ERR_ACADEMY_NODE_STOPPED', stopped);
    for (const peer of this.#peers.values()) peer.stop(fault);
    for (const socket of this.#sockets) socket.destroySoon();
    const { clock } = this.#options;
    const timer = clock.setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, stopDeadlineMs);
    await closed;
    await Promise.all([...this.#sockets].map(socketClosed));
    clock.clearTimeout(timer);
  }

  setPeer(address: PeerAddress): void {
    if (address.nodeId === this.#options.identity.nodeId) return;
    this.#peer(address.nodeId).address = address;
  }

  forgetPeer(nodeId: NodeId): void {
    this.#peers.get(nodeId)?.forget();
    this.#dropIfIdle(nodeId);
  }

  onRequest(handler: RequestHandler): void {
    this.#requestHandler = handler;
  }

  /**
   * One attempt; a caller that wants to keep trying calls again. The address is kept for the node that it finds.
   * @throws AcademyError ERR_ACADEMY_NODE_UNKNOWN (nobody there, or no member), ERR_ACADEMY_SECRET_INVALID,
   * ERR_ACADEMY_DEADLINE, ERR_ACADEMY_NODE_STOPPED
   */
  async connect(host: string, port: number, { deadlineMs, signal }: RequestOptions): Promise<NodeId> {
    const { clock } = this.#options;
    const giveUp = new AbortController();
    const timer = clock.setTimeout(() => giveUp.abort(`no connection within ${deadlineMs} ms`), deadlineMs);
    const onAbort = (): void => giveUp.abort('the caller gave up');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const { nodeId } = await this.#dial(host, port, giveUp.signal);
      this.setPeer({ nodeId, host, port });
      return nodeId;
    } catch (fault) {
      throw this.#connectError(fault as DialFault, giveUp.signal);
    } finally {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The answer is a view into received bytes that nothing overwrites; copy it to keep little of much. */
  async request(nodeId: NodeId, request: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    if (!this.#server) throw new AcademyError('ERR_ACADEMY_NODE_STOPPED', `${this.name} is not running`);
    if (request.length > limits.frameBytesMax) {
      const message = `a request of ${request.length} bytes; at most ${limits.frameBytesMax} fit`;
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', message);
    }
    this.#counts.requestsSent += 1;
    return this.#exchange('request', nodeId, request, options);
  }

  /**
   * Sends to each of `nodes`, or to every node that is connected or whose address is known. The receipt is `received`
   * when all of them have acknowledged it; if there are none, nothing was sent and `bytes` is 0. The bytes must stay
   * as they are until it resolves.
   */
  async send(packet: Uint8Array, nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    if (!this.#server) return this.#refuse(sendAfterStop(this.name));
    if (packet.length > this.packetBytesMax) {
      return this.#refuse(sendTooLarge(this.name, packet.length, this.packetBytesMax));
    }
    const targets = nodes ?? this.#reachable();
    const options = { deadlineMs: this.#options.packetDeadlineMs ?? defaultPacketDeadlineMs };
    const outcomes = await Promise.allSettled(
      targets.map((nodeId) => this.#exchange('packet', nodeId, packet, options)),
    );
    const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    const delivered = outcomes.length - faults.length;
    this.#traffic.packetsSent += delivered;
    this.#traffic.bytesSent += delivered * packet.length;
    this.#traffic.sendErrors += faults.length;
    return sentToNodes(packet.length, delivered, faults, nodes === undefined);
  }

  stats(): TcpTransportStats {
    const connections = [...this.#peers.values()].reduce((sum, peer) => sum + peer.connectionCount, 0);
    return { ...this.#traffic, ...this.#counts, connections, refused: { ...this.#refused } };
  }

  #exchange(kind: ExchangeKind, nodeId: NodeId, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const exchange = new Exchange(kind, body, options, this.#options.clock);
    const peer = this.#peers.get(nodeId);
    if (peer) peer.add(exchange);
    else exchange.fail(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no address is known for node ${nodeId}`));
    return exchange.answer;
  }

  #refuse(result: TransportSendResult): TransportSendResult {
    this.#traffic.sendErrors += 1;
    return result;
  }

  #reachable(): readonly NodeId[] {
    return [...this.#peers.values()].filter((peer) => peer.isReachable).map((peer) => peer.nodeId);
  }

  #peer(nodeId: NodeId): TcpPeer {
    let peer = this.#peers.get(nodeId);
    if (!peer) {
      this.#makeRoom();
      const { identity, clock, random } = this.#options;
      peer = new TcpPeer(nodeId, { ownId: identity.nodeId, clock, random, dial: (...at) => this.#dial(...at) });
      this.#peers.set(nodeId, peer);
    }
    return peer;
  }

  /** Forgets the peer that was met first among those without a connection. */
  #makeRoom(): void {
    if (this.#peers.size < limits.peersMax) return;
    for (const peer of this.#peers.values()) {
      if (peer.connectionCount > 0) continue;
      peer.forget();
      this.#peers.delete(peer.nodeId);
      return;
    }
  }

  #dropIfIdle(nodeId: NodeId): void {
    const peer = this.#peers.get(nodeId);
    if (peer && !peer.isReachable && peer.connectionCount === 0) this.#peers.delete(nodeId);
  }

  #accept(socket: Socket): void {
    const owner = this.#owner;
    if (!owner || this.#handshakes >= (this.#options.handshakesMax ?? defaultHandshakesMax)) {
      this.#refused['too-many'] += 1;
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    this.#track(socket);
    this.#converse(socket, 'listener', owner);
  }

  /** @throws DialFault */
  async #dial(host: string, port: number, signal?: AbortSignal): Promise<TcpConnection> {
    const fail = (reason: string, refusal?: Refusal): DialFault =>
      new DialFault(host, port, refusal ? { reason, refusal } : { reason });
    const socket = await this.#openSocket(host, port, signal).catch((cause: Error) => {
      throw fail(cause.message);
    });
    const owner = this.#owner;
    if (!owner || socket.destroyed) {
      socket.destroy();
      throw fail(stopped);
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(fail(String(signal?.reason)));
        socket.destroy();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const onOpened = (connection: TcpConnection): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve(connection);
      };
      this.#converse(socket, 'dialler', owner, onOpened, ({ reason, refusal }) => reject(fail(reason, refusal)));
    });
  }

  /** A connected socket that this transport ends when it stops. */
  #openSocket(host: string, port: number, signal?: AbortSignal): Promise<Socket> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      if (!this.#owner) throw new Error(stopped);
      if (signal?.aborted) throw new Error(String(signal.reason));
      // Node throws for these too, but leaves a socket behind.
      if (!isPort(port) || port === 0) throw new Error('there is no such port');
      const socket = connectSocket({ host, port });
      this.#track(socket);
      const giveUp = (reason: string): void => {
        reject(new Error(reason));
        socket.destroy();
      };
      const onAbort = (): void => giveUp(String(signal?.reason));
      const onClose = (): void => giveUp(stopped);
      const timer = clock.setTimeout(() => giveUp('it does not answer'), handshakeDeadlineMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (): void => {
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        socket.off('close', onClose);
      };
      socket.on('error', reject);
      socket.once('close', onClose);
      socket.once('close', settle);
      socket.once('connect', () => {
        settle();
        socket.off('error', reject);
        socket.off('close', settle);
        resolve(socket);
      });
    });
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #converse(
    socket: Socket,
    role: Role,
    owner: ConnectionOwner,
    onOpened: (connection: TcpConnection) => void = () => {},
    onFailed: (fault: { readonly reason: string; readonly refusal?: Refusal }) => void = () => {},
  ): void {
    let isOpen = false;
    if (role === 'listener') this.#handshakes += 1;
    const handshakeOver = (): void => {
      if (role === 'listener' && !isOpen) this.#handshakes -= 1;
    };
    const events: ConnectionEvents = {
      opened: (connection) => {
        handshakeOver();
        isOpen = true;
        this.#peer(connection.nodeId).opened(connection);
        onOpened(connection);
      },
      retired: (connection) => this.#peers.get(connection.nodeId)?.retired(connection),
      closed: (connection, fault, unwritten) => {
        handshakeOver();
        if (fault.refusal) this.#refused[fault.refusal] += 1;
        onFailed(fault);
        if (!isOpen) return;
        this.#peers.get(connection.nodeId)?.closed(connection, fault, unwritten);
        this.#dropIfIdle(connection.nodeId);
      },
    };
    new TcpConnection(socket, role, this.name, owner, events);
  }

  #newLife(): ConnectionOwner {
    const { identity, academyId, connectionKey, clock, random } = this.#options;
    const credentials: Credentials = {
      identity,
      academy: academyTag(academyId),
      connectionKey,
      instance: random.bytes(instanceBytes),
    };
    return {
      clock,
      credentials,
      nonce: () => random.bytes(nonceBytes),
      packetReceived: (bytes, from) => this.#packetReceived(bytes, from),
      serve: (from, request) => this.#serve(from, request),
      malformedFrame: () => {
        this.#counts.malformedFrames += 1;
      },
      lateAnswer: () => {
        this.#counts.lateAnswers += 1;
      },
    };
  }

  #packetReceived(bytes: Uint8Array, from: PacketSource): void {
    this.#traffic.packetsReceived += 1;
    this.#traffic.bytesReceived += bytes.length;
    this.#handler(bytes, from);
  }

  async #serve(from: NodeId, request: Uint8Array): Promise<Uint8Array | { readonly failure: ErrorRecord }> {
    this.#counts.requestsServed += 1;
    const handler = this.#requestHandler;
    try {
      if (!handler) throw new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', 'this node takes no requests');
      const answer = await handler(from, request);
      if (answer.length <= limits.frameBytesMax) return answer;
      const message = `an answer of ${answer.length} bytes; at most ${limits.frameBytesMax} fit`;
      throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', message);
    } catch (fault) {
      return { failure: toErrorRecord(fault, 'ERR_ACADEMY_COMMAND_FAILED') };
    }
  }

  #connectError(dial: DialFault, signal: AbortSignal): AcademyError {
    if (signal.aborted) return new AcademyError('ERR_ACADEMY_DEADLINE', dial.message);
    if (!this.#server) return new AcademyError('ERR_ACADEMY_NODE_STOPPED', dial.message);
    return refusalError(dial) ?? new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', dial.message);
  }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Of a socket that is still tracked, so that its 'close' is yet to come. */
function socketClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
