/**
 * A multicast group on two long-lived dgram sockets: one that hears the group, and one that sends and is answered. They
 * are on the best step of the ladder that this machine has: with segment offload a run of datagrams leaves and arrives
 * in one system call; plain, each datagram has its own. What is promised is the same on each.
 *
 * On Linux and macOS the socket is bound to the group's address, so that it hears its own group only; elsewhere a group
 * address cannot be bound, and groups are told apart by what the datagrams say.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { AcademyError } from '../../runtime/protocol/errors.js';
import { limits } from '../../runtime/protocol/limits.js';
import type { StreamAddress } from '../../runtime/protocol/streams.js';
import { startError } from '../failures.js';
import { type SocketCalls, socketCalls } from './socketCalls.js';
import type { StreamMessageHandler, StreamNetwork } from './stream/StreamNetwork.js';

export const ladderSteps = ['segment-offload', 'plain'] as const;
export type LadderStep = (typeof ladderSteps)[number];

export interface UdpGroupSocketsOptions {
  /** For errors and warnings. */
  readonly name: string;
  readonly multicastAddress: string;
  /** Members share it; 0 takes a free one, which `port` then tells. */
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly interfaceAddress?: string;
  /** @default 1 */
  readonly ttl?: number;
  /** Whether other nodes of this machine may use the port. @default true */
  readonly reuseAddr?: boolean;
  /** `auto` takes the first step that works here. @default 'auto' */
  readonly step?: LadderStep | 'auto';
  /** Asked of the kernel, which may give less. @default 4 MB */
  readonly receiveBufferBytes?: number;
  /** @default limits.datagramBytesMax */
  readonly slotBytes?: number;
  /** Told what works but is less than was asked for. */
  readonly onWarning?: (message: string) => void;
}

export interface UdpGroupSocketsStats {
  readonly step: LadderStep;
  readonly receiveBufferBytes: number;
  readonly receiveSlots: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly sends: number;
  readonly sendErrors: number;
  readonly socketErrors: number;
  readonly foreignMessages: number;
  /** Datagrams of this node's own; none where the kernel keeps them from it. */
  readonly ownEchoes: number;
  /** Whether the kernel does. */
  readonly echoFiltered: boolean;
}

/**
 * The length of a UDP datagram over IPv4 ends at 65,507 bytes; the kernel cuts no more than 64 segments.
 * A run has no more slots than fit both.
 */
const datagramBytesMax = 65_507;
const segmentsMax = 64;
/** What Linux charges a receive buffer for a datagram of 1400 bytes. */
const chargedBytes = 2_304;
/** The rest of the buffer is for datagrams that no window counts: repairs, setups, heartbeats. */
const windowShare = 3 / 4;
const defaultReceiveBufferBytes = 4 * 1024 * 1024;
/**
 * Beyond, a window costs more than it brings: what is under way no longer fits a core's cache (2730 slots carried 0.8
 * million signals a second, 1024 carried 1.25 million), and a repair waits behind all of it.
 */
const receiveSlotsMax = 1_024;
const canBindGroups = process.platform === 'linux' || process.platform === 'darwin';

export class UdpGroupSockets implements StreamNetwork {
  readonly multicastAddress: string;
  readonly interfaceAddress: string;
  readonly step: LadderStep;
  readonly receiveSlots: number;
  readonly port: number;
  readonly #group: Socket;
  readonly #direct: Socket;
  /** What the kernel gave, in bytes (Linux reports twice what it uses for data). */
  readonly receiveBufferBytes: number;
  readonly #echoFiltered: boolean;
  readonly #endOffload: () => void;
  #isClosed = false;
  readonly #runSlotsOffloaded: number;
  #offloads: boolean;
  #messagesReceived = 0;
  #bytesReceived = 0;
  #sends = 0;
  #sendErrors = 0;
  #socketErrors = 0;
  #foreignMessages = 0;
  #ownEchoes = 0;

  private constructor(options: UdpGroupSocketsOptions, sockets: OpenSockets) {
    this.multicastAddress = options.multicastAddress;
    this.interfaceAddress = options.interfaceAddress ?? '127.0.0.1';
    this.step = sockets.step;
    this.#group = sockets.group;
    this.#direct = sockets.direct;
    this.#echoFiltered = sockets.echoFiltered;
    this.#endOffload = sockets.endOffload;
    this.port = sockets.group.address().port;
    this.#offloads = sockets.step === 'segment-offload';
    const slotBytes = options.slotBytes ?? limits.datagramBytesMax;
    this.#runSlotsOffloaded = Math.min(segmentsMax, Math.floor(datagramBytesMax / slotBytes));
    this.receiveBufferBytes = sockets.group.getRecvBufferSize();
    this.receiveSlots = Math.min(receiveSlotsMax, Math.floor((this.receiveBufferBytes * windowShare) / chargedBytes));
    for (const socket of [this.#group, this.#direct]) {
      socket.on('error', () => {
        this.#socketErrors += 1;
      });
    }
  }

  /** @throws AcademyError ERR_ACADEMY_TRANSPORT_START or ERR_ACADEMY_PORT_IN_USE; also when a forced step is not there */
  static async open(options: UdpGroupSocketsOptions): Promise<UdpGroupSockets> {
    const { step = 'auto' } = options;
    const calls = step === 'plain' ? null : socketCalls();
    try {
      if (calls) {
        const offloaded = await openOffloaded(options, calls);
        if (offloaded) return new UdpGroupSockets(options, offloaded);
      }
      if (step !== 'segment-offload') return new UdpGroupSockets(options, await openPlain(options));
    } catch (cause) {
      if (cause instanceof AcademyError) throw cause;
      const { multicastAddress, port, interfaceAddress = '127.0.0.1' } = options;
      throw startError(options.name, `udp ${multicastAddress}:${port} on ${interfaceAddress}`, cause);
    }
    throw new AcademyError('ERR_ACADEMY_TRANSPORT_START', 'this machine has no UDP segment offload', {
      remedy: 'use the step "auto" or "plain"; offload needs Linux 5.0 or newer and the optional package koffi',
    });
  }

  get runSlotsMax(): number {
    return this.#offloads ? this.#runSlotsOffloaded : 1;
  }

  /** Where answers reach this node. */
  get address(): StreamAddress {
    const { address, port } = this.#direct.address();
    return { host: address, port };
  }

  sendToGroup(pieces: readonly Buffer[], slotBytes: number, done: (fault: Error | null) => void): void {
    if (this.#isClosed) return done(new Error('the sockets are closed'));
    if (!this.#offloads && bytesOf(pieces) > slotBytes) return this.#sendSingly(pieces, slotBytes, done);
    this.#sends += 1;
    const only = pieces.length === 1 ? (pieces[0] as Buffer) : pieces;
    this.#direct.send(only as Buffer, this.port, this.multicastAddress, (fault) => {
      if (!fault) return done(null);
      // Further sends of segments were under way when the first one failed.
      const wereSegments = isOffloadFault(fault) && bytesOf(pieces) > slotBytes;
      if (this.#stepsDown(fault) || wereSegments) return this.#sendSingly(pieces, slotBytes, done);
      this.#sendErrors += 1;
      done(fault);
    });
  }

  sendTo({ host, port }: StreamAddress, datagram: Buffer): void {
    if (this.#isClosed) return;
    this.#sends += 1;
    this.#direct.send(datagram, port, host, (fault) => {
      if (!fault) return;
      this.#sendErrors += 1;
      this.#stepsDown(fault);
    });
  }

  onGroupMessage(handler: StreamMessageHandler): void {
    const own = this.address;
    const receive = this.#receiver(handler);
    this.#group.on('message', (bytes, from) => {
      if (from.port === own.port && from.address === own.host) this.#ownEchoes += 1;
      else receive(bytes, from);
    });
  }

  onDirectMessage(handler: StreamMessageHandler): void {
    this.#direct.on('message', this.#receiver(handler));
  }

  atEndOfTurn(callback: () => void): void {
    setImmediate(callback);
  }

  stats(): UdpGroupSocketsStats {
    return {
      step: this.#offloads ? 'segment-offload' : 'plain',
      receiveBufferBytes: this.receiveBufferBytes,
      receiveSlots: this.receiveSlots,
      messagesReceived: this.#messagesReceived,
      bytesReceived: this.#bytesReceived,
      sends: this.#sends,
      sendErrors: this.#sendErrors,
      socketErrors: this.#socketErrors,
      foreignMessages: this.#foreignMessages,
      ownEchoes: this.#ownEchoes,
      echoFiltered: this.#echoFiltered,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      [this.#group, this.#direct].map((socket) => new Promise<void>((closed) => socket.close(() => closed()))),
    );
  }

  #receiver(handler: StreamMessageHandler): (bytes: Buffer, from: RemoteInfo) => void {
    const loopbackOnly = this.interfaceAddress.startsWith('127.');
    return (bytes, from) => {
      // Nobody can be answered at port 0, and dgram throws when it is tried.
      if (from.port === 0 || (loopbackOnly && !from.address.startsWith('127.'))) {
        this.#foreignMessages += 1;
        return;
      }
      this.#messagesReceived += 1;
      this.#bytesReceived += bytes.length;
      handler(bytes, { host: from.address, port: from.port });
    };
  }

  /**
   * Whether the device cannot cut segments after all (it lacks checksum offload, or its packets are too small for them;
   * udp(7)): from now on each slot goes by itself.
   */
  #stepsDown(fault: Error): boolean {
    if (!this.#offloads || !isOffloadFault(fault)) return false;
    this.#offloads = false;
    this.#endOffload();
    return true;
  }

  #sendSingly(pieces: readonly Buffer[], slotBytes: number, done: (fault: Error | null) => void): void {
    const slots = pieces.flatMap((piece) =>
      Array.from({ length: Math.ceil(piece.length / slotBytes) }, (_, index) =>
        piece.subarray(index * slotBytes, Math.min(piece.length, (index + 1) * slotBytes)),
      ),
    );
    let left = slots.length;
    for (const slot of slots) {
      this.sendToGroup([slot], slotBytes, (fault) => {
        left -= 1;
        if (left === 0) done(fault);
      });
    }
  }
}

function bytesOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** What a send of segments fails with where the device or the path cannot take them. */
const offloadFaults: ReadonlySet<string> = new Set(['EIO', 'EINVAL', 'EMSGSIZE']);

function isOffloadFault(fault: Error): boolean {
  return offloadFaults.has((fault as NodeJS.ErrnoException).code ?? '');
}

interface OpenSockets {
  readonly step: LadderStep;
  readonly group: Socket;
  readonly direct: Socket;
  readonly echoFiltered: boolean;
  /** Lets single datagrams leave again as they are. */
  readonly endOffload: () => void;
}

async function openPlain(options: UdpGroupSocketsOptions): Promise<OpenSockets> {
  const { multicastAddress, port, receiveBufferBytes = defaultReceiveBufferBytes } = options;
  const group = newSocket(options.reuseAddr ?? true);
  const direct = newSocket(false);
  try {
    await listening(group, { port, address: canBindGroups ? multicastAddress : '0.0.0.0', exclusive: true });
    await listening(direct, { port: 0, address: options.interfaceAddress ?? '127.0.0.1', exclusive: true });
    configure(options, group, direct);
    enlarge(group, receiveBufferBytes, options);
  } catch (fault) {
    closeAll(group, direct);
    throw fault;
  }
  return { step: 'plain', group, direct, echoFiltered: false, endOffload: () => {} };
}

/** @returns null when the kernel knows no offload */
async function openOffloaded(options: UdpGroupSocketsOptions, calls: SocketCalls): Promise<OpenSockets | null> {
  const { multicastAddress, receiveBufferBytes = defaultReceiveBufferBytes } = options;
  const { interfaceAddress = '127.0.0.1', slotBytes = limits.datagramBytesMax } = options;
  const group = newSocket(options.reuseAddr ?? true);
  const direct = newSocket(false);
  try {
    const groupDescriptor = calls.boundSocket(multicastAddress, options.port, options.reuseAddr ?? true);
    await listening(group, { fd: groupDescriptor });
    const directDescriptor = calls.boundSocket(interfaceAddress, 0, false);
    await listening(direct, { fd: directDescriptor });
    if (!calls.receiveSegments(groupDescriptor) || !calls.sendSegments(directDescriptor, slotBytes)) {
      closeAll(group, direct);
      return null;
    }
    configure(options, group, direct);
    if (!calls.forceReceiveBuffer(groupDescriptor, receiveBufferBytes)) enlarge(group, receiveBufferBytes, options);
    const echoFiltered = calls.dropFrom(groupDescriptor, interfaceAddress, direct.address().port);
    const endOffload = (): void => {
      calls.sendSegments(directDescriptor, 0);
    };
    return { step: 'segment-offload', group, direct, echoFiltered, endOffload };
  } catch (fault) {
    closeAll(group, direct);
    throw fault;
  }
}

function newSocket(reuseAddr: boolean): Socket {
  // Addresses are literal: dgram's own look-up would put every send off to another tick.
  return createSocket({ type: 'udp4', reuseAddr, lookup: (host, _options, callback) => callback(null, host, 4) });
}

function listening(socket: Socket, where: Parameters<Socket['bind']>[0] & object): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.bind(where);
  });
}

function configure(
  { multicastAddress, interfaceAddress = '127.0.0.1', ttl = 1 }: UdpGroupSocketsOptions,
  group: Socket,
  direct: Socket,
): void {
  group.addMembership(multicastAddress, interfaceAddress);
  direct.setMulticastInterface(interfaceAddress);
  direct.setMulticastTTL(ttl);
  direct.setMulticastLoopback(true);
}

/** What the kernel refuses is seen in what it has given, and the window is made to fit. */
function enlarge(socket: Socket, bytes: number, { name, onWarning }: UdpGroupSocketsOptions): void {
  try {
    socket.setRecvBufferSize(bytes);
  } catch (fault) {
    onWarning?.(`${name}: the receive buffer stays as it is: ${(fault as Error).message}`);
  }
}

function closeAll(...sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    try {
      socket.close();
    } catch {
      // It was never bound.
    }
  }
}
