/** The transports of a node that talks to a real network, by its configuration. */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { AcademyConfig } from '../runtime/config/academyConfig.js';
import type { Clock } from '../runtime/protocol/Clock.js';
import { AcademyError } from '../runtime/protocol/errors.js';
import { deriveKey, type NodeIdentity } from '../runtime/protocol/identity.js';
import type { Random } from '../runtime/protocol/Random.js';
import type { ReliableTransport } from '../runtime/protocol/Transport.js';
import { TransportFactory } from '../transports/TransportFactory.js';
import { TcpReliableTransport } from '../transports/tcp/TcpReliableTransport.js';
import { AcademyUDPTransport } from '../transports/udp/AcademyUDPTransport.js';
import { type GroupChannel, groupAddresses } from '../transports/udp/groupAddresses.js';

export interface NetworkParts {
  readonly config: AcademyConfig;
  readonly identity: NodeIdentity;
  /** Null in an open academy. */
  readonly secret: Uint8Array | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly warn: (message: string) => void;
}

export interface NodeNetwork {
  readonly factory: TransportFactory;
  readonly reliable: ReliableTransport;
  /** Address that others reach this node at, and that multicast leaves by. */
  readonly interfaceAddress: string;
  readonly groups: ReturnType<typeof groupAddresses>;
}

const loopback = '127.0.0.1';

/** @throws AcademyError ERR_ACADEMY_CONFIG_INVALID when the LAN is asked for and the machine has none */
export function networkTransports(parts: NetworkParts): NodeNetwork {
  const { config, identity, secret, clock, random, warn } = parts;
  const interfaceAddress = interfaceAddressOf(config);
  const groups = groupAddresses(config.academyId, config.preset === 'plan' ? 'plan' : 'academy', config.udp.port);
  const datagramKey = secret ? deriveKey(secret, config.academyId, 'datagram') : null;
  const factory = new TransportFactory();
  for (const channel of Object.keys(groups) as GroupChannel[]) {
    factory.register(
      new AcademyUDPTransport({
        ...groups[channel],
        ...(config.groups[channel] ? { multicastAddress: config.groups[channel] } : {}),
        channel,
        interfaceAddress,
        ttl: config.udp.ttl,
        receiveBufferBytes: config.udp.receiveBufferBytes,
        academyId: config.academyId,
        nodeId: identity.nodeId,
        step: config.udp.step,
        streams: {
          identity,
          datagramKey,
          random,
          ringBytes: config.udp.streamRingBytes,
          ...(config.udp.flowTag === undefined ? {} : { flowTag: config.udp.flowTag }),
        },
        clock,
        onWarning: warn,
      }),
    );
  }
  const reliable = new TcpReliableTransport({
    identity,
    academyId: config.academyId,
    connectionKey: secret ? deriveKey(secret, config.academyId, 'connection') : null,
    host: config.tcp.host ?? (interfaceAddress === loopback ? loopback : '0.0.0.0'),
    port: config.tcp.port,
    clock,
    random,
  });
  factory.register(reliable);
  return { factory, reliable, interfaceAddress, groups };
}

/** The address that multicast leaves by: of the named interface, of the first real one with `lan`, or loopback. */
export function interfaceAddressOf({ interface: wanted, lan }: AcademyConfig): string {
  if (wanted !== undefined && isIPv4(wanted)) return wanted;
  if (wanted === undefined && !lan) return loopback;
  const interfaces = networkInterfaces();
  const candidates = wanted === undefined ? Object.values(interfaces) : [interfaces[wanted]];
  const found = candidates
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && (wanted !== undefined || !internal));
  if (found) return found.address;
  const fault =
    wanted === undefined
      ? 'lan: this machine has no IPv4 address but loopback'
      : `interface: there is no "${wanted}" with IPv4`;
  throw new AcademyError('ERR_ACADEMY_CONFIG_INVALID', fault, {
    remedy: `name one of: ${Object.keys(interfaces).join(', ')}`,
  });
}
