/**
 * The reliable transport without sockets: the same promises as TcpReliableTransport, over a MemoryNetwork. A loss or a
 * partition delays a message, and a request whose deadline passes meanwhile fails. Only members with the same secret
 * are heard, as on a real connection.
 */
import { AcademyError, toErrorRecord } from '../../runtime/protocol/errors.js';
import { type NodeId, type NodeIdentity, proofsEqual } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import type {
  PacketHandler,
  PeerAddress,
  ReliableTransport,
  RequestHandler,
  RequestOptions,
  TransportSendResult,
  TransportStats,
} from '../../runtime/protocol/Transport.js';
import { Exchange, type ExchangeHolder } from '../Exchange.js';
import { sendAfterStop, sendTooLarge } from '../failures.js';
import { sentToNodes } from '../sentToNodes.js';
import type { MemoryNetwork } from './MemoryNetwork.js';

export interface MemoryReliableTransportOptions {
  readonly network: MemoryNetwork;
  readonly identity: NodeIdentity;
  readonly academyId: string;
  /** As for TcpReliableTransport; null in an open academy. */
  readonly connectionKey: Uint8Array | null;
  /** 0 for any. @default 0 */
  readonly port?: number;
  /** Milliseconds until a packet that its receiver does not acknowledge counts as failed. @default 5000 */
  readonly packetDeadlineMs?: number;
}

type MemoryRefusal = 'secret' | 'academy';

export interface MemoryReliableStats extends TransportStats {
  readonly requestsSent: number;
  readonly requestsServed: number;
  /** Nodes that were not heard, on either side, by reason. */
  readonly refused: Readonly<Record<MemoryRefusal, number>>;
}

/** The host in every address of a MemoryNetwork; ports tell its nodes apart. */
export const memoryHost = 'memory';
const defaultPacketDeadlineMs = 5_000;
const nothing = new Uint8Array(0);

/** A transport from one start to its stop: what was meant for an earlier life reaches nobody. */
class Life implements ExchangeHolder {
  readonly transport: MemoryReliableTransport;
  readonly handler: PacketHandler;
  /** What this node has asked and waits for. */
  readonly open = new Set<Exchange>();
  /** What it is asked and has not answered, with who asked. */
  readonly serving = new Map<Exchange, Life>();
  /** Who has met it, and is reached without an address. */
  readonly met = new Map<NodeId, Life>();
  isOver = false;

  constructor(transport: MemoryReliableTransport, handler: PacketHandler) {
    this.transport = transport;
    this.handler = handler;
  }

  release(exchange: Exchange): void {
    this.open.delete(exchange);
  }

  gaveUp(): string {
    return 'the other node is out of reach or does not answer';
  }
}

export class MemoryReliableTransport implements ReliableTransport {
  readonly name = 'tcp-reliable';
  readonly channel = 'reliable';
  readonly packetBytesMax = limits.frameBytesMax;
  readonly nodeId: NodeId;
  readonly #options: MemoryReliableTransportOptions;
  readonly #addresses = new Map<NodeId, PeerAddress>();
  readonly #traffic = { packetsSent: 0, bytesSent: 0, packetsReceived: 0, bytesReceived: 0, sendErrors: 0 };
  readonly #counts = { requestsSent: 0, requestsServed: 0 };
  readonly #refused: Record<MemoryRefusal, number> = { secret: 0, academy: 0 };
  #requestHandler: RequestHandler | null = null;
  #life: Life | null = null;
  #port = 0;

  constructor(options: MemoryReliableTransportOptions) {
    this.#options = options;
    this.nodeId = options.identity.nodeId;
  }

  get port(): number {
    return this.#port;
  }

  async start(handler: PacketHandler): Promise<void> {
    if (this.#life) throw new AcademyError('ERR_ACADEMY_TRANSPORT_START', `${this.name} is running already`);
    const life = new Life(this, handler);
    this.#port = this.#options.network.listen(life, this.#options.port ?? 0);
    this.#life = life;
  }

  async stop(): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#life = null;
    life.isOver = true;
    this.#options.network.unlisten(this.#port);
    this.#port = 0;
    const stopped = new AcademyError('ERR_ACADEMY_NODE_STOPPED', 'this node has stopped');
    for (const exchange of [...life.open]) exchange.fail(stopped);
    const gone = new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `node ${this.nodeId} went away`);
    for (const [exchange, caller] of life.serving) this.#answer(caller, exchange, nothing, () => exchange.fail(gone));
  }

  setPeer(address: PeerAddress): void {
    if (address.nodeId !== this.nodeId) this.#addresses.set(address.nodeId, address);
  }

  forgetPeer(nodeId: NodeId): void {
    this.#addresses.delete(nodeId);
    this.#life?.met.delete(nodeId);
  }

  /** The host is not looked at; see memoryHost. */
  async connect(_host: string, port: number, options: RequestOptions): Promise<NodeId> {
    const life = this.#runningLife();
    const found = this.#lifeAt(port);
    if (!found) throw new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `${memoryHost}:${port}: nobody listens`);
    const { nodeId } = found.transport;
    const exchange = new Exchange('packet', nothing, options, this.#options.network.clock);
    const answerAtOnce = (target: Life): void =>
      target.transport.#answer(life, exchange, nothing, () => exchange.succeed(nothing));
    this.#carry(life, nodeId, exchange, () => this.#lifeAt(port), answerAtOnce);
    await exchange.answer;
    this.setPeer({ nodeId, host: memoryHost, port });
    return nodeId;
  }

  onRequest(handler: RequestHandler): void {
    this.#requestHandler = handler;
  }

  async request(nodeId: NodeId, request: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    const life = this.#runningLife();
    checkSize('a request', request);
    this.#counts.requestsSent += 1;
    const exchange = new Exchange('request', new Uint8Array(request), options, this.#options.network.clock);
    this.#carryTo(life, nodeId, exchange, (target) => target.transport.#serve(target, life, exchange));
    return exchange.answer;
  }

  async send(packet: Uint8Array, nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    const life = this.#life;
    if (!life) return this.#refuse(sendAfterStop(this.name));
    if (packet.length > this.packetBytesMax) {
      return this.#refuse(sendTooLarge(this.name, packet.length, this.packetBytesMax));
    }
    const copy = new Uint8Array(packet);
    const options = { deadlineMs: this.#options.packetDeadlineMs ?? defaultPacketDeadlineMs };
    const targets = nodes ?? new Set([...this.#addresses.keys(), ...life.met.keys()]);
    const outcomes = await Promise.allSettled(
      [...targets].map((nodeId) => {
        const exchange = new Exchange('packet', copy, options, this.#options.network.clock);
        this.#carryTo(life, nodeId, exchange, (target) => target.transport.#hear(target, life, exchange));
        return exchange.answer;
      }),
    );
    const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    const delivered = outcomes.length - faults.length;
    this.#traffic.packetsSent += delivered;
    this.#traffic.bytesSent += delivered * packet.length;
    this.#traffic.sendErrors += faults.length;
    return sentToNodes(packet.length, delivered, faults, nodes === undefined);
  }

  stats(): MemoryReliableStats {
    return { ...this.#traffic, ...this.#counts, refused: { ...this.#refused } };
  }

  #runningLife(): Life {
    if (this.#life) return this.#life;
    throw new AcademyError('ERR_ACADEMY_NODE_STOPPED', `${this.name} is not running`);
  }

  #lifeAt(port: number): Life | undefined {
    return this.#options.network.listenerAt(port) as Life | undefined;
  }

  /** Where a node is now: its living connection, or whoever listens at its address. */
  #find(life: Life, nodeId: NodeId): Life | undefined {
    const met = life.met.get(nodeId);
    if (met && !met.isOver) return met;
    const address = this.#addresses.get(nodeId);
    return address && this.#lifeAt(address.port);
  }

  #carryTo(life: Life, nodeId: NodeId, exchange: Exchange, onMeeting: (target: Life) => void): void {
    const met = life.met.get(nodeId);
    if (this.#addresses.has(nodeId) || (met && !met.isOver)) {
      this.#carry(life, nodeId, exchange, () => this.#find(life, nodeId), onMeeting);
    } else {
      exchange.fail(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no address is known for node ${nodeId}`));
    }
  }

  #carry(
    life: Life,
    nodeId: NodeId,
    exchange: Exchange,
    find: () => Life | undefined,
    onMeeting: (target: Life) => void,
  ): void {
    if (exchange.settled) return;
    exchange.holder = life;
    life.open.add(exchange);
    this.#options.network.carry(this.nodeId, nodeId, {
      bytes: exchange.body.length,
      isWanted: () => !exchange.settled,
      arrive: () => {
        const target = find();
        if (!target) return false;
        const fault = this.#meet(life, target, nodeId);
        if (fault) exchange.fail(fault);
        else onMeeting(target);
        return true;
      },
    });
  }

  /** What the handshake is on a real connection. */
  #meet(life: Life, target: Life, expected: NodeId): AcademyError | null {
    const { transport } = target;
    if (transport.nodeId !== expected) {
      return new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `there is another node, ${transport.nodeId}`);
    }
    const refusal = this.#refusalOf(transport.#options);
    if (!refusal) {
      life.met.set(expected, target);
      target.met.set(this.nodeId, life);
      return null;
    }
    this.#refused[refusal] += 1;
    transport.#refused[refusal] += 1;
    if (refusal === 'academy') return new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', 'it belongs to another academy');
    return new AcademyError('ERR_ACADEMY_SECRET_INVALID', 'it does not have the secret of this academy', {
      remedy: 'give both nodes the secret of the same academy',
    });
  }

  #refusalOf(other: MemoryReliableTransportOptions): MemoryRefusal | null {
    const { academyId, connectionKey } = this.#options;
    if (other.academyId !== academyId) return 'academy';
    return proofsEqual(connectionKey ?? nothing, other.connectionKey ?? nothing) ? null : 'secret';
  }

  #hear(life: Life, caller: Life, exchange: Exchange): void {
    const authenticatedNode = caller.transport.nodeId;
    this.#traffic.packetsReceived += 1;
    this.#traffic.bytesReceived += exchange.body.length;
    life.handler(exchange.body, { transport: this.name, source: `memory:${authenticatedNode}`, authenticatedNode });
    this.#answer(caller, exchange, nothing, () => exchange.succeed(nothing));
  }

  async #serve(life: Life, caller: Life, exchange: Exchange): Promise<void> {
    this.#counts.requestsServed += 1;
    life.serving.set(exchange, caller);
    let answer = nothing;
    let settle = (): void => exchange.succeed(answer);
    try {
      if (!this.#requestHandler) throw new AcademyError('ERR_ACADEMY_COMMAND_UNKNOWN', 'this node takes no requests');
      answer = new Uint8Array(await this.#requestHandler(caller.transport.nodeId, exchange.body));
      checkSize('an answer', answer);
    } catch (thrown) {
      const { code, message, remedy } = toErrorRecord(thrown, 'ERR_ACADEMY_COMMAND_FAILED');
      settle = () => exchange.fail(new AcademyError(code, message, { remedy }));
    }
    life.serving.delete(exchange);
    if (!life.isOver) this.#answer(caller, exchange, answer, settle);
  }

  #answer(caller: Life, exchange: Exchange, answer: Uint8Array, settle: () => void): void {
    this.#options.network.carry(this.nodeId, caller.transport.nodeId, {
      bytes: answer.length,
      isWanted: () => !exchange.settled && !caller.isOver,
      arrive: () => {
        settle();
        return true;
      },
    });
  }

  #refuse(result: TransportSendResult): TransportSendResult {
    this.#traffic.sendErrors += 1;
    return result;
  }
}

function checkSize(what: string, bytes: Uint8Array): void {
  if (bytes.length <= limits.frameBytesMax) return;
  const message = `${what} of ${bytes.length} bytes; at most ${limits.frameBytesMax} fit`;
  throw new AcademyError('ERR_ACADEMY_PACKET_TOO_LARGE', message);
}
