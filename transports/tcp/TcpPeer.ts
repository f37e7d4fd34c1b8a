/**
 * All that a node knows of one other node: where it is reached, the connections to it, and what waits for one.
 *
 * One connection serves both directions. When both nodes dial at the same moment there are two; the one that the
 * lower node id has dialled stays. Only the dialler of the other one takes it back, and only when the first has just
 * answered a ping, so that a connection which died without a word never wins over one that works.
 */
import type { Clock, TimerHandle } from '../../runtime/protocol/Clock.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import type { Random } from '../../runtime/protocol/Random.js';
import type { PeerAddress } from '../../runtime/protocol/Transport.js';
import type { Exchange, ExchangeHolder } from '../Exchange.js';
import type { ConnectionFault, TcpConnection } from './TcpConnection.js';

export interface PeerParts {
  readonly ownId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves with whoever has proved itself there; rejects with a DialFault. */
  dial(host: string, port: number): Promise<TcpConnection>;
}

/** Why a dial failed; with a refusal, trying again is of no use. */
export class DialFault extends Error {
  readonly fault: ConnectionFault;

  constructor(host: string, port: number, fault: ConnectionFault) {
    super(`${host}:${port}: ${fault.reason}`);
    this.fault = fault;
  }
}

/** First and longest pause between two attempts to connect; each is shortened by up to half at random. */
const redialMsMin = 50;
const redialMsMax = 2_000;
/** Connections to one node: two by simultaneous dialling, and room for those that are being retired. */
const connectionsMax = 4;

export class TcpPeer implements ExchangeHolder {
  readonly nodeId: NodeId;
  readonly #parts: PeerParts;
  readonly #connections = new Set<TcpConnection>();
  #preferred: TcpConnection | null = null;
  #address: PeerAddress | null = null;
  readonly #waiting = new Set<Exchange>();
  #dialling = false;
  #failedDials = 0;
  #redialTimer: TimerHandle | null = null;
  #obstacle = 'not connected yet';

  constructor(nodeId: NodeId, parts: PeerParts) {
    this.nodeId = nodeId;
    this.#parts = parts;
  }

  get isConnected(): boolean {
    return this.#preferred !== null;
  }

  get isReachable(): boolean {
    return this.#preferred !== null || this.#address !== null;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  set address(address: PeerAddress | null) {
    const moved = address?.host !== this.#address?.host || address?.port !== this.#address?.port;
    this.#address = address;
    if (!moved) return;
    this.#failedDials = 0;
    this.#stopRedialTimer();
    this.#dialIfNeeded();
  }

  /** Hands it to a connection, or keeps it until there is one; it fails by its own deadline. */
  add(exchange: Exchange): void {
    if (exchange.settled) return;
    if (this.#preferred) {
      this.#preferred.add(exchange);
      return;
    }
    if (!this.isReachable) {
      exchange.fail(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `no address is known for node ${this.nodeId}`));
      return;
    }
    if (this.#waiting.size >= limits.requestsInFlightMax) {
      exchange.fail(new AcademyError('ERR_ACADEMY_MAILBOX_FULL', `too much waits for a connection to ${this.nodeId}`));
      return;
    }
    exchange.holder = this;
    this.#waiting.add(exchange);
    this.#dialIfNeeded();
  }

  release(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    if (this.#waiting.size === 0) this.#stopRedialTimer();
  }

  gaveUp(): string {
    return this.#obstacle;
  }

  /** A connection to this node has proved itself. */
  opened(connection: TcpConnection): void {
    for (const other of this.#connections) {
      if (other.instance !== connection.instance) other.destroy('the node has restarted');
    }
    const [oldest] = this.#connections;
    if (oldest && this.#connections.size >= connectionsMax) oldest.destroy('too many connections of one node');
    const others = [...this.#connections];
    this.#connections.add(connection);
    this.#failedDials = 0;
    this.#stopRedialTimer();
    this.#prefer(connection);
    for (const other of others) other.probe(() => this.#settlePreference());
  }

  retired(connection: TcpConnection): void {
    if (this.#preferred === connection) this.#prefer(this.#best());
    for (const exchange of connection.takeUnwritten()) this.add(exchange);
  }

  closed(connection: TcpConnection, fault: ConnectionFault, unwritten: readonly Exchange[]): void {
    this.#connections.delete(connection);
    this.#obstacle = fault.reason;
    if (this.#preferred === connection) this.#prefer(this.#best());
    for (const exchange of unwritten) this.add(exchange);
  }

  /** Forgets where it is, lets what is under way finish, and closes. */
  forget(): void {
    this.address = null;
    this.#preferred = null;
    for (const connection of this.#connections) connection.retire();
    this.#failWaiting(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `node ${this.nodeId} was taken off the list`));
  }

  /** Fails all that is open, and closes. */
  stop(fault: AcademyError): void {
    this.#stopRedialTimer();
    this.#failWaiting(fault);
    this.#preferred = null;
    for (const connection of this.#connections) {
      connection.failAll(fault);
      connection.end('this node stops');
    }
  }

  #prefer(connection: TcpConnection | null): void {
    this.#preferred = connection;
    if (!connection) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) connection.add(exchange);
  }

  /** The one that stays: dialled by the lower node id, then the older one. */
  #best(): TcpConnection | null {
    const usable = [...this.#connections].filter((connection) => connection.isUsable);
    const lowerRole = this.#parts.ownId < this.nodeId ? 'dialler' : 'listener';
    return usable.find((connection) => connection.role === lowerRole) ?? usable[0] ?? null;
  }

  /** Both connections live: use the same one as the other side, and take back what was dialled here in vain. */
  #settlePreference(): void {
    const best = this.#best();
    if (!best) return;
    this.#prefer(best);
    for (const connection of this.#connections) {
      if (connection === best || connection.role !== 'dialler') continue;
      for (const exchange of connection.takeUnwritten()) best.add(exchange);
      connection.retire();
    }
  }

  #dialIfNeeded(): void {
    const address = this.#address;
    if (!address || this.#waiting.size === 0 || this.#dialling || this.#redialTimer !== null) return;
    this.#dialling = true;
    // After a failure, why it failed says more.
    if (this.#failedDials === 0) this.#obstacle = `connecting to ${address.host}:${address.port}`;
    this.#parts
      .dial(address.host, address.port)
      .then((connection) => {
        if (connection.nodeId === this.nodeId) return;
        const message = `at ${address.host}:${address.port} there is another node, ${connection.nodeId}`;
        this.#failWaiting(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', message));
      })
      .catch((fault: DialFault) => this.#dialFailed(fault))
      .finally(() => {
        this.#dialling = false;
        if (!this.#preferred) this.#dialIfNeeded();
      });
  }

  #dialFailed(fault: DialFault): void {
    this.#obstacle = fault.message;
    const error = refusalError(fault);
    if (error) this.#failWaiting(error);
    const pauseMs = Math.min(redialMsMax, redialMsMin * 2 ** this.#failedDials);
    this.#failedDials = Math.min(this.#failedDials + 1, 16);
    if (this.#waiting.size === 0) return;
    this.#redialTimer = this.#parts.clock.setTimeout(
      () => {
        this.#redialTimer = null;
        this.#dialIfNeeded();
      },
      pauseMs * (1 - this.#parts.random.next() / 2),
    );
  }

  #stopRedialTimer(): void {
    if (this.#redialTimer === null) return;
    this.#parts.clock.clearTimeout(this.#redialTimer);
    this.#redialTimer = null;
  }

  #failWaiting(fault: AcademyError): void {
    for (const exchange of [...this.#waiting]) exchange.fail(fault);
  }
}

/** What a caller is told when trying again cannot help; null when it can. */
export function refusalError(dial: DialFault): AcademyError | null {
  switch (dial.fault.refusal) {
    case undefined:
    case 'deadline':
    case 'too-many':
      return null;
    case 'secret':
      return new AcademyError('ERR_ACADEMY_SECRET_INVALID', dial.message, {
        remedy: 'give both nodes the secret of the same academy',
      });
    default:
      return new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', dial.message);
  }
}
