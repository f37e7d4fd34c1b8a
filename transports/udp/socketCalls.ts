/**
 * The few system calls that Node's dgram has no name for, through koffi where it is installed and on Linux: sockets
 * with options of their own, which are then handed to dgram by their descriptor. Everything works without them, one
 * datagram a call.
 */
import { createRequire } from 'node:module';

/** `int32` options as setsockopt(2), socket(7) and udp(7) number them on Linux. */
const solSocket = 1;
const soReuseAddr = 2;
const soAttachFilter = 26;
const soReceiveBufferForce = 33;
const solUdp = 17;
const udpSegment = 103;
const udpGro = 104;
const afInet = 2;
/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
const datagramNonBlockingCloseOnExec = 2 | 0o4000 | 0o2000000;
const socketAddressBytes = 16;
const filterInstructionBytes = 8;

export interface SocketCalls {
  /**
   * A bound IPv4 datagram socket, not blocking.
   * @returns its descriptor, which is the caller's to close
   * @throws Error with the call that failed
   */
  boundSocket(host: string, port: number, reuseAddr: boolean): number;
  /** One send of several segments of this size leaves as that many datagrams (UDP_SEGMENT, udp(7)). @returns whether */
  sendSegments(descriptor: number, segmentBytes: number): boolean;
  /** Datagrams of one sender that came together are received together (UDP_GRO, udp(7)). @returns whether */
  receiveSegments(descriptor: number): boolean;
  /** A larger receive buffer than the system's limit; only an administrator may. @returns whether */
  forceReceiveBuffer(descriptor: number, bytes: number): boolean;
  /** The kernel drops what comes from that address, so that a node does not receive what it sends. @returns whether */
  dropFrom(descriptor: number, host: string, port: number): boolean;
}

interface Koffi {
  errno(): number;
  readonly os: { readonly errno: Readonly<Record<string, number>> };
  load(name: string): { func(signature: string): (...values: unknown[]) => number };
  struct(name: string, members: Readonly<Record<string, string>>): unknown;
}

let loaded: SocketCalls | null | undefined;

/** @returns null where there are no such calls: without koffi, and on other systems than Linux */
export function socketCalls(): SocketCalls | null {
  if (loaded === undefined) loaded = process.platform === 'linux' ? load() : null;
  return loaded;
}

function load(): SocketCalls | null {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    koffi.struct('academy_sock_fprog', { len: 'uint16', filter: 'void *' });
    return callsOf(loadLibc(koffi), () => faultOf(koffi));
  } catch {
    return null;
  }
}

/** glibc's name, then musl's. */
function loadLibc(koffi: Koffi): ReturnType<Koffi['load']> {
  try {
    return koffi.load('libc.so.6');
  } catch {
    return koffi.load(`libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`);
  }
}

/** What the last call failed with, as Node names it. */
function faultOf({ errno, os }: Koffi): string {
  const number = errno();
  return Object.keys(os.errno).find((name) => os.errno[name] === number) ?? `errno ${number}`;
}

function callsOf(libc: ReturnType<Koffi['load']>, fault: () => string): SocketCalls {
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
  const close = libc.func('int close(int fd)');
  const setOption = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
  const setFilter = libc.func(
    'int setsockopt(int fd, int level, int name, const academy_sock_fprog *program, uint32_t length)',
  );
  const setInt = (descriptor: number, level: number, name: number, value: number): boolean => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return setOption(descriptor, level, name, bytes, bytes.length) === 0;
  };
  return {
    boundSocket(host, port, reuseAddr) {
      const descriptor = socket(afInet, datagramNonBlockingCloseOnExec, 0);
      if (descriptor < 0) throw callError('socket', fault());
      if (reuseAddr) setInt(descriptor, solSocket, soReuseAddr, 1);
      if (bind(descriptor, socketAddress(host, port), socketAddressBytes) !== 0) {
        const code = fault();
        close(descriptor);
        throw callError(`bind ${host}:${port}`, code);
      }
      return descriptor;
    },
    sendSegments: (descriptor, segmentBytes) => setInt(descriptor, solUdp, udpSegment, segmentBytes),
    receiveSegments: (descriptor) => setInt(descriptor, solUdp, udpGro, 1),
    // The kernel doubles what is asked for, as it does with SO_RCVBUF.
    forceReceiveBuffer: (descriptor, bytes) => setInt(descriptor, solSocket, soReceiveBufferForce, bytes),
    dropFrom: (descriptor, host, port) =>
      setFilter(descriptor, solSocket, soAttachFilter, sourceFilter(host, port), 2 * 8) === 0,
  };
}

/** As Node's own system errors look. */
function callError(call: string, code: string): Error {
  return Object.assign(new Error(`${call} ${code}`), { code });
}

/** struct sockaddr_in */
function socketAddress(host: string, port: number): Buffer {
  const address = Buffer.alloc(socketAddressBytes);
  address.writeUInt16LE(afInet, 0);
  address.writeUInt16BE(port, 2);
  address.writeUInt32BE(addressNumber(host), 4);
  return address;
}

function addressNumber(host: string): number {
  return host.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** A classic BPF program (bpf(4) of BSD, socket(7)); a filter of a UDP socket sees the UDP header first. */
function sourceFilter(host: string, port: number): { len: number; filter: Buffer } {
  const loadHalf = 0x28;
  const loadWord = 0x20;
  const jumpIfEqual = 0x15;
  const accept = 0x06;
  /** SKF_NET_OFF plus the offset of the source in an IPv4 header. */
  const sourceAddress = 0xfff0_0000 + 12;
  const program: readonly (readonly [code: number, yes: number, no: number, value: number])[] = [
    [loadHalf, 0, 0, 0],
    [jumpIfEqual, 0, 3, port],
    [loadWord, 0, 0, sourceAddress],
    [jumpIfEqual, 0, 1, addressNumber(host)],
    [accept, 0, 0, 0],
    [accept, 0, 0, 0xffff_ffff],
  ];
  const filter = Buffer.alloc(program.length * filterInstructionBytes);
  program.forEach(([code, yes, no, value], index) => {
    const at = index * filterInstructionBytes;
    filter.writeUInt16LE(code, at);
    filter[at + 2] = yes;
    filter[at + 3] = no;
    filter.writeUInt32LE(value, at + 4);
  });
  return { len: program.length, filter };
}
