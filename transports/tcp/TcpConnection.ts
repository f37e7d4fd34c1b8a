/**
 * One socket between two nodes, from the handshake to the close. It carries exchanges in both directions at once,
 * answers in whatever order they come, and bounds everything: frames, exchanges in flight, bytes that wait for the
 * socket, and requests of the peer that are being served.
 */
import type { Socket } from 'node:net';
import type { Clock, TimerHandle } from '../../runtime/protocol/Clock.js';
import { AcademyError, type ErrorRecord, fromErrorRecord } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import type { PacketSource } from '../../runtime/protocol/Transport.js';
import type { Exchange, ExchangeHolder } from '../Exchange.js';
import { encodeFrame, type Frame, type FrameKind, FrameReader, frameKinds } from './frames.js';
import {
  type Credentials,
  checkProof,
  type Hello,
  handshakeBodyBytesMax,
  hearHello,
  makeProof,
  type Refusal,
  type Role,
  sayHello,
} from './handshake.js';

/** What a connection is given and tells; the transport implements it. */
export interface ConnectionOwner {
  readonly clock: Clock;
  readonly credentials: Credentials;
  nonce(): Uint8Array;
  packetReceived(bytes: Uint8Array, from: PacketSource): void;
  /** Never rejects: what the handler throws is a record. */
  serve(from: NodeId, request: Uint8Array): Promise<Uint8Array | { readonly failure: ErrorRecord }>;
  malformedFrame(): void;
  /** An answer to nothing that is open: its caller has given up. */
  lateAnswer(): void;
}

export interface ConnectionEvents {
  /** The peer has proved itself; frames follow at once. */
  opened(connection: TcpConnection): void;
  /** It has nothing more to start; called once, by whichever side began. */
  retired(connection: TcpConnection): void;
  /** @param unwritten exchanges that the peer cannot have seen */
  closed(connection: TcpConnection, fault: ConnectionFault, unwritten: readonly Exchange[]): void;
}

export interface ConnectionFault {
  readonly reason: string;
  /** Set when the handshake failed. */
  readonly refusal?: Refusal;
}

/** Time for both sides to prove themselves; a slow peer needs two round trips. */
export const handshakeDeadlineMs = 5_000;
/** Time for an answer to a ping; without it the connection is dead. */
const pingDeadlineMs = 5_000;
/** Bytes queued towards a peer that does not read its answers before it is given up. */
const unreadBytesMax = 2 * limits.connectionQueueBytesMax;
const empty = new Uint8Array(0);
const ignore = (): void => {};
const hungUp: ConnectionFault = { reason: 'the other side closed the connection' };

export class TcpConnection implements ExchangeHolder {
  readonly role: Role;
  readonly remote: string;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #events: ConnectionEvents;
  readonly #reader = new FrameReader(handshakeBodyBytesMax);
  readonly #hello: Hello;
  #peer: Hello | null = null;
  #source: PacketSource | null = null;
  #receive: (frame: Frame) => void = (frame) => this.#hearHello(frame);
  #handshakeTimer: TimerHandle;

  readonly #written = new Map<number, Exchange>();
  readonly #unwritten = new Set<Exchange>();
  #lastCorrelation = 0;
  #serving = 0;
  #paused = false;
  #corked = false;
  #retireSent = false;
  #retireReceived = false;
  #fault: ConnectionFault | null = null;
  #closed = false;
  readonly #alive = new Set<() => void>();
  #pingTimer: TimerHandle | null = null;

  /** @param transport name for the source of packets */
  constructor(socket: Socket, role: Role, transport: string, owner: ConnectionOwner, events: ConnectionEvents) {
    this.#socket = socket;
    this.role = role;
    this.#owner = owner;
    this.#events = events;
    this.remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#hello = sayHello(owner.credentials, owner.nonce());
    this.#handshakeTimer = owner.clock.setTimeout(
      () => this.#refuse('deadline', 'the handshake took too long'),
      handshakeDeadlineMs,
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#remember(hungUp));
    socket.on('error', (error) => this.#remember({ reason: error.message }));
    socket.on('close', () => this.#onClose());
    this.#source = { transport, source: this.remote };
    this.#write(frameKinds.hello, 0, this.#hello.bytes);
  }

  /** Whose key the other side has proved; throws before that, which would be a mistake of ours. */
  get nodeId(): NodeId {
    if (!this.#peer) throw new TypeError('the handshake is not over');
    return this.#peer.nodeId;
  }

  /** Which life of the node it is. */
  get instance(): string {
    return this.#peer?.instance ?? '';
  }

  /** Whether anything new may be started on it. */
  get isUsable(): boolean {
    return !this.#retireSent && !this.#retireReceived && this.#fault === null;
  }

  /** Writes it now, or as soon as there is room. */
  add(exchange: Exchange): void {
    exchange.holder = this;
    this.#unwritten.add(exchange);
    this.#pump();
  }

  release(exchange: Exchange): void {
    this.#unwritten.delete(exchange);
    if (this.#written.delete(exchange.correlation)) {
      this.#pump();
      this.#closeWhenRetired();
    }
  }

  /** A peer that stays silent past a deadline may be gone without a word: that is found out now. */
  gaveUp(): string {
    this.probe(ignore);
    return `${this.remote} is connected but does not answer`;
  }

  /** Calls back when the peer is alive; destroys the connection when it is not. */
  probe(onAlive: () => void): void {
    if (this.#closed) return;
    this.#alive.add(onAlive);
    if (this.#pingTimer !== null) return;
    this.#pingTimer = this.#owner.clock.setTimeout(() => this.destroy('it answers no ping'), pingDeadlineMs);
    this.#write(frameKinds.ping, 0, empty);
  }

  /** Starts nothing new on it, and closes it when both sides have all their answers. */
  retire(): void {
    if (this.#retireSent || this.#closed) return;
    this.#retireSent = true;
    this.#write(frameKinds.retire, 0, empty);
    this.probe(ignore);
    this.#closeWhenRetired();
  }

  destroy(reason: string): void {
    this.#remember({ reason });
    this.#socket.destroy();
  }

  /** Sends what is queued and closes. */
  end(reason: string): void {
    this.#remember({ reason });
    this.#socket.destroySoon();
  }

  /** What the peer has not been sent yet leaves this connection, for another one. */
  takeUnwritten(): readonly Exchange[] {
    const exchanges = [...this.#unwritten];
    this.#unwritten.clear();
    for (const exchange of exchanges) exchange.holder = null;
    return exchanges;
  }

  failAll(fault: AcademyError): void {
    for (const exchange of [...this.#written.values(), ...this.#unwritten]) exchange.fail(fault);
  }

  #onData(chunk: Buffer): void {
    this.#reader.push(chunk);
    this.#read();
  }

  #read(): void {
    while (!this.#paused && !this.#socket.destroyed) {
      const frame = this.#reader.next();
      if (frame === undefined) return;
      if (frame === 'malformed') return this.#malformed('a frame of impossible length');
      this.#receive(frame);
    }
  }

  #hearHello(frame: Frame): void {
    if (frame.kind !== frameKinds.hello) return this.#refuse('malformed', 'it did not say hello');
    const { credentials } = this.#owner;
    const hello = hearHello(frame.body, credentials);
    if (typeof hello === 'string') return this.#refuse(hello, describeRefusal[hello]);
    this.#peer = hello;
    this.#receive = (proof) => this.#hearProof(proof, hello);
    this.#write(frameKinds.proof, 0, makeProof(credentials, this.role, this.#hello, hello));
  }

  #hearProof(frame: Frame, peer: Hello): void {
    if (frame.kind !== frameKinds.proof) return this.#refuse('malformed', 'it did not prove its hello');
    const peerRole = this.role === 'dialler' ? 'listener' : 'dialler';
    const refusal = checkProof(frame.body, this.#owner.credentials, peerRole, this.#hello, peer);
    if (refusal) return this.#refuse(refusal, describeRefusal[refusal]);
    this.#owner.clock.clearTimeout(this.#handshakeTimer);
    this.#reader.bodyBytesMax = limits.frameBytesMax;
    this.#receive = (next) => this.#onFrame(next, peer.nodeId);
    this.#source = { ...(this.#source as PacketSource), authenticatedNode: peer.nodeId };
    this.#events.opened(this);
  }

  #onFrame({ kind, correlation, body }: Frame, from: NodeId): void {
    switch (kind) {
      case frameKinds.answer:
      case frameKinds.received:
      case frameKinds.failure:
        return this.#onAnswer(kind, correlation, body);
      case frameKinds.request:
        return void this.#serve(correlation, body, from);
      case frameKinds.packet:
        this.#owner.packetReceived(body, this.#source as PacketSource);
        return this.#write(frameKinds.received, correlation, empty);
      case frameKinds.ping:
        return this.#write(frameKinds.pong, 0, empty);
      case frameKinds.pong:
        return this.#onPong();
      case frameKinds.retire:
        return this.#onRetire();
      default:
        return this.#malformed(`a frame of unknown kind ${kind}`);
    }
  }

  #onAnswer(kind: number, correlation: number, body: Buffer): void {
    const exchange = this.#written.get(correlation);
    if (!exchange) return this.#owner.lateAnswer();
    if (kind === frameKinds.failure) exchange.fail(parseFailure(body));
    else exchange.succeed(body);
  }

  async #serve(correlation: number, request: Buffer, from: NodeId): Promise<void> {
    this.#serving += 1;
    this.#pauseOrGoOn();
    const served = await this.#owner.serve(from, request);
    this.#serving -= 1;
    if (this.#closed) return;
    if (served instanceof Uint8Array) this.#write(frameKinds.answer, correlation, served);
    else this.#write(frameKinds.failure, correlation, Buffer.from(JSON.stringify(served.failure)));
    this.#pauseOrGoOn();
    this.#closeWhenRetired();
  }

  #onPong(): void {
    if (this.#pingTimer === null) return;
    this.#owner.clock.clearTimeout(this.#pingTimer);
    this.#pingTimer = null;
    const callbacks = [...this.#alive];
    this.#alive.clear();
    for (const callback of callbacks) callback();
  }

  #onRetire(): void {
    if (this.#retireReceived) return;
    this.#retireReceived = true;
    this.#events.retired(this);
    this.retire();
    this.#closeWhenRetired();
  }

  /** All that the peer asked before it retired has arrived and is answered, and it owes nothing: no one loses a thing. */
  #closeWhenRetired(): void {
    const isRetired = this.#retireSent && this.#retireReceived;
    if (isRetired && this.#written.size === 0 && this.#unwritten.size === 0 && this.#serving === 0) this.end('retired');
  }

  #pump(): void {
    for (const exchange of this.#unwritten) {
      if (!this.#hasRoom()) return;
      this.#unwritten.delete(exchange);
      exchange.correlation = this.#freeCorrelation();
      this.#written.set(exchange.correlation, exchange);
      this.#write(frameKinds[exchange.kind], exchange.correlation, exchange.body);
    }
  }

  #hasRoom(): boolean {
    return (
      this.#fault === null &&
      this.#written.size < limits.requestsInFlightMax &&
      this.#socket.writableLength < limits.connectionQueueBytesMax
    );
  }

  #freeCorrelation(): number {
    do {
      this.#lastCorrelation = (this.#lastCorrelation + 1) >>> 0 || 1;
    } while (this.#written.has(this.#lastCorrelation));
    return this.#lastCorrelation;
  }

  /** All frames of one turn leave in one system call: several times the rate of one call each. */
  #write(kind: FrameKind, correlation: number, body: Uint8Array): void {
    if (this.#closed || this.#socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    for (const piece of encodeFrame(kind, correlation, body)) this.#socket.write(piece);
    if (this.#socket.writableLength > unreadBytesMax) this.destroy('it does not read what it asked for');
  }

  #onDrain(): void {
    this.#pump();
    this.#pauseOrGoOn();
  }

  /** Stops reading while the peer's requests pile up here, or its answers in the socket. */
  #pauseOrGoOn(): void {
    const isBusy =
      this.#serving >= limits.requestsInFlightMax || this.#socket.writableLength >= limits.connectionQueueBytesMax;
    if (isBusy === this.#paused) return;
    this.#paused = isBusy;
    if (isBusy) {
      this.#socket.pause();
      return;
    }
    this.#socket.resume();
    this.#read();
  }

  #malformed(reason: string): void {
    this.#owner.malformedFrame();
    this.destroy(reason);
  }

  /** Ended and not destroyed, so that our own proof still arrives: from it the other side learns what is wrong. */
  #refuse(refusal: Refusal, reason: string): void {
    this.#receive = () => {};
    this.#remember({ reason, refusal });
    this.#socket.destroySoon();
  }

  #remember(fault: ConnectionFault): void {
    this.#fault ??= fault;
  }

  #onClose(): void {
    this.#closed = true;
    this.#owner.clock.clearTimeout(this.#handshakeTimer);
    if (this.#pingTimer !== null) this.#owner.clock.clearTimeout(this.#pingTimer);
    const fault = this.#fault ?? hungUp;
    const unwritten = this.takeUnwritten();
    this.failAll(new AcademyError('ERR_ACADEMY_NODE_UNKNOWN', `${this.remote} went away: ${fault.reason}`));
    this.#events.closed(this, fault, unwritten);
  }
}

/** What each refusal means, for people. */
const describeRefusal: Readonly<Record<Refusal, string>> = {
  malformed: 'it does not speak this protocol',
  version: 'it speaks another version of the protocol',
  academy: 'it belongs to another academy',
  identity: 'its node id is not the hash of its key',
  self: 'it is this node itself',
  signature: 'it does not have the key of its node id',
  secret: 'it does not have the secret of this academy',
  deadline: 'the handshake took too long',
  'too-many': 'too many connections are being opened',
};

function parseFailure(body: Buffer): AcademyError {
  try {
    return fromErrorRecord(JSON.parse(body.toString('utf8')), 'ERR_ACADEMY_COMMAND_FAILED');
  } catch {
    return fromErrorRecord(null, 'ERR_ACADEMY_COMMAND_FAILED');
  }
}
