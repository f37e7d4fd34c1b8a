/**
 * One multicast group of an academy. Two kinds of datagrams share it: packets by themselves, `sent` when the kernel has
 * taken them and nothing more is known; and streams, which are in order, paced and repaired (stream/). Members share a
 * port (`reuseAddr`), several nodes of one machine included; a node does not hear itself.
 *
 * A node on the loopback interface ignores datagrams that come from another machine: Linux hands a group's datagrams to
 * every socket bound to it, whichever interface that socket has joined on.
 */
import { isIPv4 } from 'node:net';
import type { Clock } from '../../runtime/protocol/Clock.js';
import { AcademyError } from '../../runtime/protocol/errors.js';
import type { NodeId } from '../../runtime/protocol/identity.js';
import { limits } from '../../runtime/protocol/limits.js';
import { packetBytesAt } from '../../runtime/protocol/packet.js';
import type {
  ConsumeStream,
  OutgoingStream,
  OutgoingStreamOptions,
  StreamAddress,
  StreamingTransport,
} from '../../runtime/protocol/streams.js';
import type { PacketHandler, TransportSendResult, TransportStats } from '../../runtime/protocol/Transport.js';
import { failedSend, sendAfterStop, sendRefused, sendTooLarge } from '../failures.js';
import { sentToGroup } from '../sentToGroup.js';
import type { GroupChannel, UdpMode } from './groupAddresses.js';
import { SourceTable } from './SourceTable.js';
import { GroupStreams, type GroupStreamsStats, type StreamKeys } from './stream/GroupStreams.js';
import { isStreamDatagram } from './stream/streamDatagrams.js';
import { type LadderStep, UdpGroupSockets } from './UdpGroupSockets.js';

export interface AcademyUDPTransportOptions {
  /** As the plan names them: training data, persona events to all nodes, genome announcements. */
  readonly mode: UdpMode;
  /** @default the channel that belongs to the mode: training, evolution, genome */
  readonly channel?: GroupChannel;
  /** The name in the routing table. @default `academy-${channel}` */
  readonly name?: string;
  /** 1 to 65535, or 0 for any free port, which `port` then tells; members of a group need the same one. */
  readonly port: number;
  /** Within 224.0.0.0/4. */
  readonly multicastAddress: string;
  /** In mode `genome_sharing`, the port that is used instead of `port`. @default port */
  readonly genomePort?: number;
  /** Address of the interface that datagrams leave by and come in on. @default '127.0.0.1' */
  readonly interfaceAddress?: string;
  /** Routers that a datagram may pass, 0 to 255; 1 keeps it on the link. @default 1 */
  readonly ttl?: number;
  /** Whether other nodes of this machine may use the port. @default true */
  readonly reuseAddr?: boolean;
  readonly academyId: string;
  readonly nodeId: NodeId;
  /** Asked of the kernel, which may give less. @default 4 MB */
  readonly receiveBufferBytes?: number;
  /** Which step of the ladder; `auto` is the best that this machine has. @default 'auto' */
  readonly step?: LadderStep | 'auto';
  readonly streams?: StreamKeys;
  readonly clock: Clock;
  /** Told, while the transport is made or started, what works but is unwise. */
  readonly onWarning?: (message: string) => void;
}

export interface UdpTransportStats extends TransportStats {
  /** Errors that the socket reported by itself. */
  readonly socketErrors: number;
  /** Datagrams from other machines that a loopback node ignored. */
  readonly foreignDatagrams: number;
  readonly step: LadderStep | null;
  /** Null while the transport does not run, and without streams. */
  readonly streams: GroupStreamsStats | null;
}

const channelOfMode = { multicast: 'training', broadcast: 'evolution', genome_sharing: 'genome' } as const;
const defaultReceiveBufferBytes = 4 * 1024 * 1024;
/** Bytes given to dgram and not yet taken by the kernel; a sender that outruns it is refused, not buffered for ever. */
const unsentBytesMax = 4 * 1024 * 1024;
/**
 * Datagrams that may leave in one turn of the event loop before a send waits for the next turn. dgram sends at once and
 * calls back without a turn, so a loop that awaits its sends would never let anything be read; libuv reads 32 a turn.
 */
const sendsPerTurnMax = 32;
/** How long stop() waits for datagrams that the kernel has not taken yet. */
const drainDeadlineMs = 1_000;

export class AcademyUDPTransport implements StreamingTransport {
  readonly name: string;
  readonly channel: GroupChannel;
  readonly mode: UdpMode;
  readonly academyId: string;
  readonly nodeId: NodeId;
  readonly multicastAddress: string;
  readonly interfaceAddress: string;
  readonly packetBytesMax = limits.datagramBytesMax;
  readonly #options: AcademyUDPTransportOptions;
  readonly #askedPort: number;
  readonly #sources: SourceTable;
  /** Results by size: a datagram that left allocates no result of its own. */
  readonly #results: TransportSendResult[] = [];
  #consume: ConsumeStream = () => null;
  #sockets: UdpGroupSockets | null = null;
  #streams: GroupStreams | null = null;
  #unsentBytes = 0;
  #sendsThisTurn = 0;
  #drained: (() => void) | null = null;
  #packetsSent = 0;
  #bytesSent = 0;
  #packetsReceived = 0;
  #bytesReceived = 0;
  #sendErrors = 0;
  /** Of sockets that are closed. */
  #past = { socketErrors: 0, foreignDatagrams: 0 };

  /** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID naming the option */
  constructor(options: AcademyUDPTransportOptions) {
    checkOptions(options);
    this.#options = options;
    this.mode = options.mode;
    this.channel = options.channel ?? channelOfMode[options.mode];
    this.name = options.name ?? `academy-${this.channel}`;
    this.academyId = options.academyId;
    this.nodeId = options.nodeId;
    this.multicastAddress = options.multicastAddress;
    this.interfaceAddress = options.interfaceAddress ?? '127.0.0.1';
    this.#askedPort = options.mode === 'genome_sharing' ? (options.genomePort ?? options.port) : options.port;
    this.#sources = new SourceTable(this.name);
    if (!options.multicastAddress.startsWith('239.')) {
      options.onWarning?.(
        `${this.name}: ${options.multicastAddress} is outside 239.0.0.0/8, the block for private groups`,
      );
    }
  }

  /** The port in use; 0 while the transport does not run. */
  get port(): number {
    return this.#sockets?.port ?? 0;
  }

  /** What the kernel gave to the receive buffer, in bytes (Linux reports twice what it uses for data). */
  get receiveBufferBytes(): number {
    return this.#sockets?.receiveBufferBytes ?? 0;
  }

  async start(handler: PacketHandler): Promise<void> {
    if (this.#sockets) throw new AcademyError('ERR_ACADEMY_TRANSPORT_START', `${this.name} is running already`);
    const { ttl, step, reuseAddr, receiveBufferBytes, onWarning } = this.#options;
    const sockets = await UdpGroupSockets.open({
      name: this.name,
      multicastAddress: this.multicastAddress,
      port: this.#askedPort,
      interfaceAddress: this.interfaceAddress,
      ...(ttl === undefined ? {} : { ttl }),
      ...(step === undefined ? {} : { step }),
      ...(reuseAddr === undefined ? {} : { reuseAddr }),
      receiveBufferBytes: receiveBufferBytes ?? defaultReceiveBufferBytes,
      ...(onWarning ? { onWarning } : {}),
    });
    this.#sockets = sockets;
    const { streams, clock } = this.#options;
    this.#streams = streams ? new GroupStreams(sockets, streams, clock, (source) => this.#consume(source)) : null;
    sockets.onGroupMessage((bytes, from) => this.#receive(bytes, from, handler));
    sockets.onDirectMessage((bytes, from) => this.#streams?.receiveDirect(bytes, from));
  }

  async stop(): Promise<void> {
    const sockets = this.#sockets;
    if (!sockets) return;
    this.#streams?.stop();
    this.#streams = null;
    this.#sockets = null;
    if (this.#unsentBytes > 0) await this.#drain();
    await sockets.close();
    const { socketErrors, foreignMessages } = sockets.stats();
    this.#past = {
      socketErrors: this.#past.socketErrors + socketErrors,
      foreignDatagrams: this.#past.foreignDatagrams + foreignMessages,
    };
    this.#sources.clear();
  }

  openStream(options: OutgoingStreamOptions): OutgoingStream {
    if (this.#streams) return this.#streams.open(options);
    const why = this.#options.streams ? 'is not running' : 'has no streams';
    throw new AcademyError('ERR_ACADEMY_NODE_STOPPED', `${this.name} ${why}`);
  }

  onStream(consume: ConsumeStream): void {
    this.#consume = consume;
  }

  /**
   * Sends one datagram to the group; `nodes` is ignored, since a group has no addressees. The bytes must stay as they
   * are until it resolves. Fails with ERR_ACADEMY_PACKET_TOO_LARGE above `packetBytesMax`: the mesh then goes by TCP.
   */
  send(packet: Uint8Array, _nodes?: readonly NodeId[]): Promise<TransportSendResult> {
    const sockets = this.#sockets;
    const bytes = packet.length;
    if (!sockets) return this.#refuse(sendAfterStop(this.name));
    if (bytes > this.packetBytesMax) return this.#refuse(sendTooLarge(this.name, bytes, this.packetBytesMax));
    if (this.#unsentBytes + bytes > unsentBytesMax) {
      return this.#refuse(failedSend(sendRefused, `${this.name}: the kernel takes datagrams slower than they come`));
    }
    this.#unsentBytes += bytes;
    return new Promise((resolve) => {
      sockets.sendToGroup([asBuffer(packet)], bytes, (error) => {
        this.#unsentBytes -= bytes;
        if (error) this.#sendErrors += 1;
        else {
          this.#packetsSent += 1;
          this.#bytesSent += bytes;
        }
        const result = error ? failedSend(sendRefused, `${this.name}: ${error.message}`) : this.#sentResult(bytes);
        if (this.#isTurnFull()) setImmediate(resolve, result);
        else resolve(result);
        if (this.#unsentBytes === 0) this.#drained?.();
      });
    });
  }

  stats(): UdpTransportStats {
    const now = this.#sockets?.stats();
    return {
      packetsSent: this.#packetsSent,
      bytesSent: this.#bytesSent,
      packetsReceived: this.#packetsReceived,
      bytesReceived: this.#bytesReceived,
      sendErrors: this.#sendErrors,
      socketErrors: this.#past.socketErrors + (now?.socketErrors ?? 0),
      foreignDatagrams: this.#past.foreignDatagrams + (now?.foreignMessages ?? 0),
      step: now?.step ?? null,
      streams: this.#streams?.stats() ?? null,
    };
  }

  /** One message: datagrams of streams, and packets; what one node sends at a time may have been received together. */
  #receive(bytes: Buffer, from: StreamAddress, handler: PacketHandler): void {
    let at = 0;
    while (at < bytes.length) {
      const isStream = isStreamDatagram(bytes, at, bytes.length);
      at = isStream ? this.#receiveStream(bytes, from, at) : this.#receivePacket(bytes, from, at, handler);
    }
  }

  #receiveStream(bytes: Buffer, from: StreamAddress, at: number): number {
    return this.#streams ? this.#streams.receiveFromGroup(bytes, from, at) : bytes.length;
  }

  #receivePacket(bytes: Buffer, { host, port }: StreamAddress, at: number, handler: PacketHandler): number {
    const end = Math.min(bytes.length, at + packetBytesAt(bytes, at));
    this.#packetsReceived += 1;
    this.#bytesReceived += end - at;
    handler(bytes.subarray(at, end), this.#sources.of(host, port));
    return end;
  }

  #sentResult(bytes: number): TransportSendResult {
    this.#results[bytes] ??= sentToGroup(this.channel, bytes);
    return this.#results[bytes];
  }

  #isTurnFull(): boolean {
    this.#sendsThisTurn += 1;
    if (this.#sendsThisTurn === 1) {
      setImmediate(() => {
        this.#sendsThisTurn = 0;
      });
    }
    return this.#sendsThisTurn >= sendsPerTurnMax;
  }

  #refuse(result: TransportSendResult): Promise<TransportSendResult> {
    this.#sendErrors += 1;
    return Promise.resolve(result);
  }

  /** Until the kernel has taken all, or the deadline passes (an interface that went down takes nothing). */
  #drain(): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(() => this.#drained?.(), drainDeadlineMs);
      this.#drained = () => {
        clock.clearTimeout(timer);
        this.#drained = null;
        resolve();
      };
    });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function checkOptions(options: AcademyUDPTransportOptions): void {
  const { mode, port, genomePort, multicastAddress, interfaceAddress, ttl, receiveBufferBytes } = options;
  check(Object.hasOwn(channelOfMode, mode), 'mode', mode, 'multicast, broadcast or genome_sharing');
  check(isWhole(port, 0, 65_535), 'port', port, 'a whole number from 1 to 65535, or 0 for any free port');
  check(isWhole(genomePort ?? 0, 0, 65_535), 'genomePort', genomePort, 'a whole number from 0 to 65535');
  check(isMulticast(multicastAddress), 'multicastAddress', multicastAddress, 'an address within 224.0.0.0/4');
  check(isIPv4(interfaceAddress ?? '127.0.0.1'), 'interfaceAddress', interfaceAddress, 'an IPv4 address');
  check(isWhole(ttl ?? 1, 0, 255), 'ttl', ttl, 'a whole number from 0 to 255');
  const asked = receiveBufferBytes ?? defaultReceiveBufferBytes;
  check(
    isWhole(asked, 1, 2 ** 31 - 1),
    'receiveBufferBytes',
    receiveBufferBytes,
    'a whole number of bytes below 2 GiB',
  );
}

function check(holds: boolean, option: string, value: unknown, wanted: string): void {
  if (holds) return;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', `udp.${option}: ${JSON.stringify(value)} is not ${wanted}`, {
    remedy: `set udp.${option} to ${wanted}`,
  });
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function isMulticast(address: string): boolean {
  const first = Number(address.split('.')[0]);
  return isIPv4(address) && first >= 224 && first <= 239;
}
