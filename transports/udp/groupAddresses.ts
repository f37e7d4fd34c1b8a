/**
 * Where the three groups of an academy are. By default they lie in 239.255.0.0/16, the block for local use (RFC 2365),
 * at a third byte taken from the academy's id, so that academies of one network mostly do not even hear each other;
 * the preset `plan` has the addresses and ports of the project's plan.
 */
import { createHash } from 'node:crypto';
import type { Channel } from '../../runtime/protocol/packet.js';

/** The UDP port that all groups and all nodes of a machine share; outside the ranges that systems hand out. */
export const academyUdpPort = 47_100;

export type GroupChannel = Exclude<Channel, 'reliable'>;
export type GroupPreset = 'academy' | 'plan';

/** How AcademyUDPTransport names what it does, as the plan has it. */
export type UdpMode = 'multicast' | 'broadcast' | 'genome_sharing';

export interface GroupAddress {
  readonly mode: UdpMode;
  readonly multicastAddress: string;
  readonly port: number;
  /** Only in the preset `plan`: the port on which genome announcements really travel. */
  readonly genomePort?: number;
}

/** @param port of the preset `academy`; `plan` has its own */
export function groupAddresses(
  academyId: string,
  preset: GroupPreset = 'academy',
  port: number = academyUdpPort,
): Readonly<Record<GroupChannel, GroupAddress>> {
  if (preset === 'plan') {
    return {
      training: { mode: 'multicast', multicastAddress: '224.1.1.1', port: 9000 },
      evolution: { mode: 'broadcast', multicastAddress: '224.1.1.2', port: 9001 },
      genome: { mode: 'genome_sharing', multicastAddress: '224.1.1.3', port: 9000, genomePort: 9002 },
    };
  }
  const third = createHash('sha256').update(academyId).digest().readUInt8(0);
  return {
    training: { mode: 'multicast', multicastAddress: `239.255.${third}.1`, port },
    evolution: { mode: 'broadcast', multicastAddress: `239.255.${third}.2`, port },
    genome: { mode: 'genome_sharing', multicastAddress: `239.255.${third}.3`, port },
  };
}
