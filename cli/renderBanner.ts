/** What a person is told when the node is there: who hears them, where the data live, how it ends. */
import type { AcademyNode, RoomStatus } from '../index.js';
import { packageVersion } from '../packageRoot.js';
import { groupAddresses } from './library.js';
import type { Output } from './Output.js';

export interface BannerOptions {
  readonly node: AcademyNode;
  readonly rooms: readonly RoomStatus[];
  /** Since the process began. */
  readonly readyMs: number;
  readonly style: Output['style'];
}

export function renderBanner({ node, rooms, readyMs, style }: BannerOptions): string {
  const others = node.nodes().filter(({ self }) => !self);
  const widest = Math.max(0, ...rooms.map(({ roomId }) => roomId.length));
  return [
    '',
    `${style('bold', `academy-mesh ${packageVersion()}`)}  node ${node.alias}, academy ${node.academyId}`,
    '',
    style('bold', 'Who hears you'),
    ...rooms.map((room) => `  ${room.roomId.padEnd(widest)}  ${hearers(room)}; ${consent(room)}`),
    `  ${reach(node)}`,
    others.length === 0
      ? '  No other node is here yet; who comes is told.'
      : `  Other nodes: ${others.map(({ alias, network }) => `${alias} (${network.host})`).join(', ')}`,
    style('bold', 'Where it lives'),
    `  ${node.dataFolder}`,
    style('bold', 'How to stop'),
    `  Ctrl-C, or: academy stop --data ${node.dataFolder}`,
    `ready in ${readyMs} ms`,
  ].join('\n');
}

function hearers({ members, remoteNodes }: RoomStatus): string {
  const names = members.filter(({ type }) => type !== 'system').map(({ name }) => name);
  return `${names.join(', ')}${remoteNodes.length > 0 ? ` on ${remoteNodes.length + 1} nodes` : ''}`;
}

function consent(room: RoomStatus): string {
  if (room.consent === 'local') return 'feedback stays on this node';
  return room.consent === 'academy'
    ? 'feedback goes to the academy'
    : 'feedback goes to the academy and may be exported';
}

/** How far a word can go, whoever listens. */
function reach(node: AcademyNode): string {
  const { config } = node;
  const own = node.nodes().find(({ self }) => self)?.network.host ?? '127.0.0.1';
  const who = config.open ? 'whoever reaches it may listen: there is no secret' : 'for members of the academy only';
  const far = own.startsWith('127.')
    ? 'nothing leaves this machine (--lan: the local network)'
    : 'this leaves the machine';
  return `Multicast ${groupsOf(config).join(', ')} on ${own}, ${who}; ${far}.`;
}

function groupsOf({ academyId, preset, udp, groups }: AcademyNode['config']): readonly string[] {
  const addresses = groupAddresses(academyId, preset === 'plan' ? 'plan' : 'academy', udp.port);
  const channels = ['training', 'evolution', 'genome'] as const;
  return channels.map(
    (channel) => `${groups[channel] ?? addresses[channel].multicastAddress}:${addresses[channel].port}`,
  );
}
