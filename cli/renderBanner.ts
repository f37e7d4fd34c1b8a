/** What a person is told when the node is there: who hears them, where the data live, how it ends. */
import { networkInterfaces } from 'node:os';
import type { AcademyNode, RoomStatus } from '../index.js';
import type { Output } from './Output.js';
import { packageVersion } from './packageRoot.js';

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
      ? '  No other node is here yet.'
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
function reach({ config }: AcademyNode): string {
  const secret = config.open ? 'without a secret: anybody there may listen' : 'for members of the academy only';
  if (config.interface !== undefined) return `The network interface ${config.interface}, ${secret}.`;
  if (config.lan) return `The local network (${lanAddress()}), ${secret}.`;
  return `Nodes on this machine (${secret}); nothing leaves it. With --lan it does.`;
}

function lanAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'no address';
}
